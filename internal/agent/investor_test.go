package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestInvestorLogin: the customer's request goes up as it came, with what the agent saw, and the front's answer comes back.
func TestInvestorLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came ftd.Message
		f, u := investor(t, map[string][]func(*link){"a": {func(l *link) {
			l.admit('2')
			came, _ = l.message()
			l.send(0x1234) // of the core, before the answer: a front sends nothing then
			l.send(ftd.TIDUserLogin, response, recorded, said(0))
			hold(l)
		}}})
		a := attempt(new(terminal), info(1))
		request, arrived := bytes.Clone(a.Request), a.Arrived
		a.Resume = ftd.ResumePoints{Count: 1}
		got := f.agent.Login(t.Context(), peer(1), &a)
		var (
			via ftd.RelayedTerminal
			ti  ftd.TerminalInfo
		)
		raw, _ := came.Field(ftd.FIDRelayedTerminal)
		told := via.Decode(raw)
		raw, _ = came.Field(ftd.FIDTerminalInfo)
		of := ti.Decode(raw)
		raw, _ = came.Field(ftd.FIDLoginRequest)
		if told != nil || of != nil || !bytes.Equal(raw, request) || string(via.AppID) != "vendor_app_1" || string(via.PublicIP) != "203.0.113.7" || via.PublicPort != 50001 ||
			string(via.LoginTime) != arrived.In(regulation.Zone).Format(time.DateTime) || via.TerminalType != '0' || ti.AbnormalFlag != '0' || !bytes.Equal(ti.Ciphertext, info(1)) {
			t.Errorf("sent %x %+v %+v", raw, via, ti)
		}
		if _, has := came.Field(ftd.FIDResumePoints); !has {
			t.Error("ResumePoints are not passed on")
		}
		r := got.Receipt
		if got.Reason != reason.OK || got.Session == nil || r.RecordID.String() != record || r.FrontID != 7 || r.SessionID != 9 || r.SystemName != "the front" ||
			r.Notice != "welcome" || r.Public != netip.MustParseAddrPort("203.0.113.7:50001") || r.Via == nil || r.Via.AppID != "a_relay_1" {
			t.Errorf("%+v", got)
		}
		if strings.Trim(string(a.Request)+string(a.Password), "\x00") != "" {
			t.Error("the password is not wiped")
		}
		if line := f.last(); line.RecordID.String() != record || line.AppID != "vendor_app_1" || line.Account != "88888888" {
			t.Errorf("audit line %+v", line)
		}
		check(t, "terminals", f.agent.Online(), 1)
		if ahead := f.agent.ClockAhead(); ahead > -time.Hour { // a bubble is in 2000
			t.Errorf("ahead %v", ahead)
		}
		if up, why := f.agent.Upstream(); !up || !strings.Contains(why, "1 terminals") {
			t.Errorf("%v %s", up, why)
		}
		got.Session.Close(ftd.ReasonGone, "")
		f.agent.Ended(peer(1), nil, reason.PeerClosed)
		check(t, "terminals", f.agent.Online(), 0)
		check(t, "connections", len(u.connections()), 1)
	})
}

// TestInvestorRefusals: what each answer of a front is to the terminal; the connection to the front ends. After what another
// front may answer otherwise, and after no answer, the next login goes to another one first, which is away here.
func TestInvestorRefusals(t *testing.T) {
	no := func(code int) func(*link) { return answers(said(code)) }
	for name, c := range map[string]struct {
		front func(*link)
		want  reason.Reason
		code  int
		text  string
	}{
		"7":      {no(7), reason.UpstreamRefused, 7, "front says no"},
		"8":      {no(8), reason.UpstreamRefused, 8, "front says no"},
		"90":     {no(90), reason.UpstreamRefused, 90, "front says no"},
		"3":      {no(3), reason.UpstreamRefused, 3, "front says no"},
		"75":     {no(75), reason.UpstreamRefused, 75, "front says no"},
		"143":    {no(143), reason.UpstreamRefused, 143, "front says no"},
		"63":     {no(63), reason.UpstreamRefused, 63, "front says no"},
		"9":      {no(9), reason.UpstreamRefused, 3, ""},
		"27":     {no(27), reason.UpstreamAway, 0, ""},
		"77":     {no(77), reason.UpstreamAway, 0, ""},
		"closed": {func(l *link) { l.admit('2'); l.message() }, reason.StoreInDoubt, 0, ""},
		"60 at once": {func(l *link) {
			l.message()
			l.send(ftd.TIDAuthenticate, said(60))
		}, reason.UpstreamRefused, 60, "front says no"},
		"63 at once": {func(l *link) {
			l.message()
			l.send(ftd.TIDAuthenticate, said(63))
		}, reason.UpstreamAway, 0, ""},
		"closed at once": {func(l *link) { l.admit('2') }, reason.UpstreamAway, 0, ""},
		"ForceExit": {func(l *link) {
			l.admit('2')
			l.message()
			l.send(ftd.TIDForceExit, func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '2'}) })
		}, reason.UpstreamAway, 0, ""},
		"no Error":         {answers(response, recorded), reason.StoreInDoubt, 0, ""},
		"no LoginResponse": {answers(recorded, said(0)), reason.StoreInDoubt, 0, ""},
		"no RelayRecorded": {answers(response, said(0)), reason.StoreInDoubt, 0, ""},
		"rubbish":          {func(l *link) { l.admit('2'); l.message(); _, _ = l.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, reason.StoreInDoubt, 0, ""},
		"silence":          {func(l *link) { l.admit('2'); hold(l) }, reason.StoreInDoubt, 0, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, u := investor(t, map[string][]func(*link){"a": {c.front, takes(hold)}})
			began := time.Now()
			_, got := f.login(1)
			line := f.last()
			closedAtOnce := name == "closed at once" && got.Reason == reason.StoreInDoubt // the write may have been taken
			if got.Reason != c.want && !closedAtOnce || got.Code != c.code || got.Text != c.text || got.Session != nil || line.Ref != string(got.Ref[:]) {
				t.Errorf("%s: %+v, audit line %+v", name, got, line)
			}
			if took := time.Since(began); took > 10*time.Second || took > 0 && name != "silence" {
				t.Errorf("%s: took %v", name, took)
			}
			if c.code != 0 && line.UpstreamRef != "UPREF1" {
				t.Errorf("%s: audit line %+v", name, line)
			}
			again := f.mustLogin(1) // with the same ciphertext
			flag := f.last().Flag
			if doubt := got.Reason == reason.StoreInDoubt; doubt != (f.last().TerminalProblem == "terminal_info_replayed") || len(again.gone()) > 0 {
				t.Errorf("%s: the next try has flag %c, %q", name, flag, f.last().TerminalProblem)
			}
			for _, p := range f.sessions() {
				p.Close(ftd.ReasonGone, "")
			}
			want := "a a"
			switch {
			case name == "60 at once" || name == "63 at once": // the other front was asked too
				want = "a b a"
			case c.code == 8 || name == "ForceExit" || name == "closed at once" || c.want == reason.StoreInDoubt:
				want = "a b a"
			}
			check(t, name+": connections", strings.Join(u.connections(), " "), want)
		})
	}
}

// TestFrontsThatAnswerNoMore: an agent does not stay on a front that takes its connections and no login. The login itself is not
// sent again: it may be recorded.
func TestFrontsThatAnswerNoMore(t *testing.T) {
	exit := func(l *link) {
		l.admit('2')
		l.message()
		l.send(ftd.TIDForceExit, func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '2'}) })
	}
	silent := func(l *link) { l.admit('2'); hold(l) }
	in := takes(hold)
	for name, c := range map[string]struct {
		scripts map[string][]func(*link)
		codes   []int // of the answers
		dialed  string
	}{
		"8":             {map[string][]func(*link){"a": {answers(said(8)), in}, "b": {in, in}}, []int{8, 0, 0}, "a b b"},
		"ForceExit":     {map[string][]func(*link){"a": {exit, in}, "b": {in, in}}, []int{8, 0, 0}, "a b b"},
		"silence":       {map[string][]func(*link){"a": {silent, in}, "b": {in, in}}, []int{8, 0, 0}, "a b b"},
		"no connection": {map[string][]func(*link){"a": {hold, in}, "b": {in, in}}, []int{0, 0}, "a b b"},
		"each":          {map[string][]func(*link){"a": {answers(said(8)), in}, "b": {answers(said(8))}}, []int{8, 8, 0}, "a b a"},
		"3":             {map[string][]func(*link){"a": {answers(said(3)), in}, "b": {in}}, []int{3, 0}, "a a"},
		"7":             {map[string][]func(*link){"a": {answers(said(7)), in}, "b": {in}}, []int{7, 0}, "a a"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, u := investor(t, c.scripts)
			for id, want := range c.codes {
				if _, got := f.login(int32(id)); got.Reason.Code() != want && got.Code != want {
					t.Errorf("%s: login %d: %+v, want %d", name, id, got, want)
				}
			}
			check(t, name, strings.Join(u.connections(), " "), c.dialed)
			for _, p := range f.sessions() {
				p.Close(ftd.ReasonGone, "")
			}
		})
	}
}

// TestALeftFront: of logins at once that leave a front, one moves the next login, and one that comes late takes nothing back.
func TestALeftFront(t *testing.T) {
	t.Parallel()
	var f fronts
	for _, c := range []struct{ at, want int }{{0, 1}, {0, 1}, {2, 1}, {1, 2}, {1, 2}, {2, 0}} {
		f.leave(c.at, 3)
		check(t, "first", int(f.first.Load()), c.want)
	}
}

// TestALoginWithoutTimeForAnotherFront: a front that does not answer the connection is left by the next login.
func TestALoginWithoutTimeForAnotherFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, u := investor(t, map[string][]func(*link){"a": {hold, hold}, "b": {takes(hold)}})
		f.agent.opt.ConnectTimeout, f.agent.opt.LoginWork = 10*time.Second, 5*time.Second
		if _, got := f.login(1); got.Reason != reason.UpstreamAway {
			t.Errorf("%+v", got)
		}
		f.mustLogin(2)
		check(t, "connections", strings.Join(u.connections(), " "), "a b")
		f.sessions()[0].Close(ftd.ReasonGone, "")
	})
}

// TestWhichFront: the first that takes the relay, and from then on that one first.
func TestWhichFront(t *testing.T) {
	refuses := func(l *link) { l.message(); l.send(ftd.TIDAuthenticate, said(63)) }
	for name, c := range map[string]struct {
		scripts map[string][]func(*link)
		dialed  string
		says    string // of Upstream, if nothing takes it
	}{
		"the first":           {map[string][]func(*link){"a": {takes(hold), takes(hold)}}, "a a", ""},
		"the first is away":   {map[string][]func(*link){"b": {takes(hold), takes(hold)}}, "a b b", ""},
		"the first refuses":   {map[string][]func(*link){"a": {refuses}, "b": {takes(hold), takes(hold)}}, "a b b", ""},
		"another type":        {map[string][]func(*link){"a": {func(l *link) { l.admit('3') }}, "b": {takes(hold), takes(hold)}}, "a b b", ""},
		"the first is silent": {map[string][]func(*link){"a": {hold}, "b": {takes(hold), takes(hold)}}, "a b b", ""},
		"none":                {nil, "a b a b", "a: connection refused; b: connection refused"},
		"each refuses":        {map[string][]func(*link){"a": {refuses, refuses}, "b": {refuses, refuses}}, "a b a b", "63"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, u := investor(t, c.scripts)
			for id := range int32(2) {
				if _, got := f.login(id); (got.Reason == reason.OK) != (c.says == "") || got.Reason != reason.OK && got.Reason != reason.UpstreamAway {
					t.Errorf("%s: %+v", name, got)
				}
			}
			check(t, name, strings.Join(u.connections(), " "), c.dialed)
			if up, why := f.agent.Upstream(); up != (c.says == "") || !strings.Contains(why, c.says) {
				t.Errorf("%s: %v %s", name, up, why)
			}
			if c.says != "" { // a change is logged, and not each try
				check(t, name+": lines in the log", f.logged("no front takes this relay's connections"), 1)
			}
			for _, p := range f.sessions() {
				p.Close(ftd.ReasonGone, "")
			}
		})
	}
}

// TestProbe: an agent without terminals learns that a front is there again.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, u := investor(t, map[string][]func(*link){})
		f.agent.Probe(t.Context())
		if up, _ := f.agent.Upstream(); up {
			t.Error("up without a front")
		}
		u.mu.Lock()
		u.scripts["b"] = []func(*link){func(l *link) { l.admit('2'); hold(l) }}
		u.mu.Unlock()
		f.agent.Probe(t.Context())
		if up, why := f.agent.Upstream(); !up || f.logged("a front takes this relay's connections") != 1 {
			t.Errorf("%v %s", up, why)
		}
		f.agent.opt.AuthCode = func() (string, error) { return "", errors.New("no such file") }
		f.agent.Probe(t.Context())
		if up, why := f.agent.Upstream(); up || why != "no such file" {
			t.Errorf("%v %s", up, why)
		}
		o := open(t, options(true))
		o.agent.Probe(t.Context()) // an operator agent has its Relay for that, and dials nothing
	})
}

// TestPump: messages pass both ways unchanged, and heartbeats go where nothing else does.
func TestPump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := make(chan []byte, 10)
		beats := 0
		var front *link
		f, _ := investor(t, map[string][]func(*link){"a": {takes(func(l *link) {
			front = l
			for {
				frame, ok := l.next()
				switch {
				case !ok:
					close(up)
					return
				case frame.Type == ftd.FrameFTDC:
					up <- frame.Body
				default:
					beats++
				}
			}
		})}})
		line, got := f.login(1)
		s := got.Session
		for number := range uint32(3) {
			body := terminaltest.Request(3, number+1)[ftd.FrameHeaderLen:]
			h, _ := ftd.DecodeHeader(body)
			if why := s.Pass(h, body); why != reason.OK {
				t.Fatal(why)
			}
			s.Flush()
			if came := <-up; !bytes.Equal(came, body) {
				t.Errorf("passed %x, came %x", body, came)
			}
		}
		down := terminaltest.Request(4, 9)
		_, _ = front.Write(append(ftd.AppendHeartbeat(nil), down...))
		synctest.Wait()
		if line.mu.Lock(); len(line.delivered) != 1 || !bytes.Equal(line.delivered[0], down[ftd.FrameHeaderLen:]) {
			t.Errorf("delivered %x", line.delivered)
		}
		line.mu.Unlock()
		for range 3 { // the login asked for 10 s; the front is heard within three of them
			time.Sleep(10*time.Second + within)
			_, _ = front.Write(ftd.AppendHeartbeat(nil))
		}
		if synctest.Wait(); beats != 3 || len(line.gone()) != 0 {
			t.Errorf("%d heartbeats, told %v", beats, line.gone())
		}
		s.Close(ftd.ReasonLogout, "")
		bye, err := ftd.DecodeMessage(<-up)
		if _, more := <-up; err != nil || bye.TID != ftd.TIDUserLogout || more {
			t.Errorf("the last message was %v, %v", bye.TID, err)
		}
		s.Close(ftd.ReasonLogout, "") // does nothing
		if h, _ := ftd.DecodeHeader(down[ftd.FrameHeaderLen:]); s.Pass(h, down[ftd.FrameHeaderLen:]) == reason.OK {
			t.Error("a closed session takes messages")
		}
		synctest.Wait()
		check(t, "ForceExits", len(line.gone()), 0)
	})
}

// TestThePumpIsBounded: with QueueBytes on their way the terminal is left unread, until the front reads.
func TestThePumpIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan bool)
		total := 0
		f, _ := investor(t, map[string][]func(*link){"a": {takes(func(l *link) {
			<-read
			for {
				frame, ok := l.next()
				if !ok {
					return
				}
				total += len(frame.Body)
			}
		})}})
		_, got := f.login(1)
		s := got.Session
		body := terminaltest.Request(3, 1)[ftd.FrameHeaderLen:]
		h, _ := ftd.DecodeHeader(body)
		n := 0
		for ; !s.Wait(); n++ {
			if n > 4096 {
				t.Fatal("there is no bound")
			}
			if why := s.Pass(h, body); why != reason.OK {
				t.Fatal(why)
			}
			s.Flush()
			synctest.Wait()
		}
		if most := 4096/len(body) + 1; n > most {
			t.Errorf("%d messages wait, want %d at most", n, most)
		}
		close(read)
		synctest.Wait()
		if s.Wait() || total != n*len(body) {
			t.Errorf("the front read %d bytes of %d, and the terminal waits: %v", total, n*len(body), s.Wait())
		}
		s.Close(ftd.ReasonGone, "")
	})
}

// TestAnIdleConnectionIsSmall: what a long message needed is given back with the next heartbeat.
func TestAnIdleConnectionIsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var front *link
		f, _ := investor(t, map[string][]func(*link){"a": {takes(func(l *link) { front = l; hold(l) })}})
		line := f.mustLogin(1)
		p := f.sessions()[0].(*pump)
		synctest.Wait()
		sizes := []int{cap(p.up.buf)}
		long := terminaltest.Request(4, 9, func(e *ftd.Encoder) { e.Raw(0x9999, bytes.Repeat([]byte("x"), 4000)) })
		beat := ftd.AppendHeartbeat(nil)
		for _, frame := range [][]byte{long, beat, append(beat, long[:2000]...), append(long[2000:], beat...)} {
			_, _ = front.Write(frame)
			synctest.Wait()
			sizes = append(sizes, cap(p.up.buf))
		}
		if sizes[0] > firstBuffer || sizes[1] < len(long) || sizes[2] > firstBuffer || sizes[3] < 2000 || sizes[4] > firstBuffer {
			t.Errorf("buffers of %v bytes, an idle one has %d", sizes, firstBuffer)
		}
		if line.mu.Lock(); len(line.delivered) != 2 || !bytes.Equal(line.delivered[1], long[ftd.FrameHeaderLen:]) {
			t.Errorf("%d messages were delivered", len(line.delivered))
		}
		line.mu.Unlock()
		p.Close(ftd.ReasonGone, "")
	})
}

// TestAFrontThatReadsNothing is given up, though it sends its heartbeats: its terminal is told, and its messages are refused.
func TestAFrontThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := investor(t, map[string][]func(*link){"a": {takes(func(l *link) {
			for {
				if _, err := l.Write(ftd.AppendHeartbeat(nil)); err != nil {
					return
				}
				time.Sleep(5 * time.Second)
			}
		})}})
		line, got := f.login(1)
		began := time.Now()
		body := terminaltest.Request(3, 1)[ftd.FrameHeaderLen:]
		h, _ := ftd.DecodeHeader(body)
		if why := got.Session.Pass(h, body); why != reason.OK {
			t.Fatal(why)
		}
		got.Session.Flush()
		time.Sleep(time.Minute)
		if gone := line.gone(); len(gone) != 1 || gone[0].at.Sub(began) != 30*time.Second || gone[0].why != reason.UpstreamLost {
			t.Errorf("told %+v", gone)
		}
		if why := got.Session.Pass(h, body); why != reason.UpstreamAway || got.Session.Wait() {
			t.Errorf("a message after it: %v", why)
		}
		got.Session.Close(ftd.ReasonGone, "")
	})
}

// TestAFrontThatDoesNotReadTheLast: the end of a session does not wait for it.
func TestAFrontThatDoesNotReadTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := investor(t, map[string][]func(*link){"a": {takes(func(*link) { time.Sleep(time.Minute) })}})
		_, got := f.login(1)
		began := time.Now()
		got.Session.Close(ftd.ReasonLogout, "")
		f.agent.Close()
		if took := time.Since(began); took < closePatience || took > closePatience+within {
			t.Errorf("closed after %v, want %v", took, closePatience)
		}
	})
}

// TestEndsOfAConnection: what the terminal is told for each way in which its connection to the front ends.
func TestEndsOfAConnection(t *testing.T) {
	exit := func(code byte, text string) func(*link) {
		return func(l *link) {
			l.send(ftd.TIDForceExit, func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: code, Msg: []byte(text)}) })
			hold(l)
		}
	}
	for name, c := range map[string]struct {
		front func(*link)
		code  byte
		says  string
		after time.Duration
	}{
		"closed":            {func(*link) {}, '2', "lost its front", 0},
		"the front's exit":  {exit('3', "ended by the firm"), '3', "ended by the firm", 0},
		"an exit, no field": {func(l *link) { l.send(ftd.TIDForceExit); hold(l) }, '2', "lost its front", 0},
		"silence":           {hold, '2', "hears nothing", 30 * time.Second},
		"rubbish":           {func(l *link) { _, _ = l.Write([]byte{1, 0, 0, 1, 9}); hold(l) }, '2', "lost its front", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, _ := investor(t, map[string][]func(*link){"a": {takes(c.front)}})
			began := time.Now()
			line := f.mustLogin(1)
			time.Sleep(c.after + within)
			gone := line.gone()
			if len(gone) != 1 || gone[0].code != c.code || !strings.Contains(gone[0].text, c.says) || gone[0].at.Sub(began) != c.after || gone[0].why != reason.UpstreamLost {
				t.Errorf("%s: told %+v", name, gone)
			}
			for _, p := range f.sessions() {
				p.Close(ftd.ReasonGone, "") // as the dialogue does afterwards
			}
			time.Sleep(2 * closePatience)
			check(t, name+": ForceExits", len(line.gone()), 1)
		})
	}
}

// TestPasswordFirst: the front wants another password. The terminal changes it on the same connection, which then ends; what
// is not that is no business of it.
func TestPasswordFirst(t *testing.T) {
	for code, answersUnder := range map[int]ftd.TID{131: ftd.TIDPasswordUpdate, 140: ftd.TIDPasswordUpdate, 141: ftd.TIDError} {
		synctest.Test(t, func(t *testing.T) {
			ended := false
			f, _ := investor(t, map[string][]func(*link){"a": {func(l *link) {
				l.admit('2')
				l.message()
				l.send(ftd.TIDUserLogin, said(code))
				for _, answer := range []int{9, 0} {
					m, _ := l.message()
					_, _ = l.Write(terminaltest.Request(answersUnder, m.SequenceNumber, said(answer)))
				}
				hold(l)
				ended = true
			}}})
			line, got := f.login(1)
			if got.Reason != reason.UpstreamRefused || got.Code != code || got.Session == nil || got.Receipt != nil || f.agent.Online() != 0 {
				t.Fatalf("%+v", got)
			}
			for number := range uint32(2) {
				body := terminaltest.Request(ftd.TIDPasswordUpdate, number+1)[ftd.FrameHeaderLen:]
				h, _ := ftd.DecodeHeader(body)
				if why := got.Session.Pass(h, body); why != reason.OK {
					t.Fatal(why)
				}
				got.Session.Flush()
				synctest.Wait()
			}
			if line.mu.Lock(); len(line.delivered) != 2 {
				t.Errorf("%d answers", len(line.delivered))
			}
			line.mu.Unlock()
			if !ended {
				t.Errorf("%d: the connection to the front does not end with the change", code)
			}
			got.Session.Close(ftd.ReasonGone, "")
			check(t, "ForceExits", len(line.gone()), 0)
		})
	}
}

// TestARelayBelowAnInvestorAgent: RelayedTerminal and tag go on as they came, and the audit line has what was told.
func TestARelayBelowAnInvestorAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var field, tag []byte
		f, _ := investor(t, map[string][]func(*link){"a": {func(l *link) {
			l.admit('2')
			m, _ := l.message()
			field, _ = m.Field(ftd.FIDRelayedTerminal)
			tag, _ = m.Field(ftd.FIDTerminalTag)
			l.send(ftd.TIDUserLogin, said(9))
		}}})
		f.agent.opt.Chained = true
		a := attempt(new(terminal), info(1))
		a.AppType, a.AppID = '2', []byte("below_m2m_1")
		s := submission(1)
		s.Visit.Tagged, s.Visit.Tag = true, ftd.TerminalTag{MAC: []byte("00-11"), Tag: []byte("u|1")}
		a.Relayed = &s.Visit
		got := f.agent.Login(t.Context(), peer(1), &a)
		line := f.last()
		if string(field) != toldField || !bytes.Contains(tag, []byte("u|1")) || got.Code != 9 || line.AppID != "client_demo_1.0" || line.RelayAppID != "below_m2m_1" ||
			line.TerminalAddress != "2001:db8::7" || line.RelayMode != "2" {
			t.Errorf("sent %q %q, answered %+v, audit line %+v", field, tag, got, line)
		}
		if got := f.agent.Submit(t.Context(), peer(1), s); got.Reason != reason.WrongKind {
			t.Errorf("a submission: %+v", got)
		}
	})
}

// TestAnOrderByTelephoneBelow: a front records it without an address, and the relay below gets its answer. An answer without the
// address of a terminal that has one is in doubt.
func TestAnOrderByTelephoneBelow(t *testing.T) {
	noAddress := func(e *ftd.Encoder) {
		e.LoginResponse(&ftd.LoginResponse{
			BrokerID: []byte(broker), UserID: []byte("88888888"), UserType: '1', TradingDay: []byte("20260105"), LoginTime: []byte("2026-01-05 08:44:58"),
			AbnormalFlag: '0', RecordID: []byte(record),
		})
	}
	const byTelephone = "client_demo_1.0                                                      000002026-01-05 08:44:586"
	for name, c := range map[string]struct {
		field string // of the relay below; "" for a terminal of the agent's own
		want  reason.Reason
	}{
		"by telephone":    {byTelephone, reason.OK},
		"of another type": {byTelephone[:len(byTelephone)-1] + "2", reason.StoreInDoubt},
		"has an address":  {toldField, reason.StoreInDoubt},
		"no relay below":  {"", reason.StoreInDoubt},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, _ := investor(t, map[string][]func(*link){"a": {answers(noAddress, recorded, said(0))}})
			f.agent.opt.Chained = true
			a := attempt(new(terminal), info(1))
			if c.field != "" {
				a.AppType, a.AppID, a.Relayed = '2', []byte("below_m2m_1"), &session.RelayedTerminal{Field: []byte(c.field)}
				if err := a.Relayed.Told.Decode(a.Relayed.Field); err != nil {
					t.Fatal(err)
				}
			}
			got := f.agent.Login(t.Context(), peer(1), &a)
			check(t, name, got.Reason, c.want)
			if got.Reason == reason.OK {
				if got.Receipt.Public.IsValid() || got.Receipt.RecordID.String() != record {
					t.Errorf("%s: %+v", name, got.Receipt)
				}
				got.Session.Close(ftd.ReasonGone, "")
			}
		})
	}
}

// TestTheLoginGivesUp: with its context, at each step.
func TestTheLoginGivesUp(t *testing.T) {
	for name, front := range map[string]func(*link){
		"authenticating": hold,
		"logging in":     func(l *link) { l.admit('2'); hold(l) },
	} {
		synctest.Test(t, func(t *testing.T) {
			f, _ := investor(t, map[string][]func(*link){"a": {front}, "b": {front}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			got := f.agent.Login(ctx, peer(1), new(attempt(new(terminal), info(1))))
			if got.Reason.Code() != 8 || time.Since(began) != time.Second {
				t.Errorf("%s: %+v after %v", name, got, time.Since(began))
			}
		})
	}
}

func TestCutRef(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"密码错误 wrong password [ref 4CV33T]": "密码错误 wrong password|4CV33T", "no reference": "no reference|", "[ref X]": "|X", "a [ref X] b": "a [ref X] b|",
	} {
		text, ref := cutRef(in)
		check(t, in, fmt.Sprint(text, "|", ref), want)
	}
}

// sessions are what logins have left to be closed.
func (f *office) sessions() (all []core.Session) {
	f.held.Lock()
	defer f.held.Unlock()
	return f.held.all
}
