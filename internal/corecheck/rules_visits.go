package corecheck

import (
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// visitsResumed holds the core to what it must know of the customers behind an operator after SessionResume: the visits that
// were told again, each once, and no other. A core shows what it knows by its answer to a request for the customer.
func visitsResumed(p *probe) *outcome {
	process := uuid.NewString()
	f, err := p.link(identity{front: p.FrontID, process: process})
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.verify(p.Operator, p.OperatorPassword); err != nil {
		return failed(err)
	}
	if err := s.open(); err != nil {
		return failed(err)
	}
	told, forgotten := newVisit(), newVisit()
	unreported, out := s.holdsToVisits(told, forgotten)
	if out != nil {
		return out
	}
	again, out := s.comeBack(process, func(s *session) error { return s.report(told, told) })
	if out != nil {
		return out
	}
	code, err := again.requestFor()
	switch {
	case err != nil:
		return failed(err)
	case code == unreported:
		return failf("the visit was told again behind SessionResume, and a request for the customer is answered by %d, as without a visit", code)
	}
	if err := again.visitEnd(told.id); err != nil {
		return failed(err)
	}
	switch code, err = again.requestFor(); {
	case err != nil:
		return failed(err)
	case code != unreported:
		return failf("the only visit that was told again has ended, and a request for the customer is answered by %d, not by %d as without a visit: "+
			"the visits from before SessionResume must be forgotten, and one RecordID told twice is one visit", code, unreported)
	}
	return nil
}

// visit is one terminal of the customer.
type visit struct{ id, record string }

func newVisit() visit {
	return visit{uuid.Must(uuid.NewV7()).String(), uuid.NewString()}
}

// holdsToVisits reports visits, and returns what a request for the customer is answered by without one. A core that answers
// likewise with one does not hold requests to visits, and nothing can be found out.
func (s *session) holdsToVisits(visits ...visit) (unreported int, out *outcome) {
	unreported, err := s.requestFor()
	if err != nil {
		return 0, failed(err)
	}
	if err := s.report(visits...); err != nil {
		return 0, failed(err)
	}
	reported, err := s.requestFor()
	if err != nil {
		return 0, failed(err)
	}
	if unreported == 0 || reported == unreported {
		return 0, skipf("a request for the customer is answered by %d before VisitOpen, by %d behind it: the core does not hold requests to visits",
			unreported, reported)
	}
	return unreported, nil
}

// report sends VisitOpen for visits of the customer.
func (s *session) report(visits ...visit) error {
	for _, v := range visits {
		if err := s.visitOf(s.f.p.Customer, v); err != nil {
			return err
		}
	}
	return nil
}

// requestFor sends the request that names the customer, and returns the code of its answer.
func (s *session) requestFor() (code int, err error) {
	r := s.f.p.CustomerRequest
	if err := s.request(r.TID, func(e *ftd.Encoder) {
		for _, f := range r.Fields {
			e.Raw(f.FID, f.Data)
		}
	}); err != nil {
		return 0, err
	}
	g, err := s.reply(r.TID, s.number)
	if err != nil {
		return 0, err
	}
	return g.code()
}
