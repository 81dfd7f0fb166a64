package corecheck

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/bubblenet"
)

// sim is a core-sim, and options to check it.
func sim(t *testing.T, o coresim.Options, on ...string) (*coresim.Server, Options) {
	t.Helper()
	o.TradingDay, o.Heartbeat = "20260105", time.Second
	o.Accounts = []coresim.Account{
		{User: testAccount, Password: testPassword, Series: testSeries},
		{User: testRestricted, Password: testFirstTime, Restriction: "first-login"},
		{User: testOperator, Password: testOperators, Type: "operator"},
	}
	core, err := coresim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l := bubblenet.Listen()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = core.Serve(l)
	}()
	t.Cleanup(func() {
		core.Close()
		<-served
	})
	for _, line := range on {
		if _, err := core.Do(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	checked := options(l)
	order := coresim.Order{Ref: "check", Instrument: "SIM2612", Direction: coresim.Buy, Price: 1, Volume: 1, Account: testCustomer}
	data, err := order.Encode()
	if err != nil {
		t.Fatal(err)
	}
	checked.CustomerRequest = Request{tidOrder, []RequestField{{coresim.FIDOrder, data}}}
	return core, checked
}

// TestCoreSimPasses: the reference core keeps every rule, with a flow of trades that it has made.
func TestCoreSimPasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, o := sim(t, coresim.Options{Credit: 50, ReportedOnly: true})
		trades(t, o, 5)
		r := Run(t.Context(), o)
		for _, res := range r.Results {
			if res.Status != Pass {
				t.Errorf("%s %s: %s", res.Status, res.Rule, res.Came)
			}
		}
	})
}

// trades makes the account buy from itself, so that its flow has messages.
func trades(t *testing.T, o Options, n int) {
	t.Helper()
	p := &probe{Options: o.withDefaults(), ctx: t.Context()}
	defer p.endAll()
	_, s, err := p.loggedIn()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		for _, direction := range []string{"0", "1"} {
			order := fmt.Sprintf("%-24s%-30s%s%010d%08d", fmt.Sprint("check-", i, direction), "SIM2612", direction, 100, 1)
			if err := s.request(tidOrder, func(e *ftd.Encoder) { e.Raw(0xA001, []byte(order)) }); err != nil {
				t.Fatal(err)
			}
			g, err := s.reply(tidOrder, s.number)
			if err != nil {
				t.Fatal(err)
			}
			if code, err := g.code(); err != nil || code != 0 {
				t.Fatalf("%v, %v", g, err)
			}
		}
	}
}

// TestCoreSimsFaultsAreFound: what core-sim does wrong on command makes rules fail.
func TestCoreSimsFaultsAreFound(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]map[string]Status{
		"mute 1h":                     {"link_accept": Pass, "verify_right": Fail, "verify_wrong": Fail, "password_wrong": Skip, "heartbeat": Pass},
		"late-verify 1h":              {"verify_right": Fail, "verify_wrong": Fail, "verify_once": Skip, "business_answer": Skip},
		"wrong twice 100":             {"verify_right": Pass, "verify_once": Fail, "tags_known": Pass},
		"wrong unknown-session 10000": {"verify_right": Fail, "tags_known": Fail},
		"wrong malformed 10000":       {"frames_whole": Fail, "verify_right": Fail},
		"wrong oversize 10000":        {"frames_whole": Fail, "verify_wrong": Fail},
		"credit 5":                    {"verify_right": Pass, "business_answer": Pass, "credit_legal": Pass},
		"no-credit":                   {"verify_right": Pass, "business_answer": Fail, "credit_granted": Fail},
		"refuse-resume on":            {"session_resume": Skip, "visits_resumed": Skip, "resume_unknown": Pass},
		"stall 1h":                    {"link_accept": Fail, "verify_right": Skip},
		"standby":                     {"link_accept": Pass, "verify_right": Skip, "oversize_frame": Pass},
		"initialising":                {"link_accept": Pass, "verify_right": Skip},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, o := sim(t, coresim.Options{Credit: 50}, command)
				o.Timeout = 400 * time.Millisecond
				some := slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return r.name != "link_accept" && r.name != "verify_right" && want[r.name] == "" })
				if len(some) < len(want) {
					t.Fatalf("one of %v is no rule", want)
				}
				for _, res := range check(t.Context(), o, some).Results {
					if status := want[res.Rule]; status != "" && res.Status != status {
						t.Errorf("%s: %s %s, want %s", res.Rule, res.Status, res.Came, status)
					}
				}
			})
		})
	}
}
