package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	firm "github.com/tradefront/tradefront/test/site"
)

const (
	investorRelay = "abcdef_m2m_1.6.0"
	operatorRelay = "abcdef_relay_1.6.0"
	relayOperator = "8000admin"
)

// relaySite is a firm with a terminal's AppID, one relay of each type, two customers in the operator's scope and one
// out of it. Its first listener is for terminals, its second for relays.
type relaySite struct {
	*site
	relayCodes
}

// relayCodes are the authcodes of a firm's two relays.
type relayCodes struct{ operatorCode, investorCode string }

// embeddedRelays is embeddedFirm with the accounts and the relays of newRelaySite.
var embeddedRelays = sync.OnceValues(func() (f struct {
	*firm.Template
	relayCodes
}, err error,
) {
	f.Template, err = firm.NewTemplate(firm.Options{Binary: binary}, appID, account, password, func(config string) (err error) {
		f.relayCodes, err = addRelays(config)
		return err
	})
	return f, err
})

func newRelaySite(t testing.TB, postgresURL, extra string) *relaySite {
	t.Helper()
	s := &relaySite{}
	if postgresURL == "" {
		firm.AwayFromTheClose(t)
		p, err := embeddedRelays()
		if err != nil {
			t.Fatal(err)
		}
		s.site, s.relayCodes = siteOf(t, p.New(t, firm.Options{Binary: binary, Store: extra})), p.relayCodes
	} else {
		var err error
		s.site = newSite(t, postgresURL, extra)
		if s.relayCodes, err = addRelays(s.config); err != nil {
			t.Fatal(err)
		}
	}
	s.users = append(s.users,
		demo.Account{Account: "88880001", UserType: regulation.UserCustomer, Password: password},
		demo.Account{Account: "77777777", UserType: regulation.UserCustomer, Password: password},
		demo.Account{Account: relayOperator, UserType: regulation.UserOperator, Password: password})
	s.replaceConfig("    - address: \"127.0.0.1:0\"\n", "    - address: \"127.0.0.1:0\"\n    - {address: \"127.0.0.1:0\", admits: relays}\n")
	s.replaceConfig("admin:\n", "relay: {enabled: true}\nadmin:\n")
	return s
}

// addRelays adds the accounts and the relays of newRelaySite by commands.
func addRelays(config string) (codes relayCodes, err error) {
	accounts := fmt.Sprintf("account,user_type,password\n88880001,1,%s\n77777777,1,%[1]s\n%[2]s,2,%[1]s\n", password, relayOperator)
	if _, said, err := firm.Run(binary, config, accounts, "account", "import", "-"); err != nil {
		return codes, fmt.Errorf("account import: %w\n%s", err, said)
	}
	if codes.operatorCode, err = addRelay(config, operatorRelay, "operator", "--operator", relayOperator, "--scope", "prefix:8888"); err != nil {
		return codes, err
	}
	codes.investorCode, err = addRelay(config, investorRelay, "investor")
	return codes, err
}

func (s *relaySite) addRelay(id, kind string, more ...string) (authCode string) {
	s.t.Helper()
	authCode, err := addRelay(s.config, id, kind, more...)
	if err != nil {
		s.t.Fatal(err)
	}
	return authCode
}

func addRelay(config, id, kind string, more ...string) (authCode string, err error) {
	var added struct {
		AuthCode string `json:"authcode"`
	}
	args := append([]string{"relay", "add", "--app-id", id, "--type", kind, "--network", "127.0.0.0/8", "-o", "json"}, more...)
	out, said, err := firm.Run(binary, config, "", args...)
	if err == nil {
		err = json.Unmarshal([]byte(out), &added)
	}
	if err == nil && added.AuthCode == "" {
		err = errors.New("no authcode")
	}
	if err != nil {
		return "", fmt.Errorf("relay add %s: %w\n%s%s", id, err, out, said)
	}
	return added.AuthCode, nil
}

// relays is the address of the listener for relays.
func (d *daemon) relays() string { return strings.TrimSuffix(d.all[1], " (relays)") }

// relay runs test/independent/relay.py as the operator relay and reads what it prints; ok is whether it found what the
// page says.
func (s *relaySite) relay(d *daemon, into any, mode string, more ...string) (ok bool) {
	s.t.Helper()
	args := append([]string{
		"../independent/relay.py", mode, "--address", d.relays(), "--app-id", operatorRelay, "--authcode", s.operatorCode,
		"--account", relayOperator, "--password", password, "--terminal-app", appID, "--customers", account + ",88880001",
		"--public-key", filepath.Join(s.dir, "public.pem"), "--source-address", "127.0.0.9",
	}, more...)
	cmd := exec.Command("python3", args...)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if json.Unmarshal(out, into) != nil || errOut.Len() > 0 {
		s.t.Fatalf("relay.py %s: %v\n%s%s", mode, err, out, errOut.String())
	}
	if err != nil {
		s.t.Logf("relay.py %s: %v\n%s", mode, err, out)
	}
	return err == nil
}

// verifyOpened holds a report of a day that is not over to `report verify`, which opens it: no line may have a fault.
func (s *relaySite) verifyOpened(report string) {
	s.t.Helper()
	out, errOut, _ := s.try("", "report", "verify", report, "--private-key", "1.0="+filepath.Join(s.dir, "private.pem"))
	if !strings.Contains(errOut, "lines without another fault") {
		s.t.Errorf("report verify:\n%s%s", out, errOut)
	}
}

// TestIndependentRelayKeepsToThePage: the frames of the relay in Python, and the RecordID that it expects, are the page's.
func TestIndependentRelayKeepsToThePage(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("python3", "../independent/relay.py", "check").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// relayedLogin is what relay.py prints of a login or a submission.
type relayedLogin struct {
	Answer                                               int
	UserID, TradingDay, RecordID, LoginTime              string
	PublicIP, RelayAppID, RelayIP, RelayLoginTime, Error string
	PublicPort, RelayPort                                int
	Local                                                string `json:"local_address"`
	SubmitID                                             string
	IP                                                   string `json:"ip"`
	Port                                                 int    `json:"port"`
	At                                                   string `json:"login_time"`
}

// TestIndependentRelays: relays of both modes, written from the pages alone, and the report says what they and their
// terminals were.
func TestIndependentRelays(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newRelaySite(t, postgresURL, "")
		d := s.serve()
		var many relayedLogin
		if !s.relay(d, &many, "investor", "--app-id", investorRelay, "--authcode", s.investorCode, "--account", account) {
			t.FailNow()
		}
		var one struct {
			Local    string `json:"local_address"`
			Operator relayedLogin
			Answers  []relayedLogin
		}
		if !s.relay(d, &one, "operator", "--customers", account+",77777777,88880001") {
			t.FailNow()
		}
		ciphertext, err := s.sealed.Encrypt(nil, []byte(terminalText))
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := login(t, c, password, func(r *client.LoginRequest) { r.Ciphertext = ciphertext }); err != nil {
			t.Fatal(err)
		}
		d.stop()

		// Items 1 to 11 of each line.
		host, port, _ := strings.Cut(many.Local, ":")
		want := []string{
			fmt.Sprintf("0@%s@%s@%d@%s@%s@%s@%s@%s@%s@1", appID, many.PublicIP, many.PublicPort, many.LoginTime,
				investorRelay, host, port, many.RelayLoginTime, account),
			fmt.Sprintf("0@%s@%s@%s@%s@@@@@%s@2", operatorRelay, one.Operator.PublicIP, fmt.Sprint(one.Operator.PublicPort),
				one.Operator.LoginTime, relayOperator),
		}
		host, port, _ = strings.Cut(one.Local, ":")
		for _, a := range one.Answers {
			if out := a.UserID == "77777777"; out != (a.Answer == 9) || !out && a.Answer != 0 {
				t.Errorf("%+v", a)
				continue
			}
			if a.Answer == 0 {
				want = append(want, fmt.Sprintf("0@%s@%s@%d@%s@%s@%s@%s@%s@%s@2", appID, a.IP, a.Port, a.At,
					operatorRelay, host, port, one.Operator.LoginTime, a.UserID))
			}
		}
		day := many.TradingDay
		var got []string
		for _, line := range s.export(day) {
			got = append(got, line.supplement)
			if line.terminal() == "" {
				t.Errorf("the terminal information of %s does not open", line.supplement)
			}
		}
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s is not in the report", line)
			}
		}
		if len(got) != len(want)+1 {
			t.Errorf("the report has %q, want the direct login beside %q", got, want)
		}

		report := filepath.Join(s.dir, "0001clientinfo"+day+".txt")
		s.verifyOpened(report)
		if r := s.reconcile(0, "--day", day, "--report", report, "--audit", filepath.Join(s.dir, "audit.jsonl")); !r.Complete || r.Answered != 5 || r.Stored != 5 || r.Reported != 5 {
			t.Errorf("%+v", r)
		}
	})
}

// whyRefused is what the audit log says of what relay.py bad sends.
var whyRefused = map[string]string{
	"SubmitID of version 4":                      "submit_id",
	"SubmitID of tomorrow":                       "submit_id_time",
	"SubmitID 20 minutes old":                    "submit_id_time",
	"SubmitID in upper case":                     "submit_id",
	"another broker":                             "broker_mismatch",
	"Attempt 2":                                  "illegal_field",
	"an account out of scope":                    "out_of_scope",
	"an account that does not exist":             "unknown_account",
	"an unknown AppID":                           "terminal_app_unknown",
	"AppID client_demo":                          "terminal_app_unknown",
	"AppID with @":                               "illegal_field",
	"the relay's own AppID":                      "terminal_app_kind",
	"LoginTime of 2019":                          "terminal_time_old",
	"LoginTime of tomorrow":                      "terminal_time_ahead",
	"LoginTime '20190121'":                       "illegal_field",
	"terminal type 8":                            "illegal_field",
	"NUL for padding":                            "illegal_field",
	"unspecified address":                        "no_terminal_address",
	"unspecified IPv6 address":                   "no_terminal_address",
	"port 0":                                     "no_terminal_address",
	"address fe80::1%eth0":                       "no_terminal_address",
	"port 65536":                                 "illegal_field",
	"an operator's login with RelayedTerminal":   "wrong_mode",
	"a customer's login without RelayedTerminal": "wrong_mode",
	"a submission on a many-to-many relay":       "wrong_mode",
	"RelayedTerminal on a direct AppID":          "wrong_mode",
	"a submission before the login":              "not_logged_in",
	"a customer is no operator":                  "not_operator",
	"a relay on a terminals' listener":           "wrong_kind",
	"a terminal on a relays' listener":           "wrong_kind",
}

// TestWhatARelayMustNotSend: each mistake of the field is answered as the page says, none of them ends an operator's
// connection but what is malformed, and the audit log has the true reason.
func TestWhatARelayMustNotSend(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", unpunished)
	d := s.serve()
	var bad struct {
		Cases   int
		Results []struct {
			Case      string
			Code      int
			Want      []int
			OK        bool
			Problem   string
			Ref       string
			RecordID  string
			Failed    string
			SubmitRef string
		}
	}
	s.relay(d, &bad, "bad", "--stranger", "77777777", "--unknown", "88889999", "--terminals-address", d.all[0],
		"--direct-authcode", s.apps[0].AuthCode, "--customer-password", password,
		"--investor-app", investorRelay, "--investor-authcode", s.investorCode)
	if bad.Cases < 60 {
		t.Errorf("only %d cases", bad.Cases)
	}
	judged := 0
	for _, c := range bad.Results {
		if !c.OK {
			t.Errorf("%s: answered %d, want one of %v; %s", c.Case, c.Code, c.Want, c.Problem)
		}
		why, known := whyRefused[c.Case]
		if !known || c.Ref == "" {
			continue
		}
		judged++
		if got := s.trueReason(c.Ref); got != why {
			t.Errorf("%s: the audit log says %s, want %s", c.Case, got, why)
		}
	}
	if judged != len(whyRefused) {
		t.Errorf("%d of %d reasons were compared", judged, len(whyRefused))
	}
	d.stop()
}

// TestRelayFloods: 8,192 submissions in one write, eight times what a front refuses before it has enough. Each is answered once at
// most, the connection of a relay that does not wait is closed, and direct customers log in meanwhile and after.
func TestRelayFloods(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", unpunished)
	d := s.serve()
	var flood struct {
		Sent, Unanswered int
		Codes            map[string]int
		Closed           bool
	}
	if !s.relay(d, &flood, "flood", "--count", "8192") {
		t.FailNow()
	}
	answered := 0
	for code, n := range flood.Codes {
		if answered += n; code != "0" && code != "90" {
			t.Errorf("%d answers of code %s", n, code)
		}
	}
	// Each answer with 0 makes room in the window for one more that is refused before the front has enough.
	const bound = 4 * 256
	if !flood.Closed || flood.Codes["90"] == 0 || flood.Codes["90"] > bound+flood.Codes["0"] || answered+flood.Unanswered != flood.Sent {
		t.Errorf("%+v", flood)
	}
	t.Logf("%+v", flood)
	if c, err := d.enter(t, s.apps[0].AuthCode); err != nil {
		t.Error(err)
	} else if _, err := login(t, c, password, nil); err != nil {
		t.Errorf("a direct customer after it: %v", err)
	}
	d.stop()
}
