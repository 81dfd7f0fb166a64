package corecheck

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// noAccount is one that no firm has.
func (p *probe) noAccount() string { return "no-such-account" }

func verifyRight(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	err = f.session().verify(p.Account, p.Password)
	p.letIn = err == nil
	return failed(err)
}

func verifyItems(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.verify(p.Account, p.Password); err != nil {
		return failed(err)
	}
	var v ftd.VerifyResult
	if err := s.verdict.field(ftd.FIDVerifyResult, &v); err != nil {
		return failed(err)
	}
	switch {
	case string(v.UserID) != p.Account:
		return failf("UserID %q", v.UserID)
	case v.UserType != '1' && v.UserType != '2':
		return failf("UserType %q", v.UserType)
	case v.Restriction != ftd.RestrictionNone:
		return failf("Restriction %q with Error 0", v.Restriction)
	}
	return nil
}

// refusal wants that the attempt is refused by Error alone.
func (p *probe) refusal(user, password string) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.ask(user, password); err != nil {
		return failed(err)
	}
	g, err := s.answer()
	if err != nil {
		return failed(err)
	}
	code, err := g.code()
	switch {
	case err != nil:
		return failed(err)
	case code == 0:
		return failf("Error 0: let in")
	case g.has(ftd.FIDVerifyResult):
		return failf("%v and VerifyResult", g)
	}
	return nil
}

func verifyWrong(p *probe) *outcome {
	return p.refusal(p.Account, "not-the-password-1")
}

func verifyUnknown(p *probe) *outcome { return p.refusal(p.noAccount(), "no password") }

func verifyOnce(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.verify(p.Account, p.Password); err != nil {
		return failed(err)
	}
	return f.stays(func(g *frame) bool { return s.mine(g) && g.header.TID == ftd.TIDSessionVerify })
}

// verifyAgain: a terminal that was refused tries again on its connection, with the tag that it has.
func verifyAgain(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.ask(p.noAccount(), "no password"); err != nil {
		return failed(err)
	}
	g, err := s.answer()
	if err != nil {
		return failed(err)
	}
	if code, err := g.code(); err != nil || code == 0 {
		return failf("the first: %v", g)
	}
	if err := s.verify(p.Account, p.Password); err != nil {
		return failf("the second: %v", err)
	}
	return nil
}

// fidCode is the field of RequestCode: its FID is agreed on between a core and its terminals.
const fidCode ftd.FID = 0x0000EEED

// requestCode asks for a second factor's code as a terminal that is not logged in does, for an account that does not exist.
func requestCode(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	const number = 7
	s := f.session()
	e := ftd.BeginSession(nil, ftd.TIDRequestCode, s.tag())
	e.Sequence(0, number)
	e.Raw(fidCode, fmt.Appendf(nil, "%-10s%-18s%-20s", p.BrokerID, p.noAccount(), "0"))
	if err := f.sendMessage(&e); err != nil {
		return failed(err)
	}
	g, err := f.wait("the answer to RequestCode", func(g *frame) bool {
		return s.mine(g) && (g.header.TID == ftd.TIDRequestCode || g.header.TID == ftd.TIDError)
	})
	if err != nil {
		return failed(err)
	}
	if _, err := g.code(); err != nil {
		return failed(err)
	}
	if g.header.SequenceSeries != 0 || g.header.SequenceNumber != number {
		return failf("%v series %d number %d, the request has number %d", g.header.TID, g.header.SequenceSeries, g.header.SequenceNumber, number)
	}
	return f.alive()
}

func verifyInterleaved(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	right, wrong := f.session(), f.session()
	if err := right.ask(p.Account, p.Password); err != nil {
		return failed(err)
	}
	if err := wrong.ask(p.noAccount(), "no password"); err != nil {
		return failed(err)
	}
	for _, s := range []*session{wrong, right} {
		g, err := s.answer()
		if err != nil {
			return failed(err)
		}
		if code, err := g.code(); err != nil || (code == 0) != (s == right) {
			return failf("account %s was answered by %v", s.user, g)
		}
	}
	return nil
}
