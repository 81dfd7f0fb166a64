package corecheck

import (
	"context"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/test/bubblenet"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

// options are those of a check whose waits pass in a bubble: for a silence, and for heartbeats a second apart. The command's tests have sockets.
func options(core *bubblenet.Listener) Options {
	return Options{
		Dial: core.Dial,
		Anonymous: func(context.Context) (net.Conn, error) {
			conn, core := net.Pipe()
			return conn, core.Close()
		},
		BrokerID: "9999", AppID: "client_demo_1.0", Version: "test", Account: testAccount, Password: testPassword,
		Restricted: testRestricted, RestrictedPassword: testFirstTime, RestrictedNew: testRenewed, Series: testSeries,
		Operator: testOperator, OperatorPassword: testOperators, Customer: testCustomer,
		CustomerRequest: Request{tidOrder, []RequestField{{customerField, []byte(testCustomer)}}},
		Timeout:         20 * time.Second, Quiet: 50 * time.Millisecond,
	}
}

// TestARightCorePasses: no rule fails for a core that keeps them all, and none is left out.
func TestARightCorePasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		o := options(serve(t, "", 20))
		o.Progress = func(_, all int, rule string) {
			if all != len(rules) {
				t.Errorf("progress over %d rules", all)
			}
			told = append(told, rule)
		}
		r := Run(t.Context(), o)
		for _, res := range r.Results {
			if res.Status != Pass {
				t.Errorf("%s %s: %s", res.Status, res.Rule, res.Came)
			}
		}
		if r.Passed != len(rules) || r.Failed+r.Skipped != 0 || len(told) != len(rules)+1 || r.CoreID != "scripted" {
			t.Errorf("%d passed of %d, %d failed, %d skipped, %d told", r.Passed, len(rules), r.Failed, r.Skipped, len(told))
		}
	})
}

// TestEachRuleFails: for each rule there is a core that breaks it, and the rule says so.
func TestEachRuleFails(t *testing.T) {
	t.Parallel()
	for i, broken := range rules {
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := options(serve(t, broken.name, 20))
				o.Timeout = 400 * time.Millisecond
				if broken.name == "client_certificate" {
					o.Anonymous = o.Dial
				}
				some := []rule{rules[0], broken}
				if i > 0 { // verify_once waits for what comes behind an answer
					some = []rule{rules[0], named("verify_right"), named("verify_once"), broken}
				}
				r := check(t.Context(), o, some)
				last := r.Results[len(r.Results)-1]
				if last.Status != Fail || last.Came == "" || last.Rule != broken.name {
					t.Errorf("%+v", last)
				}
			})
		})
	}
}

// TestEachRuleFailsOtherwise: a rule that may be broken in two ways finds the second one too.
func TestEachRuleFailsOtherwise(t *testing.T) {
	t.Parallel()
	for fault, broken := range map[string]string{
		"state_change_first": "link_once", "messages_of_terminals": "messages_legal", "process_by_front": "process_replaced",
		"parts_answered": "business_chain", "cut_run_answered": "business_chain",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := options(serve(t, fault, 20))
				o.Timeout = 400 * time.Millisecond
				r := check(t.Context(), o, []rule{rules[0], named("verify_right"), named("verify_once"), named(broken)})
				if last := r.Results[len(r.Results)-1]; last.Status != Fail || last.Came == "" {
					t.Errorf("%+v", last)
				}
			})
		})
	}
}

// TestAnAnswerMayHaveSeveralMessages: a core that answers each request with two, also one in parts, keeps the rule of those.
func TestAnAnswerMayHaveSeveralMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := check(t.Context(), options(serve(t, "several messages", 20)), []rule{rules[0], named("verify_right"), named("verify_once"), named("business_chain")})
		if last := r.Results[len(r.Results)-1]; last.Status != Pass {
			t.Errorf("%+v", last)
		}
	})
}

// TestACoreThatIsNeverIdleOwesNoHeartbeat: broadcasts keep a link alive as well; whether heartbeats come without them is not seen.
func TestACoreThatIsNeverIdleOwesNoHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := check(t.Context(), options(serve(t, "broadcasts instead", 20)), []rule{rules[0], named("heartbeat"), named("tags_known")})
		for i, want := range []Status{Pass, Skip, Pass} {
			if res := r.Results[i]; res.Status != want {
				t.Errorf("%+v, want %s", res, want)
			}
		}
		if came := r.Results[1].Came; !strings.Contains(came, "broadcasts nothing") {
			t.Errorf("it does not say what to do: %s", came)
		}
	})
}

// TestAnAnswerThatIsNoneIsTold: of a core that answers under another number the rule says what it answered.
func TestAnAnswerThatIsNoneIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := options(serve(t, "another number", 20))
		o.Timeout = 400 * time.Millisecond
		r := check(t.Context(), o, []rule{rules[0], named("verify_right"), named("verify_once"), named("business_answer")})
		last := r.Results[len(r.Results)-1]
		want := regexp.MustCompile(`^\S+ series 0 number 8 of session \S+ with Error 15, but the answer to request 1 did not come`)
		if !want.MatchString(last.Came) || last.Status != Fail {
			t.Errorf("%+v", last)
		}
	})
}

func named(name string) rule {
	return rules[slices.IndexFunc(rules, func(r rule) bool { return r.name == name })]
}

// TestSkips: what cannot be found out is neither passed nor failed.
func TestSkips(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := options(serve(t, "resume_refused", -1))
		o.Restricted, o.RestrictedNew, o.Series, o.Operator, o.Anonymous = "", "", 0, "", nil
		r := Run(t.Context(), o)
		var skipped []string
		for _, res := range r.Results {
			switch res.Status {
			case Skip:
				skipped = append(skipped, res.Rule)
			case Fail:
				t.Errorf("%s: %s", res.Rule, res.Came)
			}
		}
		want := "client_certificate flow_numbers resume_points credit_granted session_resume visits_resumed password_only password_same password_changed"
		if got := strings.Join(skipped, " "); got != want {
			t.Errorf("skipped %s, want %s", got, want)
		}
	})
}

// TestVisitsBehindSessionResume: each way to get them wrong is found out, and a core that does not hold requests to visits is neither
// right nor wrong.
func TestVisitsBehindSessionResume(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		status Status
		says   string
	}{
		"":               {Pass, ""},
		"visits_resumed": {Fail, "must be forgotten"},
		"visits_twice":   {Fail, "told twice is one visit"},
		"visits_once":    {Fail, "was told again behind SessionResume"},
		"visits_end":     {Fail, "has ended"},
		"no visits":      {Skip, "does not hold requests to visits"},
		"resume_refused": {Skip, "has no SessionResume"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := check(t.Context(), options(serve(t, fault, 20)), []rule{rules[0], named("visits_resumed")})
				last := r.Results[len(r.Results)-1]
				if last.Status != want.status || !strings.Contains(last.Came, want.says) {
					t.Errorf("%s: %s, want %s %q", last.Status, last.Came, want.status, want.says)
				}
			})
		})
	}
}

// TestParseRequest: what an operator of core-check writes, and what is no request.
func TestParseRequest(t *testing.T) {
	t.Parallel()
	r, err := ParseRequest(" 0x3  0xA001=48656c6C6F 40967=00 ")
	if err != nil || r.TID != 3 || len(r.Fields) != 2 || r.Fields[0].FID != 0xA001 || string(r.Fields[0].Data) != "Hello" || r.Fields[1].FID != customerField {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := ParseRequest("3"); err != nil || r.TID != tidOrder || len(r.Fields) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for text, says := range map[string]string{
		"": "it is empty", "order": "no TID", "0": "no TID", "0x100000000": "no TID", "3 A001": "no field", "3 0xA001=": "no field", "3 0xA001=4": "no field",
		"3 0xA001=zz": "no field", "3 0xA001=" + strings.Repeat("00", 5000): "it is no message",
	} {
		if _, err := ParseRequest(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q", text, err, says)
		}
	}
}

// TestASilentCoreDoesNotHoldTheCheckUp: nor one that is not there.
func TestASilentCoreDoesNotHoldTheCheckUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := bubblenet.Listen()
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		for _, core := range []*bubblenet.Listener{serve(t, "link_accept", 0), gone} {
			o := options(core)
			o.Timeout = 100 * time.Millisecond
			began := time.Now()
			r := Run(t.Context(), o)
			if r.Failed != 1 || r.Skipped != len(rules)-1 || r.Results[0].Status != Fail {
				t.Errorf("%d failed, %d skipped", r.Failed, r.Skipped)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		}
	})
}

// TestAnInterruptEndsTheCheck: the rules that are left are skipped.
func TestAnInterruptEndsTheCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := options(serve(t, "", -1))
		o.Progress = func(done, _ int, _ string) {
			if done == 3 {
				cancel()
			}
		}
		if r := Run(ctx, o); r.Passed != 3 || r.Skipped != len(rules)-3 {
			t.Errorf("%d passed, %d skipped", r.Passed, r.Skipped)
		}
	})
}

// TestThePageHasTheSections: a result sends its reader to a section that is there, and the page names each rule.
func TestThePageHasTheSections(t *testing.T) {
	page, err := os.ReadFile("../../docs/core.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.name] || r.expected == "" {
			t.Errorf("rule %q appears twice, or expects nothing", r.name)
		}
		seen[r.name] = true
		if !regexp.MustCompile(`(?m)^##+ ([0-9]+\. )?` + r.section + `$`).Match(page) {
			t.Errorf("docs/core.md has no section %q", r.section)
		}
		if !strings.Contains(string(page), "`"+r.name+"`") {
			t.Errorf("docs/core.md does not name the rule %s", r.name)
		}
	}
}
