package demo

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
)

// The eleven items, of a terminal that connects by itself and of one behind a relay.
func TestItems(t *testing.T) {
	at := time.Date(2026, 1, 5, 4, 0, 1, 0, time.UTC)
	addr := netip.MustParseAddrPort("203.0.113.7:50001")
	via := &client.RelayRecorded{AppID: "r_s_1", Addr: netip.MustParseAddrPort("127.9.9.3:4000"), LoginTime: at.Add(time.Second)}
	for _, c := range []struct {
		via  *client.RelayRecorded
		want string
	}{
		{nil, "0@a_b_1@203.0.113.7@50001@2026-01-05 12:00:01@@@@@88880001@1"},
		{via, "0@a_b_1@203.0.113.7@50001@2026-01-05 12:00:01@r_s_1@127.9.9.3@4000@2026-01-05 12:00:02@88880001@1"},
	} {
		if got := items(regulation.FlagNormal, "a_b_1", addr, at, c.via, "88880001", regulation.UserCustomer); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// With relays honest terminals come in every way; without, all by themselves, from what the visits drew before.
func TestPickWay(t *testing.T) {
	const visits = 200
	ways := make(map[Way]int)
	for i := range uint64(visits) {
		v := &visitor{desk: &desk{}, random: newRandom(i)}
		ways[v.pickWay()]++
		if way := (&visitor{}).pickWay(); way != Direct { // it has no random numbers to draw
			t.Fatalf("way %d without relays", way)
		}
	}
	if ways[Direct] < visits/2 || ways[ManyToMany] < visits/10 || ways[OneToMany] < visits/10 || len(ways) != 3 {
		t.Errorf("%v", ways)
	}
}

// Equal lines are counted by the way that their terminals came.
func TestCheckCountsWays(t *testing.T) {
	answers := answered()
	answers[1].Way, answers[2].Way = ManyToMany, OneToMany
	v := check(t, report(t, answers), answers)
	if !v.Good() || v.Ways[Direct] != 1 || v.Ways[ManyToMany] != 1 || v.Ways[OneToMany] != 1 || len(v.Shown[ManyToMany]) != 1 {
		t.Errorf("%+v", v)
	}
	spoiled := report(t, answers)[:2]
	if v := check(t, spoiled, answers); v.Good() || v.Ways[OneToMany] != 0 {
		t.Errorf("%+v", v)
	}
}
