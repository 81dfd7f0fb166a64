package corecheck

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// maxRule bounds one rule, even if the core never answers.
const maxRule = 60 * time.Second

// finding is what is wrong with a frame that came in any rule.
type finding int

const (
	malformed finding = iota
	wrongMessage
	wrongTag
	wrongCredit
	wrongGreeting
	earlyFlow

	findingCount
)

// probe is one run.
type probe struct {
	Options
	ctx         context.Context
	accept      ftd.LinkAccept // what the core said first
	linked      bool           // it did
	letIn       bool           // the account could log in
	opened      []*front       // by the rule that runs
	lastSession int32

	mu       sync.Mutex
	findings [findingCount][]string
}

// find keeps what is wrong with a frame.
func (p *probe) find(kind finding, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.findings[kind]) < maxFindings {
		p.findings[kind] = append(p.findings[kind], fmt.Sprintf(format, args...))
	}
}

// found is the outcome of what was found in all rules.
func (p *probe) found(kind finding) *outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.findings[kind]) == 0 {
		return nil
	}
	return failf("%s", strings.Join(p.findings[kind], "; "))
}

func whatCame(kind finding) func(*probe) *outcome {
	return func(p *probe) *outcome { return p.found(kind) }
}

// Run checks the core behind o.Dial. It returns when every rule has an outcome, or early when ctx ends: then the
// rules that are left are skipped.
func Run(ctx context.Context, o Options) *Report { return check(ctx, o, rules) }

func check(ctx context.Context, o Options, rules []rule) *Report {
	p := &probe{Options: o.withDefaults()}
	r := new(Report)
	for i, rule := range rules {
		p.Progress(i, len(rules), rule.name)
		res := Result{Rule: rule.name, Status: Pass, Expected: rule.expected, Section: rule.section}
		if out := p.run(ctx, rule); out != nil {
			res.Status, res.Came = out.status, out.came
			if out.untried {
				r.Untried++
			}
		}
		r.add(res)
	}
	p.Progress(len(rules), len(rules), "")
	a := &p.accept
	r.CoreID, r.Instance, r.Term, r.TradingDay = string(a.CoreID), string(a.Instance), a.Term, string(a.TradingDay)
	if p.linked {
		r.State = string(rune(a.State))
	}
	return r
}

// run makes one rule's outcome, and ends what it opened.
func (p *probe) run(ctx context.Context, r rule) *outcome {
	switch {
	case ctx.Err() != nil:
		return skipf("the check was interrupted")
	case r.needs >= needsLink && !p.linked:
		return skipf("no link: link_accept failed")
	case r.needs >= needsActive && p.accept.State != ftd.CoreActive:
		out := skipf("the core's state is %q, not 'A'", byte(p.accept.State))
		out.untried = true
		return out
	case (r.needs == needsLogin || r.needs == needsSeries) && !p.letIn:
		return skipf("no login: verify_right failed")
	case r.needs == needsTLS && p.Anonymous == nil:
		return skipf("the link is not over TLS")
	case r.needs == needsSeries && p.Series == 0:
		return skipf("no series was named (--series)")
	case r.needs == needsVisits && p.Operator == "":
		return skipf("no operator, and no request of his for a customer, were named (--operator-account, --customer, --customer-request)")
	case r.needs == needsRestricted && p.Restricted == "":
		return skipf("no account was named that must change its password first (--restricted-account)")
	case r.needs == needsChange && (p.Restricted == "" || p.RestrictedNew == ""):
		return skipf("no new password was named for an account that must change it (--restricted-new-password)")
	}
	var cancel context.CancelFunc
	p.ctx, cancel = context.WithTimeout(ctx, maxRule)
	defer cancel()
	defer p.endAll()
	return r.run(p)
}

func (p *probe) endAll() {
	for _, f := range p.opened {
		f.end()
	}
	p.opened = nil
}

// first and second are the two fronts that the rules use, each a new process.
func (p *probe) first() (*front, error) {
	return p.link(identity{front: p.FrontID, protocol: ftd.LinkProtocol})
}

func (p *probe) second() (*front, error) {
	return p.link(identity{front: p.FrontID + 1, protocol: ftd.LinkProtocol})
}

// loggedIn is a front with one open session.
func (p *probe) loggedIn(resume ...ftd.Point) (*front, *session, error) {
	f, err := p.first()
	if err != nil {
		return nil, nil, err
	}
	s, err := f.logIn(resume...)
	return f, s, err
}
