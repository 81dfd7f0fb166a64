package daemon

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
	"github.com/tradefront/tradefront/test/testmain"
)

const corePassword = "Secret123"

// linkedFront is a front with a trading core's socket before it; the core need not be there.
type linkedFront struct {
	t      *testing.T
	site   *site.Site
	daemon *Daemon
	socket string
}

func newLinkedFront(t *testing.T, change func(*config.Config)) *linkedFront {
	t.Helper()
	made, err := site.New(t.TempDir(), "", "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Enrol(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := testmain.ShortDir(t)
	f := &linkedFront{t: t, site: made, socket: filepath.Join(run, "core.sock")}
	made.Config.Core.Driver = assemble.DriverLink
	made.Config.Core.Link.Endpoints = config.CoreEndpoints{{Unix: f.socket}}
	if change != nil {
		change(made.Config)
	}
	f.daemon, err = Start(t.Context(), made.Config, Options{Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.daemon.Stop(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// startCore starts a core behind the front, and waits until the front uses it.
func (f *linkedFront) startCore(o coresim.Options) *coresim.Server {
	f.t.Helper()
	if o.TradingDay == "" {
		day, _ := f.daemon.path.Gateway.Policy().Calendar.TradingDayOf(time.Now())
		o.TradingDay = day.String()
	}
	core, err := coresim.New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	listener, err := net.Listen("unix", f.socket)
	if err != nil {
		f.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- core.Serve(listener) }()
	f.t.Cleanup(func() {
		_ = core.Close()
		if err := <-done; !errors.Is(err, coresim.ErrClosed) && !errors.Is(err, coresim.ErrCrashed) {
			f.t.Error(err)
		}
	})
	if o.State == 0 || o.State == ftd.CoreActive {
		f.awaitReady(true)
	}
	return core
}

// awaitReady waits for the front to use a core, or to have none.
func (f *linkedFront) awaitReady(ready bool) {
	f.t.Helper()
	await.True(f.t, "the core's check", func() bool {
		got, _ := f.daemon.checkCore()
		return got == ready
	})
}

// dial is a terminal that has authenticated.
func (f *linkedFront) dial() *terminaltest.Terminal {
	f.t.Helper()
	m := terminaltest.Dial(f.t, f.daemon.Addrs()[0].String(), nil)
	app := f.site.Firm.Apps[0]
	m.Authenticate(client.Identity{BrokerID: "9999", AppID: string(app.AppID), ProductInfo: "t", Cipher: app.Cipher}, app.AuthCode)
	return m
}

func loginOf(user, password string) []byte {
	return terminaltest.Login(client.LoginRequest{BrokerID: "9999", UserID: user, Password: password, KeyVersion: "1.0", AbnormalFlag: '1'})
}

func (f *linkedFront) records() int {
	f.t.Helper()
	n, _, err := f.daemon.path.Journal.Pending(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return int(n)
}

// TestLoginByTheCore: the core says who may log in, what it tells the customer arrives, and its session is open with
// the record's ID before the terminal is answered; what it refuses leaves no record.
func TestLoginByTheCore(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	core := f.startCore(coresim.Options{Accounts: []coresim.Account{
		{User: "88888888", Password: corePassword, LastLogin: "2026-01-02 09:00:00", LastIP: "198.51.100.9", Notice: "保证金不足"},
		{User: "77777777", Password: corePassword, Type: "operator", Locked: true},
		{User: "66666666", Password: corePassword, Code: "123456"},
	}})
	m := f.dial()
	for _, refused := range []struct {
		user, password string
		code           int
	}{
		{"88888888", "wrong", 3}, {"12345678", corePassword, 3}, {"77777777", corePassword, 75}, {"66666666", corePassword, 6020},
	} {
		m.Send(loginOf(refused.user, refused.password))
		r := m.Expect(ftd.TIDUserLogin, refused.code)
		if r.Ref == "" {
			t.Errorf("%d: the text has no reference", refused.code)
		}
		if refused.code == 3 {
			m = f.dial() // three of those would close it
		}
	}
	m.Send(loginOf("88888888", corePassword))
	answer := m.Expect(ftd.TIDUserLogin, 0).Login()
	if got := [3]string{string(answer.LastLogin), string(answer.LastIP), string(answer.Notice)}; got != [3]string{"2026-01-02 09:00:00", "198.51.100.9", "保证金不足"} {
		t.Errorf("the core told %q", got)
	}
	await.True(t, "the core has the session with the terminal's record", func() bool { // written before the answer, read by the core when it likes
		return slices.Equal(core.Records(), []string{string(answer.RecordID)})
	})
	if n := f.records(); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestCoreAway: a front without its core is not ready, and answers 8, or 7 while the core is starting: never 3.
func TestCoreAway(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, func(c *config.Config) { c.Core.Link.Grace = 0 })
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 8)
	if ready, why := f.daemon.checkCore(); ready || !strings.Contains(why, f.socket) {
		t.Errorf("ready %v: %s", ready, why)
	}
	core := f.startCore(coresim.Options{State: ftd.CoreInitialising, Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	await.True(t, "the core says that it is starting", func() bool {
		_, why := f.daemon.checkCore()
		return strings.Contains(why, "initialising")
	})
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 7)
	if _, err := core.Do("active"); err != nil {
		t.Fatal(err)
	}
	f.awaitReady(true)
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 0)
	if n := f.records(); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestSlowVerify: a core that does not answer in time costs the login 90, no record stays, and the answer that comes
// later lets no customer in.
func TestSlowVerify(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, func(c *config.Config) { c.Core.Link.VerifyTimeout = 200 * time.Millisecond })
	core := f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	if _, err := core.Do("late-verify 1h"); err != nil { // the front gives up first, however slow the machine is
		t.Fatal(err)
	}
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 90)
	if _, err := core.Do("late-verify 0s"); err != nil { // the answer comes now
		t.Fatal(err)
	}
	await.True(t, "the late answer is discarded", func() bool {
		return f.daemon.coreLink.discarded.by([]string{"", "", "", "", "", "", "", "late_verify"})["late_verify"] == 1
	})
	if got := answerInTime(t, m, loginOf("88888888", corePassword)); got != 0 {
		t.Errorf("the next login was answered %d, want 0", got)
	}
	if n := f.records(); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// answerInTime logs in until the core answers in time: on a busy machine a core that does nothing wrong may be too late, too.
func answerInTime(t *testing.T, m *terminaltest.Terminal, login []byte) (code int) {
	t.Helper()
	await.True(t, "the core to answer in time", func() bool {
		m.Send(login)
		code = m.Next().Code
		return code != 90
	})
	return code
}

// TestLateAnswerIsNotTheNextLogins: the core's answer to a login that was given up says nothing of the next one on
// that connection. If it did, a wrong password could log in behind a right one.
func TestLateAnswerIsNotTheNextLogins(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, func(c *config.Config) { c.Core.Link.VerifyTimeout = 500 * time.Millisecond })
	core := f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	do := func(command string) {
		if _, err := core.Do(command); err != nil {
			t.Fatal(err)
		}
	}
	m := f.dial()
	do("late-verify 1h")
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 90)
	wrong := loginOf("88888888", "wrong")
	m.Send(wrong)
	await.True(t, "the core to have both", func() bool { return core.Report().Now().Verifies == 2 })
	do("late-verify 0s") // the right one's answer comes while the wrong one waits for its own, if the front has not given up that one as well
	if got := m.Next().Code; got != 3 && got != 90 {
		t.Errorf("the second login was answered %d, want 3 or 90", got)
	}
	if got := answerInTime(t, m, wrong); got != 3 {
		t.Errorf("the third login was answered %d, want 3", got)
	}
	if n := f.records(); n != 0 {
		t.Errorf("%d records, want none", n)
	}
}

// TestCoreWithAnotherTradingDay: such a core is not used: its orders would be of another day than the front's records.
func TestCoreWithAnotherTradingDay(t *testing.T) {
	t.Parallel()
	f := newLinkedFront(t, nil)
	core := f.startCore(coresim.Options{State: ftd.CoreStandby, TradingDay: "20200102", Accounts: []coresim.Account{{User: "88888888", Password: corePassword}}})
	if _, err := core.Do("active"); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the alarm", func() bool {
		ok, why := f.daemon.checkCoreLink()
		return !ok && strings.Contains(why, "20200102")
	})
	m := f.dial()
	m.Send(loginOf("88888888", corePassword))
	m.Expect(ftd.TIDUserLogin, 8)
}

// order is a business message: an order to core-sim with that number of the dialog.
func order(t *testing.T, number uint32, o *coresim.Order) []byte {
	t.Helper()
	e := ftd.Begin(nil, coresim.TIDOrderInsert)
	e.Sequence(0, number)
	data, err := o.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e.Raw(coresim.FIDOrder, data)
	frame, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// TestFlowFromItsBeginning: a terminal that comes back asks for the day's fills, and gets all of them in their order
// right behind the answer to its login, although they are more than it could leave unread in one piece.
func TestFlowFromItsBeginning(t *testing.T) {
	t.Parallel()
	const fills = 1500
	f := newLinkedFront(t, func(c *config.Config) { c.Limits.OutboundBytes = 64 << 10 })
	core := f.startCore(coresim.Options{Accounts: []coresim.Account{{User: "88888888", Password: corePassword}, {User: "77777777", Password: corePassword}}})
	buyer, seller := f.dial(), f.dial()
	buyer.Send(loginOf("88888888", corePassword))
	buyer.Expect(ftd.TIDUserLogin, 0)
	seller.Send(loginOf("77777777", corePassword))
	seller.Expect(ftd.TIDUserLogin, 0)
	seller.Send(order(t, 1, &coresim.Order{Ref: "s", Instrument: "SIM2612", Direction: coresim.Sell, Price: 4000, Volume: fills}))
	seller.Expect(coresim.TIDOrderInsert, 0)
	for i := range uint32(fills) {
		buyer.Send(order(t, i+1, &coresim.Order{Ref: fmt.Sprint("b", i), Instrument: "SIM2612", Direction: coresim.Buy, Price: 4000, Volume: 1}))
		buyer.Expect(coresim.TIDOrderInsert, 0)
		if r := buyer.Expect(coresim.TIDTradeInsertSingle, terminaltest.NoCode); r.SequenceNumber != i+1 {
			t.Fatalf("fill %d has the number %d", i+1, r.SequenceNumber)
		}
	}
	back := f.dial()
	e := ftd.Begin(nil, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte("88888888"), Password: []byte(corePassword)})
	e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte("1.0"), AbnormalFlag: '1'})
	e.ResumePoints(&ftd.ResumePoints{Count: 1, Points: [ftd.MaxResumePoints]ftd.Point{{Series: core.Series("88888888"), Number: 0}}})
	frame, err := e.End()
	if err != nil {
		t.Fatal(err)
	}
	back.Send(frame)
	back.Expect(ftd.TIDUserLogin, 0)
	for i := range uint32(fills) {
		if r := back.Expect(coresim.TIDTradeInsertSingle, terminaltest.NoCode); r.SequenceNumber != i+1 || r.SequenceSeries != core.Series("88888888") {
			t.Fatalf("fill %d has the number %d of series %d", i+1, r.SequenceNumber, r.SequenceSeries)
		}
	}
}
