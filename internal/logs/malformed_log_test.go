package logs

import (
	"net/netip"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestMalformedLogIsBounded: one source has five lines, then one a minute, and what is left out is counted; others have theirs until
// the front's bound.
func TestMalformedLogIsBounded(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	m := NewMalformedLog(zap.New(core))
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	e := Entry{Reason: "field_short", Ref: "4CV33T", SessionID: 7, Address: netip.MustParseAddr("203.0.113.7")}
	send := func(n int, after time.Duration, addr string) int {
		before := logs.Len()
		for range n {
			e.Time, e.Address = now.Add(after), netip.MustParseAddr(addr)
			m.Note(&e)
		}
		return logs.Len() - before
	}
	for _, c := range []struct {
		after time.Duration
		addr  string
		want  int
	}{
		{0, "203.0.113.7", 5}, {0, "203.0.113.8", 5}, {59 * time.Second, "203.0.113.7", 0}, {time.Minute, "203.0.113.7", 1},
	} {
		if got := send(100, c.after, c.addr); got != c.want {
			t.Errorf("after %v %s has %d lines, want %d", c.after, c.addr, got, c.want)
		}
	}
	last := logs.All()[logs.Len()-1].ContextMap()
	if last["more_not_logged"] != int64(95+100) || last["ref"] != "4CV33T" || last["fault"] != "field_short" || last["address"] != "203.0.113.*" {
		t.Errorf("%v", last)
	}
	e.Proxy = netip.MustParseAddr("10.0.0.2")
	for range 7 { // its client is not known
		e.Address = netip.Addr{}
		m.Note(&e)
	}
	if last := logs.All()[logs.Len()-1].ContextMap(); logs.FilterField(zap.Stringer("proxy", MaskedAddr(e.Proxy))).Len() != malformedBySource.Burst || last["address"] != nil {
		t.Errorf("of a load balancer: %v", last)
	}
	e.Proxy = netip.Addr{}
	many := 0
	for i := range 200 {
		many += send(1, time.Hour, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String())
	}
	if many != malformedByFront.Burst {
		t.Errorf("200 sources have %d lines, want %d", many, malformedByFront.Burst)
	}
}

// TestMalformedLogIsNarrower: a reference of the application log has its line in the audit log.
func TestMalformedLogIsNarrower(t *testing.T) {
	if malformedBySource.Burst > refusalBudget.Burst || malformedByFront.Burst > frontBudget.Burst || malformedByFront.Every*time.Duration(frontBudget.PerSecond) < time.Second {
		t.Error("the application log may name more malformed messages than the audit log has lines for")
	}
}
