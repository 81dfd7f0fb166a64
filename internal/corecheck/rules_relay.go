package corecheck

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// relayed is what a relay tells of a terminal.
func relayed(appID string) *ftd.RelayedTerminal {
	return &ftd.RelayedTerminal{
		AppID: []byte(appID), PublicIP: []byte("192.0.2.9"), PublicPort: 50009, LoginTime: []byte(time.Now().In(utc8).Format(time.DateTime)),
		TerminalType: '2',
	}
}

func verifyRelayed(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	s.user = p.Account
	told := relayed(p.AppID)
	e := ftd.BeginSession(nil, ftd.TIDSessionVerify, s.tag())
	e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte(p.BrokerID), UserID: []byte(p.Account), Password: []byte(p.Password), HeartbeatSeconds: 30})
	e.SessionContext(&ftd.SessionContext{
		AppID: told.AppID, AppType: '2', PublicIP: told.PublicIP, PublicPort: told.PublicPort, Instant: told.LoginTime,
		RelayAppID: []byte("relay_check_1.0"),
	})
	e.RelayedTerminal(told)
	if err := f.sendMessage(&e); err != nil {
		return failed(err)
	}
	g, err := s.answer()
	if err != nil {
		return failed(err)
	}
	if code, err := g.code(); err != nil || code != 0 || !g.has(ftd.FIDVerifyResult) {
		return failf("the right password of account %s was answered by %v", p.Account, g)
	}
	return failed(s.finish(ftd.TIDSessionAbort, ftd.ReasonGone, "the check goes on"))
}

func visitsSilent(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	stranger := s.f.session()
	for _, of := range []*session{s, stranger} {
		v := newVisit()
		if err := of.visitOf(p.Account, v); err != nil {
			return failed(err)
		}
		for range 2 { // the second is of a visit that is over
			if err := of.visitEnd(v.id); err != nil {
				return failed(err)
			}
		}
	}
	return s.silent()
}

// visitOf sends VisitOpen for a customer.
func (s *session) visitOf(customer string, v visit) error {
	e := ftd.BeginSession(nil, ftd.TIDVisitOpen, s.tag())
	e.SubmitResponse(&ftd.SubmitResponse{
		BrokerID: []byte(s.f.p.BrokerID), UserID: []byte(customer), UserType: '2', TradingDay: s.f.accept.TradingDay,
		SubmitID: []byte(v.id), RecordID: []byte(v.record), AbnormalFlag: '0',
	})
	e.RelayedTerminal(relayed(s.f.p.AppID))
	return s.f.sendMessage(&e)
}

// visitEnd sends VisitClose.
func (s *session) visitEnd(id string) error {
	e := ftd.BeginSession(nil, ftd.TIDVisitClose, s.tag())
	e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)})
	return s.f.sendMessage(&e)
}
