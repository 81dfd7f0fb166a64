package coresim

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/testmain"
)

// What a front does wrong ends its link, or is counted, as the package comment says.
func TestFaultsThatEndALink(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	for name, c := range map[string]struct {
		word string
		do   func(f *scripted)
	}{
		"another message before LinkLogin": {"link_login", func(f *scripted) { f.sendVerify(1, "alice", "x", "") }},
		"a second LinkLogin":               {"link_login", func(f *scripted) { f.login(); f.sendLogin('1') }},
		"LinkLogin without identity":       {"link_login", func(f *scripted) { f.end(ftd.Begin(nil, ftd.TIDLinkLogin)) }},
		"a body that is too long":          {"malformed", func(f *scripted) { f.login(); f.write([]byte{1, 0, 0x10, 1}) }},
		"a message that is too short":      {"malformed", func(f *scripted) { f.login(); f.write([]byte{1, 0, 0, 1, 2}) }},
		"a close without reason": {"malformed", func(f *scripted) {
			f.login()
			f.end(ftd.BeginSession(nil, ftd.TIDSessionClose, f.tag(1)))
		}},
	} {
		before := s.Report().Now().Faults[c.word]
		f := dial(t, address)
		c.do(f)
		f.gone()
		if got := s.Report().Now().Faults[c.word]; got != before+1 {
			t.Errorf("%s: %d faults %s", name, got-before, c.word)
		}
	}
}

func TestLinkLoginIsRefused(t *testing.T) {
	t.Parallel()
	_, address := started(t, options())
	for code, spoil := range map[int]func(f *scripted){
		codeField:   func(f *scripted) { f.process = "no UUID"; f.sendLogin('1') },
		codeUnknown: func(f *scripted) { f.sendLogin('2') },
	} {
		f := dial(t, address)
		spoil(f)
		if g := f.next(); g.h.TID != ftd.TIDLinkLogin || f.code(g) != code {
			t.Errorf("%+v, want code %d", g.h, code)
		}
		f.gone()
	}
}

func TestFaultsThatAreCounted(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	count := func(of func(c *Counters) uint64) uint64 { return of(s.Report().Now()) }
	for name, c := range map[string]struct {
		of func(c *Counters) uint64
		do func()
	}{
		"business of nothing": {func(c *Counters) uint64 { return c.UnknownSession }, func() { f.pass(9, business(0x5000, 'S', 1, "")) }},
		"an open of nothing":  {func(c *Counters) uint64 { return c.UnknownSession }, func() { f.open(9) }},
		"an open of an open":  {func(c *Counters) uint64 { return c.UnknownSession }, func() { f.open(1) }},
		"a close of nothing":  {func(c *Counters) uint64 { return c.ClosesOfNothing }, func() { f.reason(ftd.TIDSessionClose, 9, '1') }},
		"an abort of an open": {func(c *Counters) uint64 { return c.UnknownSession }, func() { f.reason(ftd.TIDSessionAbort, 1, '7') }},
		"another front's tag": {func(c *Counters) uint64 { return c.UnknownSession }, func() {
			f.write(ftd.AppendSessionFrame(nil, ftd.SessionTag{FrontID: 2, SessionID: 1}, business(0x5000, 'S', 1, "")))
		}},
		"business without tag": {func(c *Counters) uint64 { return c.UnknownSession }, func() {
			b := business(0x5000, 'S', 1, "")
			frame, _ := ftd.AppendFrame(nil, ftd.FrameFTDC, nil, b)
			f.write(frame)
		}},
		"an abort of nothing": {func(c *Counters) uint64 { return c.AbortsOfNothing }, func() { f.reason(ftd.TIDSessionAbort, 9, '7') }},
		"a TID of the link":   {func(c *Counters) uint64 { return c.UnknownTID }, func() { f.pass(1, business(0x900C, 'S', 1, "")) }},
		"a login as business": {func(c *Counters) uint64 { return c.UnknownTID }, func() { f.pass(1, business(ftd.TIDUserLogin, 'S', 1, "")) }},
	} {
		before := count(c.of)
		c.do()
		f.settled(8)
		if got := count(c.of); got != before+1 {
			t.Errorf("%s: counted %d", name, got-before)
		}
	}
	f.echoed(1, business(0x5000, 'S', 1, "the session goes on"))
}

// Dialog numbers may have gaps, and must rise; the parts of a chain share one.
func TestDialogNumbers(t *testing.T) {
	t.Parallel()
	var d dialog
	for i, c := range []struct {
		chain  byte
		tid    ftd.TID
		number uint32
		want   verdict
	}{
		{'S', 5, 1, inOrder},
		{'S', 5, 1, repeated},
		{'S', 5, 4, inOrder},
		{'S', 5, 1, repeated},
		{'S', 5, 2, outOfOrder},
		{'S', 5, 0, outOfOrder},
		{'F', 5, 5, inOrder},
		{'C', 5, 5, inOrder},
		{'C', 6, 5, cutChain},
		{'C', 5, 6, cutChain},
		{'L', 5, 5, inOrder},
		{'L', 5, 5, cutChain},
		{'F', 5, 5, repeated},
		{'F', 5, 6, inOrder},
		{'S', 5, 7, inOrder},
		{'C', 5, 6, cutChain},
		{'S', 5, 200, inOrder},
		{'S', 5, 7, outOfOrder},
	} {
		if got := d.judge(ftd.Header{TID: c.tid, Chain: c.chain, SequenceNumber: c.number}); got != c.want {
			t.Errorf("%d: %c %d: %d, want %d", i, c.chain, c.number, got, c.want)
		}
	}
	s, f := withSession(t, options())
	f.echoed(1, business(0x5000, 'S', 3, ""))
	f.pass(1, business(0x5000, 'S', 3, ""))
	g := f.next()
	var target ftd.ErrorTargetSequence
	f.field(g, ftd.FIDErrorTargetSequence, &target)
	if g.h.TID != ftd.TIDError || f.code(g) != codeField || target.Number != 3 || s.Report().Now().Duplicates != 1 {
		t.Errorf("%+v %+v", g.h, target)
	}
}

func (f *scripted) changePassword(session int32, number uint32, user, from, to string) int {
	f.t.Helper()
	m := ftd.BeginSession(nil, ftd.TIDPasswordUpdate, f.tag(session))
	m.Sequence(0, number)
	m.PasswordUpdate(&ftd.PasswordUpdate{BrokerID: []byte(broker), UserID: []byte(user), OldPassword: []byte(from), NewPassword: []byte(to)})
	f.end(m)
	g := f.next()
	if g.h.TID != ftd.TIDPasswordUpdate || g.h.SequenceNumber != number {
		f.t.Fatalf("%+v", g.h)
	}
	return f.code(g)
}

// 131, 140 and 141 come with a session that may change the password and nothing else.
func TestPasswordMustBeChangedFirst(t *testing.T) {
	t.Parallel()
	o := options()
	for user, restriction := range map[string]string{"weak": "weak", "first": "first-login", "old": "expired"} {
		o.Accounts = append(o.Accounts, Account{User: user, Password: "p", Restriction: restriction})
	}
	s, address := started(t, o)
	f := linked(t, address)
	for session, c := range map[int32]struct {
		user string
		code int
	}{1: {"weak", 131}, 2: {"first", 140}, 3: {"old", 141}} {
		g := f.verify(session, c.user, "p")
		var v ftd.VerifyResult
		f.field(g, ftd.FIDVerifyResult, &v)
		if f.code(g) != c.code || v.Restriction != '1' || string(v.UserID) != c.user {
			t.Errorf("%s: %d %+v", c.user, f.code(g), v)
		}
		f.pass(session, business(0x5000, 'S', 1, "not allowed"))
		for _, step := range []struct {
			user, from, to string
			code           int
		}{{c.user, "p", "p", 142}, {c.user, "q", "new", 3}, {"alice", "Secret-a", "new", 2}, {c.user, "p", "", 15}, {c.user, "p", "new", 0}} {
			if code := f.changePassword(session, 0, step.user, step.from, step.to); code != step.code { // each with the same number: there it is the terminal's choice
				t.Errorf("%+v: %d", step, code)
			}
		}
		if g := f.verify(session, c.user, "p"); f.code(g) != 3 {
			t.Errorf("%s with the password before: %d", c.user, f.code(g))
		}
		if g := f.verify(session, c.user, "new"); f.code(g) != 0 {
			t.Errorf("%s with the new password: %d", c.user, f.code(g))
		}
		f.open(session)
		f.echoed(session, business(0x5000, 'S', 1, "allowed"))
		if code := f.changePassword(session, 2, c.user, "new", "newer"); code != 0 {
			t.Errorf("an open session's change: %d", code)
		}
	}
	if n := s.Report().Now(); n.BeyondPassword != 3 || n.PasswordsChanged != 6 {
		t.Errorf("%+v", n)
	}
}

func TestRequestCode(t *testing.T) {
	t.Parallel()
	o := options()
	o.Accounts = append(o.Accounts, Account{User: "second", Password: "p", Code: "123456", Mobile: "13800000000"})
	s, address := started(t, o)
	f := linked(t, address)
	for i, c := range []struct {
		broker, user, mobile string
		code                 int
	}{
		{broker, "second", "13800000000", 0},
		{broker, "second", "13900000000", 6014},
		{broker, "nobody", "13800000000", 6014},
		{broker, "alice", "", 6014},
		{"8888", "second", "13800000000", 2},
	} {
		w := writer{}
		w.text(10, c.broker)
		w.text(18, c.user)
		w.text(20, c.mobile)
		m := ftd.BeginSession(nil, ftd.TIDRequestCode, f.tag(int32(i)))
		m.Raw(0x1001, w.data)
		f.end(m)
		if g := f.next(); g.h.TID != ftd.TIDRequestCode || g.tag.SessionID != int32(i) || f.code(g) != c.code {
			t.Errorf("%+v: %v, %d", c, g.h, f.code(g))
		}
	}
	if s.Report().Now().CodeRequests != 5 {
		t.Error("not counted")
	}
}

// A core that has nothing to say sends heartbeats, and ends a link that it hears nothing of for three of them.
func TestHeartbeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(options())
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		s.take(theirs)
		f := on(t, ours)
		f.login()
		begin := time.Now()
		var beat [6]byte
		for i := range 2 {
			if _, err := ours.Read(beat[:]); err != nil || beat != [6]byte{0, 2, 0, 0, 4, 0} {
				t.Fatalf("%x, %v", beat, err)
			}
			if late := time.Since(begin) - time.Duration(i+1)*5*time.Second; late < 0 || late > 100*time.Millisecond {
				t.Errorf("heartbeat %d came after %v", i+1, time.Since(begin))
			}
		}
		f.write(ftd.AppendHeartbeat(nil))
		heard := time.Now()
		f.gone()
		if silent := time.Since(heard); silent < 15*time.Second || silent > 16*time.Second || s.Report().Now().Faults["silent"] != 1 {
			t.Errorf("the link ended after %v: %+v", silent, s.Report().Now())
		}
		_ = s.Close()
	})
}

func TestMarketStatusIsRegular(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.MarketStatus, o.Heartbeat = 3*time.Second, 60*time.Second
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		s.take(theirs)
		f := on(t, ours)
		f.login()
		begin := time.Now()
		for i := range 3 {
			if g := f.next(); g.h.TID != TIDMarketStatus || number(g) != int32(i+1) {
				t.Errorf("%+v", g.h)
			}
		}
		if took := time.Since(begin); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("three took %v", took)
		}
		_ = s.Close()
	})
}

// A front that does not read holds up neither another front nor a fill for it; past MaxQueued its link ends.
func TestFrontThatDoesNotRead(t *testing.T) {
	t.Parallel()
	o := options()
	o.Heartbeat = 999 * time.Second // on a slow machine it would end for its silence first
	s, address := started(t, o)
	deaf, f := linked(t, address), dial(t, address)
	f.id = 2
	f.login()
	f.opened(1, "alice")
	text := "broadcast B " + strings.Repeat("x", 60)
	for i := range uint32(1000) {
		for range 300 {
			do(t, s, text)
		}
		f.pass(1, business(0x5000, 'S', i+1, ""))
		for got := f.next(); got.h.TID != 0x5000; {
			got = f.next()
		}
		if s.Report().Now().Faults["slow_front"] == 1 {
			f.pass(1, business(0x5000, 'S', i+2, ""))
			if g := f.next(); g.h.TID != 0x5000 {
				t.Errorf("%+v", g.h)
			}
			deaf.gone()
			return
		}
	}
	t.Errorf("the link did not end, or for another fault: %v", s.Report().Now().Faults)
}

func TestTLSAndUnix(t *testing.T) {
	t.Parallel()
	authority := certificates.New(t)
	until := time.Now().Add(time.Hour)
	core, client := authority.Issue(t, "core.firm", until).TLS(t), authority.Issue(t, "front.firm", until).TLS(t)
	stranger := certificates.New(t).Issue(t, "front.firm", until).TLS(t)
	s, _ := started(t, options())
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(tls.NewListener(plain, ServerTLS(core, authority.Pool()))) }()
	good := tls.Config{MinVersion: tls.VersionTLS13, RootCAs: authority.Pool(), ServerName: "core.firm", NextProtos: []string{ALPN}, Certificates: []tls.Certificate{client}}
	for name, spoil := range map[string]func(c *tls.Config){
		"good": nil, "no certificate": func(c *tls.Config) { c.Certificates = nil }, "another authority": func(c *tls.Config) { c.Certificates[0] = stranger },
		"TLS 1.2": func(c *tls.Config) { c.MinVersion, c.MaxVersion = 0, tls.VersionTLS12 }, "no ALPN": func(c *tls.Config) { c.NextProtos = nil },
		"another ALPN": func(c *tls.Config) { c.NextProtos = []string{"h2"} },
	} {
		config := good.Clone()
		config.Certificates = []tls.Certificate{client}
		if spoil != nil {
			spoil(config)
		}
		c, err := net.Dial("tcp", plain.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		f := on(t, tls.Client(c, config))
		if spoil == nil {
			f.login()
			f.opened(1, "alice")
			f.echoed(1, business(0x5000, 'S', 1, strings.Repeat("x", 4000)))
			continue
		}
		if err := f.c.(*tls.Conn).Handshake(); err == nil { // in TLS 1.3 the core's refusal comes behind it
			if _, err := f.receive(); err == nil {
				t.Errorf("%s: a frame came", name)
			}
		}
	}
	dir := testmain.ShortDir(t)
	path := filepath.Join(dir, "core")
	u, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(u) }()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	f := on(t, c)
	f.id = 2
	f.login()
	f.opened(1, "bob")
	f.echoed(1, business(0x5000, 'S', 1, ""))
}

// The socket of a killed process does not keep its successor from listening.
func TestSocketOfAKilledProcess(t *testing.T) {
	t.Parallel()
	dir := testmain.ShortDir(t)
	path := filepath.Join(dir, "core")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	_ = dead.Close()
	l, err := listen("unix:"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := listen("unix:"+path, nil); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path+"2", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := listen("unix:"+path+"2", nil); err == nil {
		_ = l.Close()
		t.Error("a file was replaced by a socket")
	}
}
