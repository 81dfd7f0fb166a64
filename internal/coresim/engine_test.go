package coresim

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// engineWithSession is an engine without a server, with a link that has session 1 open.
func engineWithSession(tb testing.TB) (*engine, *link) {
	tb.Helper()
	o := options()
	if err := o.complete(); err != nil {
		tb.Fatal(err)
	}
	e, err := newEngine(&o)
	if err != nil {
		tb.Fatal(err)
	}
	now := time.Unix(1767571200, 0)
	l := e.connect(now)
	m := ftd.Begin(nil, ftd.TIDLinkLogin)
	m.LinkIdentity(&ftd.LinkIdentity{Protocol: 1, FrontID: 1, Process: []byte(uuid.NewString()), BrokerID: []byte(broker), MaxSessions: 9, Business: '1'})
	frame, err := m.End()
	if err != nil {
		tb.Fatal(err)
	}
	if l.feed(now, frame) != len(frame) || l.front == nil {
		tb.Fatal("the front did not log in")
	}
	a := e.accounts["alice"]
	s := &session{front: l.front, link: l, id: 1, account: a, state: stateOpen}
	l.front.sessions[1], a.sessions[s] = s, struct{}{}
	return e, l
}

// echoes are n business messages of session 1 in one piece, numbered from first.
func echoes(first uint32, n int) (data []byte) {
	for i := range n {
		data = ftd.AppendSessionFrame(data, ftd.SessionTag{FrontID: 1, SessionID: 1}, business(0x5000, 'S', first+uint32(i), "0123456789012345678901234567890123456789"))
	}
	return data
}

// An echoed message costs no allocation once the output buffer has grown.
func TestEchoAllocatesNothing(t *testing.T) {
	e, l := engineWithSession(t)
	const n = 50
	var batches [][]byte
	for i := range 102 {
		batches = append(batches, echoes(uint32(i*n+1), n))
	}
	spare, next := make([]byte, 0, 1<<16), 0
	allocs := testing.AllocsPerRun(100, func() {
		if used := l.feed(e.now, batches[next]); used != len(batches[next]) {
			t.Fatalf("%d of %d bytes were used", used, len(batches[next]))
		}
		next++
		e.dirty, l.dirty = e.dirty[:0], false
		spare = l.take(spare)
	})
	if allocs != 0 || e.count.Echoes != uint64(next*n) {
		t.Errorf("%v allocations for %d messages; %d echoes of %d", allocs, n, e.count.Echoes, next*n)
	}
}

func BenchmarkEcho(b *testing.B) {
	e, l := engineWithSession(b)
	const n = 100
	s := l.front.sessions[1]
	data, spare := echoes(1, n), make([]byte, 0, 1<<20)
	b.SetBytes(int64(len(data) / n))
	b.ReportAllocs()
	for i := 0; i < b.N; i += n {
		s.dialog = dialog{}
		l.feed(e.now, data)
		e.dirty, l.dirty = e.dirty[:0], false
		spare = l.take(spare)
	}
	if e.count.Echoes == 0 || e.count.Violations() > 0 {
		b.Errorf("%+v", e.count)
	}
}

// For any bytes of a front the core does not fail, and what it answers are frames.
func FuzzFeed(f *testing.F) {
	f.Add(echoes(1, 2))
	f.Add(ftd.AppendHeartbeat(nil))
	for _, tid := range []ftd.TID{
		ftd.TIDSessionVerify, ftd.TIDSessionOpen, ftd.TIDSessionAbort, ftd.TIDSessionClose, ftd.TIDSessionResume, ftd.TIDLinkCredit,
		ftd.TIDRequestCode, ftd.TIDPasswordUpdate, TIDOrderInsert,
	} {
		m := ftd.BeginSession(nil, tid, ftd.SessionTag{FrontID: 1, SessionID: 1})
		m.Sequence(0, 1)
		m.Raw(FIDOrder, make([]byte, orderLen))
		m.Reason(&ftd.Reason{Code: '1'})
		m.LinkCredit(&ftd.LinkCredit{Frames: 1})
		m.ResumePoints(&ftd.ResumePoints{Count: 1})
		frame, err := m.End()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, l := engineWithSession(t)
		l.take(nil)
		if used := l.feed(e.now, data); used > len(data) {
			t.Fatalf("%d of %d bytes were used", used, len(data))
		}
		e.tick(e.now.Add(time.Hour))
		for out := l.take(nil); len(out) > 0; {
			_, n, err := ftd.DecodeFrame(out, ftd.MaxBodyLen)
			if err != nil || n == 0 {
				t.Fatalf("the answer is no frame: %v, %x", err, out)
			}
			out = out[n:]
		}
		e.disconnect(l, e.now)
		e.tick(e.now.Add(time.Hour))
		if len(e.fronts) != 0 || len(e.accounts["alice"].sessions) != 0 {
			t.Fatal("a session is left of a front that did not come back")
		}
	})
}
