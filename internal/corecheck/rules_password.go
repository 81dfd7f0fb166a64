package corecheck

import (
	"github.com/tradefront/tradefront/internal/ftd"
)

// update sends PasswordUpdate and returns the answer's code.
func (s *session) update(old, renewed string) (int, error) {
	err := s.request(ftd.TIDPasswordUpdate, func(e *ftd.Encoder) {
		e.PasswordUpdate(&ftd.PasswordUpdate{
			BrokerID: []byte(s.f.p.BrokerID), UserID: []byte(s.user), OldPassword: []byte(old), NewPassword: []byte(renewed),
		})
	})
	if err != nil {
		return 0, err
	}
	g, err := s.reply(ftd.TIDPasswordUpdate, s.number)
	if err != nil {
		return 0, err
	}
	return g.code()
}

func passwordWrong(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	code, err := s.update("not-the-password", "Never-Set-1")
	if err != nil {
		return failed(err)
	}
	if code == 0 {
		return failf("Error 0: the core says that the password is changed; it is now Never-Set-1, or it was not checked")
	}
	return nil
}

// restricted is a session that may change its password alone.
func (p *probe) restricted() (*session, *outcome) {
	f, err := p.first()
	if err != nil {
		return nil, failed(err)
	}
	s := f.session()
	if err := s.ask(p.Restricted, p.RestrictedPassword); err != nil {
		return nil, failed(err)
	}
	g, err := s.answer()
	if err != nil {
		return nil, failed(err)
	}
	code, err := g.code()
	if err != nil {
		return nil, failed(err)
	}
	if code != 131 && code != 140 && code != 141 {
		return nil, failf("%v", g)
	}
	var v ftd.VerifyResult
	if err := g.field(ftd.FIDVerifyResult, &v); err != nil {
		return nil, failed(err)
	}
	if v.Restriction != ftd.RestrictionPasswordOnly {
		return nil, failf("Restriction %q with Error %d", v.Restriction, code)
	}
	return s, nil
}

func passwordOnly(p *probe) *outcome {
	s, out := p.restricted()
	if out != nil {
		return out
	}
	return failed(s.finish(ftd.TIDSessionClose, ftd.ReasonGone, "the terminal has gone"))
}

func passwordSame(p *probe) *outcome {
	s, out := p.restricted()
	if out != nil {
		return out
	}
	code, err := s.update(p.RestrictedPassword, p.RestrictedPassword)
	if err != nil {
		return failed(err)
	}
	if code != 142 {
		return failf("Error %d", code)
	}
	return failed(s.finish(ftd.TIDSessionClose, ftd.ReasonGone, "the terminal has gone"))
}

// passwordChanged changes the password, as the operator of the check allowed, and logs in with it as the terminal does: on the connection that
// it has, with the same tag.
func passwordChanged(p *probe) *outcome {
	s, out := p.restricted()
	if out != nil {
		return out
	}
	code, err := s.update(p.RestrictedPassword, p.RestrictedNew)
	if err != nil {
		return failed(err)
	}
	if code != 0 {
		return failf("Error %d: the new password is not taken", code)
	}
	if err := s.verify(p.Restricted, p.RestrictedNew); err != nil {
		return failf("the password is changed, and then: %v", err)
	}
	if err := s.open(); err != nil {
		return failed(err)
	}
	s.number = 0 // a login begins the numbers anew
	if err := s.trade(); err != nil {
		return failf("logged in with the new password, and then: %v", err)
	}
	return nil
}
