package client_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

const exampleSubmitID = "019b7c1e-5c00-7d4e-8a3b-0123456789ab"

// exampleSubmit is the first 206 bytes of the TerminalSubmit that an independent encoder makes of submission; the
// ciphertext, the bytes 00 to FF, follows.
const exampleSubmit = `
01 00 01 CA 02 00 00 80 02 53 00 00 00 00 00 00 00 03 01 BA 00 00 80 0A 00 41 39 39 39 39 20 20
20 20 20 20 38 38 38 38 38 38 38 38 20 20 20 20 20 20 20 20 20 20 30 31 39 62 37 63 31 65 2D 35
63 30 30 2D 37 64 34 65 2D 38 61 33 62 2D 30 31 32 33 34 35 36 37 38 39 61 62 30 00 00 80 09 00
5E 63 6C 69 65 6E 74 5F 64 65 6D 6F 5F 31 2E 30 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 32
30 33 2E 30 2E 31 31 33 2E 37 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20
20 20 20 20 20 20 35 30 30 30 31 32 30 32 36 2D 30 31 2D 30 35 20 30 38 3A 34 34 3A 35 38 32 00
00 80 06 01 09 31 2E 30 20 20 20 20 20 30`

func relayed() client.RelayedTerminal {
	return client.RelayedTerminal{
		AppID: "client_demo_1.0", PublicAddr: netip.MustParseAddrPort("203.0.113.7:50001"),
		LoginTime: time.Date(2026, 1, 5, 0, 44, 58, 0, time.UTC), Type: '2',
	}
}

func submission() client.Submission {
	return client.Submission{
		UserID: "88888888", Terminal: relayed(), KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: loginRequest().Ciphertext,
	}
}

// relayRecorded is the field that an answer to a relay has.
func relayRecorded(e *ftd.Encoder) {
	e.RelayRecorded(&ftd.RelayRecorded{
		RelayAppID: []byte("abcdef_relay_1.6.0"), RelayIP: []byte("198.51.100.4"), RelayPort: 41022,
		RelayLoginTime: []byte("2026-01-05 08:30:00"),
	})
}

var wantRecorded = client.RelayRecorded{
	AppID: "abcdef_relay_1.6.0", Addr: netip.MustParseAddrPort("198.51.100.4:41022"),
	LoginTime: time.Date(2026, 1, 5, 0, 30, 0, 0, time.UTC),
}

func goodTerms() ftd.RelayTerms {
	return ftd.RelayTerms{Window: 256, Rate: 2000, Burst: 10000, MaxTerminalAge: 345600, Features: ftd.TermsTerminalExit}
}

func relayLogin(terms ftd.RelayTerms) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		r := goodResponse()
		r.UserID, r.UserType = []byte("8000admin"), '2'
		e.LoginResponse(&r)
		e.RelayTerms(&terms)
		said(0, "正确")(e)
	}
}

func submitResponse(id string) ftd.SubmitResponse {
	return ftd.SubmitResponse{
		BrokerID: []byte("9999"), UserID: []byte("88888888"), UserType: '2', TradingDay: []byte("20260105"),
		SubmitID: []byte(id), RecordID: []byte("019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"), AbnormalFlag: '0',
	}
}

func submitted(id string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		r := submitResponse(id)
		e.SubmitResponse(&r)
		relayRecorded(e)
		said(0, "正确")(e)
	}
}

func refusedSubmit(id string, code int, text string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)})
		said(code, text)(e)
	}
}

// loggedIn is a Machine of an operator relay that has its terms.
func loggedIn(t *testing.T) *client.Machine {
	t.Helper()
	m := new(client.Machine)
	req := loginRequest()
	out, err := m.AppendLogin(nil, &req)
	must(t, out, err)
	if _, e, err := m.Receive(frame(t, ftd.TIDUserLogin, relayLogin(goodTerms()))); e.Kind != client.LoggedIn {
		t.Fatalf("event %d, error %v", e.Kind, err)
	}
	return m
}

func TestSubmitAsAnIndependentEncoderWritesIt(t *testing.T) {
	want, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "").Replace(exampleSubmit))
	if err != nil {
		t.Fatal(err)
	}
	s := submission()
	want = append(want, s.Ciphertext...)
	id, err := client.ParseSubmitID(exampleSubmitID)
	if err != nil {
		t.Fatal(err)
	}
	m := loggedIn(t)
	got, err := m.AppendSubmit([]byte("before"), id, false, &s)
	if err != nil || !bytes.Equal(got, append([]byte("before"), want...)) {
		t.Errorf("error %v\n% X\nwant\n% X", err, got, want)
	}
	again, err := m.AppendSubmit(nil, id, true, &s)
	if want[90] = '1'; err != nil || !bytes.Equal(again, want) {
		t.Errorf("sent again: error %v\n% X", err, again)
	}
	if m.Pending() != client.NoRequest {
		t.Error("a submission keeps requests waiting")
	}
}

// TestSubmitRefusedHere: what the front would refuse for its form is refused before it is sent.
func TestSubmitRefusedHere(t *testing.T) {
	for name, change := range map[string]func(*client.Submission){
		"no AppID":               func(s *client.Submission) { s.Terminal.AppID = "" },
		"AppID of 31 bytes":      func(s *client.Submission) { s.Terminal.AppID = strings.Repeat("a", 31) },
		"no login time":          func(s *client.Submission) { s.Terminal.LoginTime = time.Time{} },
		"login time in year 10k": func(s *client.Submission) { s.Terminal.LoginTime = time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC) },
		"no address":             func(s *client.Submission) { s.Terminal.PublicAddr = netip.AddrPort{} },
		"port 0": func(s *client.Submission) {
			s.Terminal.PublicAddr = netip.AddrPortFrom(s.Terminal.PublicAddr.Addr(), 0)
		},
		"a zone":                    func(s *client.Submission) { s.Terminal.PublicAddr = netip.MustParseAddrPort("[fe80::1%eth0]:1") },
		"type 8":                    func(s *client.Submission) { s.Terminal.Type = '8' },
		"account of 19 bytes":       func(s *client.Submission) { s.UserID = strings.Repeat("8", 19) },
		"account with a line end":   func(s *client.Submission) { s.UserID = "8888\n" },
		"tag too long":              func(s *client.Submission) { s.Terminal.Tag = &client.TerminalTag{Tag: strings.Repeat("a", 151)} },
		"key version of 9 bytes":    func(s *client.Submission) { s.KeyVersion = "123456789" },
		"ciphertext of 5,000 bytes": func(s *client.Submission) { s.Ciphertext = make([]byte, 5000) },
	} {
		s := submission()
		change(&s)
		if out, err := loggedIn(t).AppendSubmit([]byte("before"), client.SubmitID{}, false, &s); err == nil || string(out) != "before" {
			t.Errorf("%s: sent % X, error %v", name, out, err)
		}
	}
	var m client.Machine
	s := submission()
	if _, err := m.AppendSubmit(nil, client.SubmitID{}, false, &s); !errors.Is(err, client.ErrNotLoggedIn) {
		t.Errorf("before the login: %v", err)
	}
	if _, err := m.AppendTerminalEnd(nil, client.SubmitID{}); !errors.Is(err, client.ErrNotLoggedIn) {
		t.Errorf("before the login: %v", err)
	}
}

// TestSubmitForms: addresses as the front reads them, an order by telephone, and the tag.
func TestSubmitForms(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*client.Submission)
		want   ftd.RelayedTerminal
		tag    string
	}{
		"IPv6": {
			func(s *client.Submission) { s.Terminal.PublicAddr = netip.MustParseAddrPort("[2001:db8::7]:443") },
			ftd.RelayedTerminal{PublicIP: []byte("2001:db8::7"), PublicPort: 443, TerminalType: '2'},
			"",
		},
		"IPv4 in IPv6": {
			func(s *client.Submission) {
				s.Terminal.PublicAddr = netip.MustParseAddrPort("[::ffff:203.0.113.7]:50001")
			},
			ftd.RelayedTerminal{PublicIP: []byte("203.0.113.7"), PublicPort: 50001, TerminalType: '2'},
			"",
		},
		"by telephone": {
			func(s *client.Submission) {
				s.Terminal.PublicAddr, s.Terminal.Type = netip.AddrPort{}, client.TerminalOffline
			},
			ftd.RelayedTerminal{TerminalType: '6'},
			"",
		},
		"not told, tagged": {
			func(s *client.Submission) {
				s.Terminal.Type, s.Terminal.Tag = 0, &client.TerminalTag{MAC: "02:00:00:00:00:01", Tag: "U|1"}
			},
			ftd.RelayedTerminal{PublicIP: []byte("203.0.113.7"), PublicPort: 50001, TerminalType: '0'},
			"02:00:00:00:00:01 U|1",
		},
	} {
		s := submission()
		c.change(&s)
		out, err := loggedIn(t).AppendSubmit(nil, client.SubmitID{}, false, &s)
		f, _, err2 := ftd.DecodeFrame(must(t, out, err), ftd.MaxBodyLen)
		if err2 != nil {
			t.Fatal(err2)
		}
		message, err := ftd.DecodeMessage(f.Body)
		if err != nil {
			t.Fatal(err)
		}
		c.want.AppID, c.want.LoginTime = []byte("client_demo_1.0"), []byte("2026-01-05 08:44:58")
		var got ftd.RelayedTerminal
		data, _ := message.Field(ftd.FIDRelayedTerminal)
		if err := got.Decode(data); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var tag ftd.TerminalTag
		data, has := message.Field(ftd.FIDTerminalTag)
		if has != (c.tag != "") || has && (tag.Decode(data) != nil || string(tag.MAC)+" "+string(tag.Tag) != c.tag) {
			t.Errorf("%s: tag %+v, %v", name, tag, has)
		}
	}
}

// TestRelayAnswers: each message that only relays get, and what is wrong with it.
func TestRelayAnswers(t *testing.T) {
	put := func(all ...func(*ftd.Encoder)) func(*ftd.Encoder) {
		return func(e *ftd.Encoder) {
			for _, f := range all {
				f(e)
			}
		}
	}
	response := func(change func(*ftd.SubmitResponse)) func(*ftd.Encoder) {
		return func(e *ftd.Encoder) {
			r := submitResponse(exampleSubmitID)
			change(&r)
			e.SubmitResponse(&r)
		}
	}
	same := func(*ftd.SubmitResponse) {}
	ref := func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(exampleSubmitID)}) }
	ok := said(0, "正确")
	for name, c := range map[string]struct {
		tid  ftd.TID
		put  func(*ftd.Encoder)
		kind client.EventKind
		err  string
	}{
		"recorded":                 {ftd.TIDTerminalSubmit, submitted(exampleSubmitID), client.Submitted, ""},
		"refused":                  {ftd.TIDTerminalSubmit, refusedSubmit(exampleSubmitID, 9, "无此权限"), client.SubmitRefused, ""},
		"refused without ref":      {ftd.TIDTerminalSubmit, said(9, ""), 0, "violation"},
		"no code":                  {ftd.TIDTerminalSubmit, put(response(same), relayRecorded), 0, "violation"},
		"no RelayRecorded":         {ftd.TIDTerminalSubmit, put(response(same), ok), 0, "violation"},
		"no SubmitResponse":        {ftd.TIDTerminalSubmit, put(relayRecorded, ok), 0, "violation"},
		"SubmitID of version 4":    {ftd.TIDTerminalSubmit, put(response(func(r *ftd.SubmitResponse) { r.SubmitID = []byte("019b7c1e-5c00-4d4e-8a3b-0123456789ab") }), relayRecorded, ok), 0, "violation"},
		"RecordID short":           {ftd.TIDTerminalSubmit, put(response(func(r *ftd.SubmitResponse) { r.RecordID = []byte("019b") }), relayRecorded, ok), 0, "violation"},
		"TradingDay 31 February":   {ftd.TIDTerminalSubmit, put(response(func(r *ftd.SubmitResponse) { r.TradingDay = []byte("20260231") }), relayRecorded, ok), 0, "violation"},
		"ended":                    {ftd.TIDTerminalEnd, put(ref, ok), client.TerminalEnded, ""},
		"unknown terminal":         {ftd.TIDTerminalEnd, put(ref, said(15, "")), client.TerminalEnded, ""},
		"ended without ref":        {ftd.TIDTerminalEnd, ok, 0, "violation"},
		"one terminal must leave":  {ftd.TIDForceExit, put(forced, ref), client.TerminalExit, ""},
		"the connection must":      {ftd.TIDForceExit, forced, 0, "exit"},
		"one that is not named":    {ftd.TIDForceExit, ref, 0, "violation"},
		"submission that is known": {ftd.TIDUserLogin, submitted(exampleSubmitID), 0, "violation"},
	} {
		_, e, err := loggedIn(t).Receive(frame(t, c.tid, c.put))
		if e.Kind != c.kind || kindOf(err) != c.err {
			t.Errorf("%s: event %d, error %v", name, e.Kind, err)
		}
		id, has := e.SubmitID()
		if has != (c.kind != 0) || has && id.String() != exampleSubmitID {
			t.Errorf("%s: SubmitID %v, %v", name, id, has)
		}
		if (e.Receipt() == client.Receipt{}) != (c.kind != client.Submitted) || (e.Exit() == nil) != (c.kind != client.TerminalExit) {
			t.Errorf("%s: receipt %+v, exit %+v", name, e.Receipt(), e.Exit())
		}
	}
	_, e, _ := loggedIn(t).Receive(frame(t, ftd.TIDTerminalSubmit, submitted(exampleSubmitID)))
	want := client.Receipt{
		RecordID: "019b7c1e-5c00-82a5-9c12-7c7d9a77feaf", UserID: "88888888", UserType: '2', TradingDay: "20260105",
		AbnormalFlag: '0', Relay: wantRecorded, Answered: time.Date(2026, 1, 5, 0, 45, 0, 0, time.UTC),
	}
	want.SubmitID, _ = client.ParseSubmitID(exampleSubmitID)
	if diff := cmp.Diff(want, e.Receipt(), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Error(diff)
	}
	_, e, _ = loggedIn(t).Receive(frame(t, ftd.TIDTerminalSubmit, refusedSubmit(exampleSubmitID, 9, "无此权限 [ref 4CV33T]")))
	if e.Refusal == nil || e.Refusal.Code != 9 || e.Refusal.Ref != "4CV33T" {
		t.Errorf("refusal %+v", e.Refusal)
	}
}

// TestRelayRecordedWithoutAddress: a front that does not know any more where the relay was leaves its address empty; half of
// one is the front's mistake.
func TestRelayRecordedWithoutAddress(t *testing.T) {
	for name, c := range map[string]struct {
		port int
		err  string
	}{"not known": {0, ""}, "a port alone": {41022, "violation"}} {
		_, e, err := loggedIn(t).Receive(frame(t, ftd.TIDTerminalSubmit, func(e *ftd.Encoder) {
			r := submitResponse(exampleSubmitID)
			e.SubmitResponse(&r)
			e.RelayRecorded(&ftd.RelayRecorded{
				RelayAppID: []byte("abcdef_relay_1.6.0"), RelayPort: c.port, RelayLoginTime: []byte("2026-01-05 08:30:00"),
			})
			said(0, "正确")(e)
		}))
		if kindOf(err) != c.err {
			t.Errorf("%s: %v", name, err)
		}
		if got := e.Receipt().Relay; err == nil && (got.Addr.IsValid() || got.AppID != wantRecorded.AppID || !got.LoginTime.Equal(wantRecorded.LoginTime)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestTermsOfALogin: an operator relay has terms, and terms that allow nothing are the front's mistake.
func TestTermsOfALogin(t *testing.T) {
	req := loginRequest()
	for name, c := range map[string]struct {
		change func(*ftd.RelayTerms)
		want   client.RelayTerms
		err    string
	}{
		"good":      {func(*ftd.RelayTerms) {}, client.RelayTerms{Window: 256, Rate: 2000, Burst: 10000, MaxTerminalAge: 96 * time.Hour, TerminalExits: true}, ""},
		"no window": {func(f *ftd.RelayTerms) { f.Window = 0 }, client.RelayTerms{}, "violation"},
		"no rate":   {func(f *ftd.RelayTerms) { f.Rate = 0 }, client.RelayTerms{}, "violation"},
	} {
		var m client.Machine
		out, err := m.AppendLogin(nil, &req)
		must(t, out, err)
		terms := goodTerms()
		c.change(&terms)
		_, e, err := m.Receive(frame(t, ftd.TIDUserLogin, relayLogin(terms)))
		if kindOf(err) != c.err || e.LoginResult().Terms != c.want {
			t.Errorf("%s: %+v, %v", name, e.LoginResult().Terms, err)
		}
	}
}

// recordedVia is the answer to a customer's login through a relay.
func recordedVia(e *ftd.Encoder) {
	r := goodResponse()
	r.PublicIP, r.LoginTime = []byte("203.0.113.7"), []byte("2026-01-05 08:44:58")
	e.LoginResponse(&r)
	relayRecorded(e)
	said(0, "正确")(e)
}

// TestLoginVia: many-to-many on a connection, its bytes but for the header being those of an independent encoder.
func TestLoginVia(t *testing.T) {
	got := make(chan []byte, 1)
	c := dial(t, func(f *front) error {
		m, err := f.message()
		if err != nil {
			return err
		}
		data, _ := m.Field(ftd.FIDRelayedTerminal)
		got <- bytes.Clone(data)
		return f.send(ftd.TIDUserLogin, recordedVia)
	})
	login, err := c.LoginVia(context.Background(), loginRequest(), relayed())
	if err != nil {
		t.Fatal(err)
	}
	sent, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "").Replace(exampleSubmit))
	if err != nil {
		t.Fatal(err)
	}
	if data := <-got; !bytes.Equal(data, sent[97:191]) {
		t.Errorf("RelayedTerminal % X", data)
	}
	if diff := cmp.Diff(wantRecorded, login.Relay, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Error(diff)
	}
	if login.PublicAddr != relayed().PublicAddr || !login.LoginTime.Equal(relayed().LoginTime) {
		t.Errorf("%+v", login)
	}
}

// TestLoginViaAnswers: what the answer of a relayed login must have, and when it may lack an address.
func TestLoginViaAnswers(t *testing.T) {
	noAddress := func(e *ftd.Encoder) {
		r := goodResponse()
		r.PublicIP, r.PublicPort = nil, 0
		e.LoginResponse(&r)
		relayRecorded(e)
		said(0, "正确")(e)
	}
	byTelephone := relayed()
	byTelephone.PublicAddr, byTelephone.Type = netip.AddrPort{}, client.TerminalOffline
	here := relayed()
	for name, c := range map[string]struct {
		via *client.RelayedTerminal
		put func(*ftd.Encoder)
		err string
	}{
		"without RelayRecorded":        {&here, recorded, "violation"},
		"without the address":          {&here, noAddress, "violation"},
		"by telephone":                 {&byTelephone, noAddress, ""},
		"direct and without address":   {nil, noAddress, "violation"},
		"refused":                      {&here, said(27, "不支持的功能"), ""},
		"by telephone with an address": {&byTelephone, func(e *ftd.Encoder) { relayRecorded(e); recorded(e) }, ""},
	} {
		var m client.Machine
		req := loginRequest()
		out, err := m.AppendLogin(nil, &req)
		if c.via != nil {
			m = client.Machine{}
			out, err = m.AppendLoginVia(nil, &req, c.via)
		}
		must(t, out, err)
		if _, e, err := m.Receive(frame(t, ftd.TIDUserLogin, c.put)); kindOf(err) != c.err {
			t.Errorf("%s: event %d, error %v", name, e.Kind, err)
		}
	}
}

func TestSubmitIDs(t *testing.T) {
	now := time.UnixMilli(1767573898123)
	seen := map[client.SubmitID]bool{}
	for range 10_000 {
		id := client.NewSubmitID(now)
		back, err := client.ParseSubmitID(id.String())
		if err != nil || back != id || !id.Time().Equal(now) || seen[id] {
			t.Fatalf("%v: %v, %v, %v", id, back, err, id.Time())
		}
		seen[id] = true
	}
	for _, bad := range []string{
		"", exampleSubmitID[1:], exampleSubmitID + "0", strings.ToUpper(exampleSubmitID),
		"019b7c1e-5c00-4d4e-8a3b-0123456789ab", "019b7c1e-5c00-7d4e-0a3b-0123456789ab", "019b7c1e-5c00-7d4e-ca3b-0123456789ab",
		"019b7c1e05c00-7d4e-8a3b-0123456789ab", "{19b7c1e-5c00-7d4e-8a3b-0123456789a}", "019b7c1e-5c00-7d4e-8a3b-0123456789aæ"[:36],
	} {
		if id, err := client.ParseSubmitID(bad); err == nil {
			t.Errorf("%q is taken as %v", bad, id)
		}
	}
}
