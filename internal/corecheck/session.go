package corecheck

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TIDs of the requests that are sent. An order without a field is one that no core can carry out.
const (
	tidOrder   ftd.TID = 0x00000003
	tidUnknown ftd.TID = 0x00007FFE
)

var utc8 = time.FixedZone("UTC+8", 8*60*60)

// session is one of a front's terminals.
type session struct {
	f       *front
	id      int32
	user    string
	record  string
	number  uint32
	verdict *frame // the answer to SessionVerify
}

// session numbers a new session; nothing is sent.
func (f *front) session() *session {
	f.p.lastSession++
	return f.numbered(f.p.lastSession)
}

// numbered is a session whose number another process of the front may have had.
func (f *front) numbered(id int32) *session {
	f.mu.Lock()
	f.sessions[id] = false
	f.mu.Unlock()
	return &session{f: f, id: id, record: uuid.NewString()}
}

// flows notes that from now on flows may come.
func (s *session) flows() {
	s.f.mu.Lock()
	s.f.sessions[s.id] = true
	s.f.mu.Unlock()
}

func (s *session) tag() ftd.SessionTag { return ftd.SessionTag{FrontID: s.f.id, SessionID: s.id} }

func (s *session) mine(g *frame) bool { return g.tagged && g.tag == s.tag() }

// verifyFrame is SessionVerify.
func (s *session) verifyFrame(user, password string) ([]byte, error) {
	s.user = user
	e := ftd.BeginSession(nil, ftd.TIDSessionVerify, s.tag())
	e.LoginRequest(&ftd.LoginRequest{
		BrokerID: []byte(s.f.p.BrokerID), UserID: []byte(user), Password: []byte(password), HeartbeatSeconds: 30,
	})
	e.SessionContext(&ftd.SessionContext{
		AppID: []byte(s.f.p.AppID), AppType: '1', PublicIP: []byte("192.0.2.7"), PublicPort: 50000 + int(s.id)%10000,
		Instant: []byte(time.Now().In(utc8).Format(time.DateTime)),
	})
	return e.End()
}

// ask sends SessionVerify.
func (s *session) ask(user, password string) error {
	wire, err := s.verifyFrame(user, password)
	if err != nil {
		return err
	}
	return s.f.send(wire)
}

// answer waits for the one to SessionVerify.
func (s *session) answer() (*frame, error) {
	return s.f.wait("the answer to SessionVerify", func(g *frame) bool { return s.mine(g) && g.header.TID == ftd.TIDSessionVerify })
}

// verify asks and wants to be let in.
func (s *session) verify(user, password string) error {
	if err := s.ask(user, password); err != nil {
		return err
	}
	g, err := s.answer()
	if err != nil {
		return err
	}
	s.verdict = g
	code, err := g.code()
	switch {
	case err != nil:
		return err
	case code != 0:
		return fmt.Errorf("the right password of account %s was answered by %v", user, g)
	case !g.has(ftd.FIDVerifyResult):
		return errors.New("the answer has Error 0 and no VerifyResult")
	}
	return nil
}

// open sends SessionOpen.
func (s *session) open(resume ...ftd.Point) error {
	now := time.Now().In(utc8)
	e := ftd.BeginSession(nil, ftd.TIDSessionOpen, s.tag())
	e.SessionRecord(&ftd.SessionRecord{
		RecordID: []byte(s.record), LoginTime: []byte(now.Format(time.DateTime)),
		TradingDay: s.f.accept.TradingDay, AbnormalFlag: '0',
	})
	if len(resume) > 0 {
		var p ftd.ResumePoints
		p.Count = copy(p.Points[:], resume)
		e.ResumePoints(&p)
	}
	s.flows()
	return s.f.sendMessage(&e)
}

// logIn verifies the account and opens the session.
func (f *front) logIn(resume ...ftd.Point) (*session, error) {
	s := f.session()
	if err := s.verify(f.p.Account, f.p.Password); err != nil {
		return nil, err
	}
	return s, s.open(resume...)
}

// finish sends SessionAbort or SessionClose.
func (s *session) finish(tid ftd.TID, why ftd.ReasonCode, text string) error {
	e := ftd.BeginSession(nil, tid, s.tag())
	e.Reason(&ftd.Reason{Code: why, Text: []byte(text)})
	return s.f.sendMessage(&e)
}

func (s *session) logOut() error {
	return s.finish(ftd.TIDSessionClose, ftd.ReasonLogout, "logged out")
}

// request sends a business request with the next number.
func (s *session) request(tid ftd.TID, fields func(*ftd.Encoder)) error {
	s.number++
	e := ftd.BeginSession(nil, tid, s.tag())
	e.Sequence(0, s.number)
	if fields != nil {
		fields(&e)
	}
	if err := s.spend(); err != nil {
		return err
	}
	return s.f.sendMessage(&e)
}

// spend takes one of the front's credit, and waits for it if there is none.
func (s *session) spend() error {
	f := s.f
	for deadline := time.Now().Add(f.p.Timeout); ; {
		f.mu.Lock()
		ok := f.credit != 0
		if f.credit > 0 {
			f.credit--
		}
		f.mu.Unlock()
		if ok {
			return nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("no credit: no LinkCredit came within %v", f.p.Timeout)
		}
		// A LinkCredit has been added when it comes out of the channel.
		if _, err := f.within(left, func(g *frame) bool { return g.header.TID == ftd.TIDLinkCredit }); err != nil {
			return fmt.Errorf("no credit: %w", err)
		}
	}
}

// reply waits for the answer to the request with that number.
func (s *session) reply(tid ftd.TID, number uint32) (*frame, error) {
	return s.f.wait(fmt.Sprintf("the answer to request %d", number), func(g *frame) bool {
		return s.mine(g) && g.header.SequenceSeries == 0 && g.header.SequenceNumber == number &&
			(g.header.TID == tid || g.header.TID == ftd.TIDError)
	})
}

// trade sends an order that cannot be carried out and waits for its answer.
func (s *session) trade() error {
	if err := s.request(tidOrder, nil); err != nil {
		return err
	}
	_, err := s.reply(tidOrder, s.number)
	return err
}
