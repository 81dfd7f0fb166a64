package coresim

import (
	"bytes"
	"errors"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
)

// withSession is a front with a session of alice's.
func withSession(t *testing.T, o Options) (*Server, *scripted) {
	t.Helper()
	s, address := started(t, o)
	f := linked(t, address)
	f.opened(1, "alice")
	return s, f
}

func (f *scripted) change() ftd.LinkAccept {
	f.t.Helper()
	g := f.next()
	if g.h.TID != ftd.TIDStateChange {
		f.t.Fatalf("%v, want StateChange", g.h.TID)
	}
	var a ftd.LinkAccept
	f.field(g, ftd.FIDLinkAccept, &a)
	return a
}

func (f *scripted) credit() int32 {
	f.t.Helper()
	g := f.next()
	var c ftd.LinkCredit
	f.field(g, ftd.FIDLinkCredit, &c)
	return c.Frames
}

func TestCrashEndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	crashed := make(chan struct{})
	o := options()
	o.Crash = func() { close(crashed) }
	s, f := withSession(t, o)
	do(t, s, "crash")
	<-crashed
	f.gone()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); !errors.Is(err, ErrCrashed) {
		t.Errorf("Serve: %v", err)
	}
}

// In a stall nothing is read and nothing is written; its end may come early.
func TestStall(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	f.echoed(1, business(0x5000, 'S', 1, ""))
	do(t, s, "stall 1h")
	f.pass(1, business(0x5000, 'S', 2, ""))
	do(t, s, "broadcast B stalled")
	_ = f.c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	var one [1]byte
	if n, err := f.c.Read(one[:]); n > 0 || err == nil {
		t.Errorf("%d bytes came", n)
	}
	if n := s.Report().Now().Business; n != 1 {
		t.Errorf("%d business messages were read", n)
	}
	do(t, s, "stall 0s")
	tids := map[ftd.TID]bool{f.next().h.TID: true, f.next().h.TID: true}
	if !tids[0x5000] || !tids[TIDMarketStatus] {
		t.Errorf("%v", tids)
	}
}

func TestCloseEndsAStall(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	do(t, s, "stall 1h")
	f.pass(1, business(0x5000, 'S', 1, ""))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestMute(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	do(t, s, "mute 1h")
	f.pass(1, business(0x5000, 'S', 1, "lost"))
	f.sendVerify(2, "bob", "Secret-b", "")
	await.True(t, "the core to read", func() bool { return s.Report().Now().Verifies == 2 })
	do(t, s, "mute 0s")
	f.echoed(1, business(0x5000, 'S', 2, "answered"))
	if n := s.Report().Now(); n.Muted != 1 || n.Business != 2 {
		t.Errorf("%+v", n)
	}
}

// A late answer comes after business that was sent behind it, and also if the front has given up.
func TestLateVerify(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	do(t, s, "late-verify 1h")
	f.sendVerify(2, "bob", "Secret-b", "")
	f.echoed(1, business(0x5000, 'S', 1, ""))
	f.reason(ftd.TIDSessionAbort, 2, ftd.ReasonRecordFailed)
	f.echoed(1, business(0x5000, 'S', 2, ""))
	if n := s.Report(); n.Now().Aborts != 1 || n.Sessions["reserved"] != 0 {
		t.Errorf("%+v", n)
	}
	do(t, s, "late-verify 0s")
	if g := f.next(); g.h.TID != ftd.TIDSessionVerify || g.tag.SessionID != 2 || f.code(g) != 0 {
		t.Errorf("%v for session %d", g.h, g.tag.SessionID)
	}
	do(t, s, "late-verify 60ms")
	begin := time.Now()
	f.sendVerify(3, "bob", "Secret-b", "")
	if g := f.next(); g.h.TID != ftd.TIDSessionVerify || g.tag.SessionID != 3 || f.code(g) != 0 || time.Since(begin) < 60*time.Millisecond {
		t.Errorf("%v after %v", g.h, time.Since(begin))
	}
}

// The window is filled up again when half of it is used, and what is given is never exceeded by a front that obeys.
func TestCreditWindow(t *testing.T) {
	t.Parallel()
	o := options()
	o.Credit = 4
	s, f := withSession(t, o)
	left, number := f.accept.Credit, uint32(0)
	for range 20 {
		number++
		f.pass(1, business(0x5000, 'S', number, ""))
		for left--; ; {
			g := f.next()
			if g.h.TID == 0x5000 {
				break
			}
			var c ftd.LinkCredit
			f.field(g, ftd.FIDLinkCredit, &c)
			left += c.Frames
		}
		if left < 1 || left > 4 {
			t.Fatalf("credit %d after %d messages", left, number)
		}
	}
	for range 5 { // without waiting for more
		number++
		f.pass(1, business(0x5000, 'S', number, ""))
	}
	f.settled(9)
	if n := s.Report().Now(); n.OverCredit != 0 {
		t.Errorf("%+v", n)
	}
}

func TestCreditOnCommand(t *testing.T) {
	t.Parallel()
	o := options()
	o.Credit = 2
	s, f := withSession(t, o)
	do(t, s, "no-credit")
	if a := f.change(); a.Credit != 0 {
		t.Errorf("%+v", a)
	}
	do(t, s, "credit 3")
	if n := f.credit(); n != 3 {
		t.Errorf("credit %d", n)
	}
	for i := range uint32(3) {
		f.echoed(1, business(0x5000, 'S', i+1, "")) // and no more credit comes
	}
	do(t, s, "credit auto")
	if a := f.change(); a.Credit != 2 {
		t.Errorf("%+v", a)
	}
	f.pass(1, business(0x5000, 'S', 4, ""))
	if n := f.credit(); n != 1 {
		t.Errorf("credit %d", n)
	}
}

// A front that sends more than its credit is counted.
func TestOverCredit(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	do(t, s, "no-credit")
	f := linked(t, address)
	if f.accept.Credit != 0 {
		t.Errorf("%+v", f.accept)
	}
	l := &link{e: s.engine, credit: 0}
	l.spend()
	if s.engine.count.OverCredit != 1 {
		t.Errorf("%+v", s.engine.count)
	}
}

// The front's own credit holds business back, and nothing else.
func TestFrontsCredit(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	grant := func(n int32) {
		m := ftd.Begin(nil, ftd.TIDLinkCredit)
		m.LinkCredit(&ftd.LinkCredit{Frames: n})
		f.end(m)
	}
	grant(1)
	f.echoed(1, business(0x5000, 'S', 1, ""))
	f.pass(1, business(0x5000, 'S', 2, ""))
	f.pass(1, business(0x5000, 'S', 3, ""))
	if g := f.settled(9); g.h.TID != ftd.TIDSessionVerify {
		t.Fatalf("%v came without credit", g.h)
	}
	grant(1)
	if g := f.next(); g.h.SequenceNumber != 2 {
		t.Errorf("%+v", g.h)
	}
	grant(ftd.UnlimitedCredit)
	if g := f.next(); g.h.SequenceNumber != 3 {
		t.Errorf("%+v", g.h)
	}
	grant(0) // it gives nothing, and takes nothing away
	f.echoed(1, business(0x5000, 'S', 4, ""))
	grant(math.MaxInt32)
	grant(math.MaxInt32)
	f.echoed(1, business(0x5000, 'S', 5, ""))
	grant(-2)
	f.gone()
	if n := s.Report().Now(); n.Faults["bad_credit"] != 1 {
		t.Errorf("%+v", n)
	}
}

func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	do(t, s, "wrong unknown-session")
	f.pass(1, business(0x5000, 'S', 1, ""))
	if g := f.next(); g.tag.SessionID != noSession {
		t.Errorf("%v", g.tag)
	}
	do(t, s, "wrong twice 2")
	for i := range uint32(2) {
		f.pass(1, business(0x5000, 'S', i+2, ""))
		if one, two := f.next(), f.next(); !bytes.Equal(one.frame.Body, two.frame.Body) || one.tag != two.tag || one.h.SequenceNumber != i+2 {
			t.Errorf("%+v, %+v", one.h, two.h)
		}
	}
	f.echoed(1, business(0x5000, 'S', 4, ""))
	do(t, s, "wrong twice")
	if one, two := f.verify(2, "bob", "Secret-b"), f.next(); two.h.TID != ftd.TIDSessionVerify || two.tag != one.tag {
		t.Errorf("%+v", two.h)
	}
	do(t, s, "wrong unasked 2")
	for range 2 {
		if g := f.next(); g.h.TID != ftd.TIDSessionVerify || g.tag.SessionID != noSession {
			t.Errorf("%v %v", g.h, g.tag)
		}
	}
	for kind, fault := range map[string]ftd.Fault{"malformed": ftd.FaultContentLength, "oversize": ftd.FaultBodyLong} {
		s, f := withSession(t, options())
		do(t, s, "wrong "+kind)
		f.pass(1, business(0x5000, 'S', 1, ""))
		if _, err := f.receive(); !errors.Is(err, fault) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestTermStateAndTradingDay(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	f.echoed(1, business(0x5000, 'S', 1, ""))
	for _, c := range []struct {
		line  string
		term  int32
		state ftd.CoreState
		day   string
	}{
		{"new-term", 2, 'A', day},
		{"new-term 9", 9, 'A', day},
		{"new-term 3", 3, 'A', day},
		{"trading-day 20250101", 3, 'A', "20250101"},
		{"trading-day 20260105", 3, 'A', day},
	} {
		do(t, s, c.line)
		if a := f.change(); a.Term != c.term || a.State != c.state || string(a.TradingDay) != c.day || string(a.Instance) != s.Instance() {
			t.Errorf("%s: %+v", c.line, a)
		}
	}
	f.echoed(1, business(0x5000, 'S', 2, "the session goes on"))
	for line, code := range map[string]int{"standby": codeInactive, "initialising": codeInitialising} {
		do(t, s, line)
		if a := f.change(); a.State != s.engine.state {
			t.Errorf("%s: %+v", line, a)
		}
		if g := f.verify(2, "alice", "Secret-a"); f.code(g) != code {
			t.Errorf("%s: %d", line, f.code(g))
		}
	}
	f.pass(1, business(0x5000, 'S', 3, "it ended"))
	f.settled(2)
	do(t, s, "active")
	f.change()
	if g := f.verify(1, "alice", "Secret-a"); f.code(g) != 0 {
		t.Errorf("%d", f.code(g))
	}
	if n := s.Report().Now(); n.NotActive != 1 || n.UnknownSession != 0 {
		t.Errorf("%+v", n)
	}
}

// On a later trading day numbers begin again.
func TestNextTradingDay(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	do(t, s, "broadcast B one")
	do(t, s, "trading-day 20260106")
	do(t, s, "broadcast B two")
	if one := f.next(); number(one) != 1 {
		t.Errorf("%+v", one.h)
	}
	f.change()
	if two := f.next(); number(two) != 1 {
		t.Errorf("%+v", two.h)
	}
}

func TestKick(t *testing.T) {
	t.Parallel()
	s, f := withSession(t, options())
	f.opened(2, "bob")
	f.echoed(2, business(0x5000, 'S', 1, ""))
	if answer := do(t, s, "kick alice"); answer != "1 sessions" {
		t.Error(answer)
	}
	g := f.next()
	var exit ftd.ForceExit
	f.field(g, ftd.FIDForceExit, &exit)
	if g.h.TID != ftd.TIDSessionKick || g.tag.SessionID != 1 || exit.Code != '1' {
		t.Errorf("%v %v %+v", g.h, g.tag, exit)
	}
	if answer := do(t, s, "kick alice"); answer != "0 sessions" {
		t.Error(answer)
	}
	f.reason(ftd.TIDSessionClose, 1, ftd.ReasonKicked)
	f.echoed(2, business(0x5000, 'S', 2, ""))
	if n := s.Report(); n.Now().Closes["3"] != 1 || n.Sessions["open"] != 1 {
		t.Errorf("%+v", n)
	}
}

func TestRefuseResume(t *testing.T) {
	t.Parallel()
	s, address := started(t, options())
	f := linked(t, address)
	record := f.opened(1, "alice")
	do(t, s, "refuse-resume on")
	if code, _ := f.resume(1, "alice", record); code != codeBusy {
		t.Errorf("%d", code)
	}
	do(t, s, "refuse-resume off")
	if code, _ := f.resume(1, "alice", record); code != 0 {
		t.Errorf("%d", code)
	}
}

func TestCommandsAreChecked(t *testing.T) {
	t.Parallel()
	s, err := New(options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, line := range []string{
		"", "nosuch", "stall", "stall x", "stall -1s", "stall 1s 2s", "mute", "late-verify soon", "credit", "credit 0", "credit 3000000000",
		"wrong", "wrong day", "wrong twice 0", "wrong twice x", "wrong twice 1 2", "new-term x", "new-term 1 2", "trading-day", "trading-day 2026",
		"kick", "broadcast B", "broadcast X text", "broadcast B " + strings.Repeat("x", 61), "refuse-resume", "refuse-resume x", "standby now",
	} {
		if answer, err := s.Do(line); err == nil {
			t.Errorf("%q was answered %q", line, answer)
		}
	}
	if n := len(Help()); n != len(commands) || n < 20 {
		t.Errorf("%d lines of help", n)
	}
}
