package corecheck

import (
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/bubblenet"
)

// scripted is a small core that keeps every rule, but the one that fault names.
type scripted struct {
	fault    string
	credit   int32
	instance string

	mu       sync.Mutex
	peers    map[ftd.SessionTag]*peer // of the sessions that were verified
	refused  map[ftd.SessionTag]bool
	changed  bool // the restricted account has another password, and is restricted no longer
	open     map[ftd.SessionTag]bool
	requests uint32
	records  map[string]bool
	visits   map[ftd.SessionTag][]visit // that were told, behind an operator
	told     map[visit]bool             // ever
	conns    map[net.Conn]bool
	done     sync.WaitGroup
}

const (
	testAccount, testPassword     = "88888888", "Secret123"
	testRestricted, testFirstTime = "77777777", "Initial00"
	testRenewed                   = "Renewed00"
	testOperator, testOperators   = "66666666", "Secret456"
	testCustomer                  = "80001"
	testSeries                    = 1001
	testHistory                   = 9
	accountBound                  = 12 // sessions of one account
)

// serve makes the core listen and returns where.
func serve(t *testing.T, fault string, credit int32) *bubblenet.Listener {
	t.Helper()
	l := bubblenet.Listen()
	c := &scripted{
		fault: fault, credit: credit, instance: uuid.NewString(), peers: map[ftd.SessionTag]*peer{}, refused: map[ftd.SessionTag]bool{},
		open: map[ftd.SessionTag]bool{}, records: map[string]bool{}, visits: map[ftd.SessionTag][]visit{}, told: map[visit]bool{}, conns: map[net.Conn]bool{},
	}
	c.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.conns[conn] = true
			c.mu.Unlock()
			c.done.Go(func() { c.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.mu.Lock()
		for conn := range c.conns {
			_ = conn.Close()
		}
		c.mu.Unlock()
		c.done.Wait()
	})
	return l
}

// peer is one front's link.
type peer struct {
	c       *scripted
	conn    net.Conn
	front   int32
	process string
	used    int32
	begun   uint32 // the number of the message in parts that has not ended

	broadcasts uint32
}

var errEnd = errors.New("the core ends the link")

func (c *scripted) talk(conn net.Conn) {
	p := &peer{c: c, conn: conn}
	if c.fault == "core_waits" {
		p.write(ftd.AppendHeartbeat(nil))
	}
	p.loop()
	c.mu.Lock()
	if c.fault != "front_gone" {
		c.end(func(tag ftd.SessionTag, of *peer) bool {
			return of == p || c.fault == "process_by_front" && tag.FrontID == p.front
		})
	}
	delete(c.conns, conn)
	c.mu.Unlock()
	_ = conn.Close()
}

// end forgets the sessions that are over.
func (c *scripted) end(over func(tag ftd.SessionTag, of *peer) bool) {
	for tag, of := range c.peers {
		if over(tag, of) {
			delete(c.peers, tag)
			delete(c.open, tag)
		}
	}
}

// loop reads frames, and sends a heartbeat every half second.
func (p *peer) loop() {
	const every, dead = 500 * time.Millisecond, 3 * time.Second
	buf, beat, heard := make([]byte, 0, 64<<10), time.Now(), time.Now()
	for {
		_ = p.conn.SetReadDeadline(beat.Add(every))
		n, err := p.conn.Read(buf[len(buf):cap(buf)])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if beat = time.Now(); p.process != "" {
				p.beat()
			}
			if time.Since(heard) >= dead && p.c.fault != "front_silent" {
				return
			}
			continue
		}
		heard = time.Now()
		if err != nil {
			return
		}
		if buf, err = p.frames(buf[:len(buf)+n]); err != nil {
			return
		}
	}
}

func (p *peer) beat() {
	switch p.c.fault {
	case "heartbeat":
	case "broadcasts instead":
		e := ftd.Begin(nil, 0x1002)
		p.broadcasts++
		e.Sequence(1, p.broadcasts)
		wire, _ := e.End()
		p.write(ftd.AppendBroadcast(nil, ftd.AudienceFront, wire[ftd.FrameHeaderLen:]))
	default:
		p.write(ftd.AppendHeartbeat(nil))
	}
}

func (p *peer) frames(buf []byte) ([]byte, error) {
	for {
		f, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
		switch {
		case err != nil && p.c.fault == "oversize_frame":
			return buf, nil
		case err != nil:
			return nil, err
		case n == 0 && len(buf) > 0 && p.c.fault == "frame_pieces":
			return nil, errEnd
		case n == 0:
			return buf, nil
		}
		if err := p.frame(f); err != nil {
			return nil, err
		}
		buf = buf[:copy(buf, buf[n:])]
		if p.c.fault == "frames_at_once" {
			return buf[:0], nil
		}
	}
}

func (p *peer) frame(raw ftd.Frame) error {
	if raw.Type != ftd.FrameFTDC {
		if p.c.fault == "frame_types" && raw.Type != ftd.FrameNone {
			return errEnd
		}
		return nil
	}
	f, err := readFrame(raw)
	if err != nil {
		if p.c.fault == "malformed_frame" {
			return nil
		}
		return err
	}
	if p.c.fault == "unknown_tag" && len(raw.Ext) > 0 && raw.Ext[0] != byte(ftd.TagSession) {
		f.tagged = false
	}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	switch tid := f.header.TID; tid {
	case ftd.TIDLinkLogin:
		return p.login(f)
	case ftd.TIDSessionVerify:
		return p.verify(f)
	case ftd.TIDSessionOpen:
		return p.opened(f)
	case ftd.TIDVisitOpen, ftd.TIDVisitClose:
		if p.c.fault == "visits_silent" && p.c.open[f.tag] {
			p.say(ftd.TIDSessionVerify, &f.tag, 0, 0, 0, nil)
		}
		return p.visited(f)
	case ftd.TIDSessionAbort, ftd.TIDSessionClose:
		return p.closed(f)
	case ftd.TIDSessionResume:
		return p.resumed(f)
	case ftd.TIDRequestCode:
		if p.c.fault == "request_code" {
			f.header.SequenceNumber = 0
		}
		p.say(tid, &f.tag, 0, f.header.SequenceNumber, 6014, nil)
		return nil
	default:
		return p.business(f, len(raw.Body))
	}
}

func (p *peer) write(wire []byte) { _, _ = p.conn.Write(wire) }

// say sends a message with an Error, code < 0 for none.
func (p *peer) say(tid ftd.TID, tag *ftd.SessionTag, series uint16, number uint32, code int, more func(*ftd.Encoder)) {
	e := ftd.Begin(nil, tid)
	if tag != nil {
		e = ftd.BeginSession(nil, tid, *tag)
	}
	e.Sequence(series, number)
	if more != nil {
		more(&e)
	}
	if code >= 0 {
		e.Error(&ftd.Error{Code: code, Text: []byte("text"), TimeStamp: []byte("20260105084500")})
	}
	wire, err := e.End()
	must(err)
	p.write(wire)
}

func (p *peer) login(f *frame) error {
	var id ftd.LinkIdentity
	if err := f.field(ftd.FIDLinkIdentity, &id); err != nil {
		return err
	}
	fault := p.c.fault
	if fault == "link_accept" {
		return nil
	}
	if id.Protocol != ftd.LinkProtocol && fault != "link_protocol" {
		p.say(ftd.TIDLinkLogin, nil, 0, 0, 2, nil)
		return nil
	}
	p.front, p.process = id.FrontID, string(id.Process)
	if fault != "process_replaced" && fault != "front_gone" {
		p.c.end(func(tag ftd.SessionTag, of *peer) bool { return tag.FrontID == p.front && of.process != p.process })
	}
	a := ftd.LinkAccept{
		CoreID: []byte("scripted"), Instance: []byte(p.c.instance), Term: 1, State: ftd.CoreActive,
		TradingDay: []byte("20260105"), HeartbeatSeconds: 1, Credit: p.c.credit,
	}
	switch fault {
	case "link_accept_items":
		a.Instance = []byte("core-a")
	case "second_front":
		a.Instance = []byte(uuid.NewString())
	}
	accept := func(e *ftd.Encoder) { e.LinkAccept(&a) }
	if fault == "state_change_first" {
		p.say(ftd.TIDStateChange, nil, 0, 0, -1, accept)
	}
	p.say(ftd.TIDLinkLogin, nil, 0, 0, 0, accept)
	if fault == "link_once" {
		p.say(ftd.TIDLinkLogin, nil, 0, 0, 0, accept)
	}
	return nil
}

func (p *peer) verify(f *frame) error {
	fault := p.c.fault
	var req ftd.LoginRequest
	var ctx ftd.SessionContext
	err1, err2 := f.field(ftd.FIDLoginRequest, &req), f.field(ftd.FIDSessionContext, &ctx)
	data, _ := f.message.Field(ftd.FIDLoginRequest)
	switch {
	case err1 != nil || err2 != nil:
		if fault == "short_field" {
			return nil
		}
		return errEnd
	case fault == "longer_field" && len(data) != 106, fault == "unknown_field" && f.has(0xEEEE):
		return errEnd
	case fault == "verify_relayed" && f.has(ftd.FIDRelayedTerminal):
		return errEnd
	case !f.tagged, fault == "verify_again" && p.c.refused[f.tag], fault == "password_changed" && p.c.peers[f.tag] != nil:
		return nil
	case fault == "verify_interleaved" && string(req.UserID) != testAccount:
		f.tag.SessionID-- // the tag of the session before
	}
	p.answer(f.tag, f)
	return nil
}

// answer says whether the request is let in.
func (p *peer) answer(tag ftd.SessionTag, f *frame) {
	fault := p.c.fault
	var req ftd.LoginRequest
	must(f.field(ftd.FIDLoginRequest, &req))
	user, password := string(req.UserID), string(req.Password)
	v := ftd.VerifyResult{UserID: req.UserID, UserType: '1', Restriction: ftd.RestrictionNone}
	code := 3
	switch {
	case len(p.c.peers) >= accountBound, fault == "process_replaced" && p.c.peers[tag] != nil:
		code = 60
	case user == testRestricted && p.c.changed:
		if password == testRenewed {
			code = 0
		}
	case user == testRestricted && password == testFirstTime:
		code, v.Restriction = 140, ftd.RestrictionPasswordOnly
		if fault == "password_only" {
			v.Restriction = ftd.RestrictionNone
		}
	case user == testOperator && password == testOperators:
		code, v.UserType = 0, '2'
	case user == testAccount && (password == testPassword || fault == "verify_wrong"), user != testAccount && fault == "verify_unknown":
		code = 0
	}
	switch fault {
	case "verify_right":
		code = 3
	case "verify_items":
		v.UserID = []byte("someone")
	case "frames_whole":
		defer p.write([]byte{1, 0, 0, 16, 3, 0, 0, 0, 3, 'S', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	case "messages_legal":
		defer p.say(ftd.TIDSessionClose, &tag, 0, 0, -1, nil)
	case "tags_known":
		defer p.say(ftd.TIDSessionVerify, &ftd.SessionTag{FrontID: 1, SessionID: 1}, 0, 0, 3, nil)
	case "messages_of_terminals":
		defer p.say(ftd.TIDForceExit, &tag, 0, 0, -1, nil)
	case "flow_before_open":
		defer p.replay(tag, ftd.Point{Series: testSeries})
	case "credit_legal":
		defer p.say(ftd.TIDLinkCredit, nil, 0, 0, -1, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: -2}) })
	}
	more := func(e *ftd.Encoder) { e.VerifyResult(&v) }
	if code != 0 && code != 140 {
		more = nil
		p.c.refused[tag] = true
	} else {
		p.c.peers[tag] = p
	}
	if code == 140 {
		p.c.open[tag] = true
	}
	p.say(ftd.TIDSessionVerify, &tag, 0, 0, code, more)
	if fault == "verify_once" {
		p.say(ftd.TIDSessionVerify, &tag, 0, 0, code, more)
	}
}

func (p *peer) opened(f *frame) error {
	var r ftd.SessionRecord
	if err := f.field(ftd.FIDSessionRecord, &r); err != nil {
		return err
	}
	p.c.records[string(r.RecordID)] = true
	if p.c.peers[f.tag] == nil {
		return nil
	}
	p.c.open[f.tag] = true
	if p.c.fault == "open_silent" {
		p.say(ftd.TIDSessionVerify, &f.tag, 0, 0, 0, nil)
	}
	var points ftd.ResumePoints
	if f.has(ftd.FIDResumePoints) {
		if err := f.field(ftd.FIDResumePoints, &points); err != nil {
			return err
		}
	}
	for _, at := range points.All() {
		p.replay(f.tag, at)
	}
	return nil
}

func (p *peer) replay(tag ftd.SessionTag, at ftd.Point) {
	if at.Series != testSeries || at.Number < 0 && p.c.fault != "resume_points" {
		return
	}
	for n := int32(1); n <= testHistory; n++ {
		switch {
		case n <= at.Number && p.c.fault != "resume_points":
		case n == 5 && p.c.fault == "flow_numbers":
		default:
			p.say(0x1001, &tag, testSeries, uint32(n), -1, nil)
		}
	}
}

func (p *peer) closed(f *frame) error {
	known := p.c.peers[f.tag] != nil
	aborted := f.header.TID == ftd.TIDSessionAbort
	switch fault := p.c.fault; {
	case fault == "abort_early" && aborted, fault == "close_unknown" && !known:
		return errEnd
	case fault == "abort_silent" && aborted, fault == "close_silent" && !aborted:
		p.say(ftd.TIDSessionVerify, &f.tag, 0, 0, 0, nil)
	}
	delete(p.c.peers, f.tag)
	delete(p.c.open, f.tag)
	return nil
}

func (p *peer) resumed(f *frame) error {
	var r ftd.ResumeSession
	if err := f.field(ftd.FIDResumeSession, &r); err != nil {
		return err
	}
	code := 8
	if p.c.records[string(r.RecordID)] || p.c.fault == "resume_unknown" {
		code = 0
	}
	if p.c.fault == "session_resume" {
		return nil
	}
	if p.c.fault == "resume_refused" {
		code = 8
	}
	more := func(e *ftd.Encoder) {
		e.ResumePoints(&ftd.ResumePoints{Count: 1, Points: [8]ftd.Point{{Series: testSeries, Number: 0}}})
	}
	if code != 0 {
		more = nil
	} else {
		p.c.peers[f.tag], p.c.open[f.tag] = p, true
		if p.c.fault != "visits_resumed" {
			delete(p.c.visits, f.tag)
		}
	}
	p.say(ftd.TIDSessionResume, &f.tag, 0, 0, code, more)
	return nil
}
