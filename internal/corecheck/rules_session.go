package corecheck

import (
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// answers reports whether g is a message of the link's own for s, which no frame of a flow is.
func (s *session) answers(g *frame) bool { return s.mine(g) && !g.header.TID.Business() }

// silent wants no answer, and a link that goes on.
func (s *session) silent() *outcome { return s.f.stays(s.answers) }

// alive wants that the link still answers.
func (f *front) alive() *outcome {
	s := f.session()
	if err := s.verify(f.p.Account, f.p.Password); err != nil {
		return failf("afterwards: %v", err)
	}
	return failed(s.finish(ftd.TIDSessionAbort, ftd.ReasonGone, "the check goes on"))
}

func openSilent(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	return s.silent()
}

func closeSilent(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	if err := s.logOut(); err != nil {
		return failed(err)
	}
	return s.silent()
}

func abortSilent(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.verify(p.Account, p.Password); err != nil {
		return failed(err)
	}
	if err := s.finish(ftd.TIDSessionAbort, ftd.ReasonRecordFailed, "the record could not be stored"); err != nil {
		return failed(err)
	}
	return s.silent()
}

func abortEarly(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.ask(p.Account, p.Password); err != nil {
		return failed(err)
	}
	if err := s.finish(ftd.TIDSessionAbort, ftd.ReasonGone, "the terminal has gone"); err != nil {
		return failed(err)
	}
	return f.alive() // an answer to s may come, or not
}

func closeUnknown(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	for _, tid := range []ftd.TID{ftd.TIDSessionClose, ftd.TIDSessionAbort} {
		s := f.session()
		if err := s.finish(tid, ftd.ReasonGone, "never verified"); err != nil {
			return failed(err)
		}
		if out := s.silent(); out != nil {
			return out
		}
	}
	return nil
}

// sessionsOfAFront is how many sessions front_gone leaves behind, or as many as the core lets one account have.
const sessionsOfAFront = 8

func frontGone(p *probe) *outcome {
	a, err := p.first()
	if err != nil {
		return failed(err)
	}
	was := 0
	for ; was < sessionsOfAFront; was++ {
		if _, err := a.logIn(); err != nil {
			break
		}
	}
	if was == 0 {
		return failf("the account could not log in once")
	}
	a.end()
	next, err := p.first()
	if err != nil {
		return failed(err)
	}
	for is := range was {
		// The core sees the end of the first link at some time: refusals are tried again.
		if err := next.session().insist(); err != nil {
			return failf("%d sessions could be opened before, %d now: %v", was, is, err)
		}
	}
	return nil
}

// insist logs in, and tries again for the time of an answer.
func (s *session) insist() error {
	for deadline := time.Now().Add(s.f.p.Timeout); ; {
		err := s.verify(s.f.p.Account, s.f.p.Password)
		if err == nil {
			return s.open()
		}
		if time.Now().After(deadline) {
			return err
		}
		if _, err := s.f.quiet(func(*frame) bool { return false }); err != nil {
			return err
		}
	}
}

// processReplaced: the front started again, and the core has not seen the link of its process before end. That one's sessions are
// over, and its numbers come anew.
func processReplaced(p *probe) *outcome {
	before, err := p.first()
	if err != nil {
		return failed(err)
	}
	var was []*session
	for range sessionsOfAFront {
		s, err := before.logIn()
		if err != nil {
			break
		}
		was = append(was, s)
	}
	if len(was) == 0 {
		return failf("the account could not log in once")
	}
	next, err := p.first()
	if err != nil {
		return failf("the front's next process: %v", err)
	}
	now := make([]*session, len(was))
	for i, s := range was {
		now[i] = next.numbered(s.id)
		if err := now[i].insist(); err != nil {
			return failf("%d sessions could be opened before, %d at the next process, with their numbers: %v", len(was), i, err)
		}
	}
	before.end()
	if _, err := next.quiet(func(*frame) bool { return false }); err != nil {
		return failf("the link ended with that of the process before: %v", err)
	}
	for _, s := range now {
		if err := s.trade(); err != nil {
			return failf("session %d, after the link of the process before ended: %v", s.id, err)
		}
	}
	return nil
}

// resumeFrame is SessionResume.
func (s *session) resume(at ...ftd.Point) error {
	var p ftd.ResumePoints
	p.Count = copy(p.Points[:], at)
	e := ftd.BeginSession(nil, ftd.TIDSessionResume, s.tag())
	e.ResumeSession(&ftd.ResumeSession{UserID: []byte(s.user), RecordID: []byte(s.record), Delivered: p})
	return s.f.sendMessage(&e)
}

func (s *session) resumed() (*frame, error) {
	return s.f.wait("the answer to SessionResume", func(g *frame) bool { return s.mine(g) && g.header.TID == ftd.TIDSessionResume })
}

func sessionResume(p *probe) *outcome {
	process := uuid.NewString()
	a, err := p.link(identity{front: p.FrontID, process: process})
	if err != nil {
		return failed(err)
	}
	s, err := a.logIn()
	if err != nil {
		return failed(err)
	}
	if err := s.trade(); err != nil { // the core has read SessionOpen when that is answered
		return failed(err)
	}
	again, out := s.comeBack(process, func(*session) error { return nil })
	if out != nil {
		return out
	}
	if err := again.trade(); err != nil {
		return failf("resumed with Error 0, but then: %v", err)
	}
	return nil
}

// comeBack ends the session's link, and resumes the session over another of the same process. behind is called before the
// answer to SessionResume is waited for.
func (s *session) comeBack(process string, behind func(*session) error) (*session, *outcome) {
	p := s.f.p
	s.f.end()
	f, err := p.link(identity{front: p.FrontID, process: process})
	if err != nil {
		return nil, failed(err)
	}
	again := &session{f: f, id: s.id, user: s.user, record: s.record, number: s.number}
	again.flows()
	if err := again.resume(); err != nil {
		return nil, failed(err)
	}
	if err := behind(again); err != nil {
		return nil, failed(err)
	}
	g, err := again.resumed()
	if err != nil {
		return nil, failed(err)
	}
	code, err := g.code()
	switch {
	case err != nil:
		return nil, failed(err)
	case code != 0:
		return nil, skipf("the core refused with %d: it has no SessionResume (version 2), and terminals log in again", code)
	}
	return again, nil
}

func resumeUnknown(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	s.user = p.noAccount() // a core may resume a session that it does not know, if it knows the account
	if err := s.resume(); err != nil {
		return failed(err)
	}
	g, err := s.resumed()
	if err != nil {
		return failed(err)
	}
	if code, err := g.code(); err != nil || code == 0 {
		return failf("%v", g)
	}
	return f.alive()
}
