package collect

import (
	"testing"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// TestDummyMACBesideAGoodOne: an adapter with an address that its maker left, which many machines share, makes no missing item where
// another adapter has one, in either order. Alone it does.
func TestDummyMACBesideAGoodOne(t *testing.T) {
	t.Parallel()
	good := link{name: "eth0", hardware: []byte{0, 0xe0, 0x4c, 0, 0, 1}}
	for _, octet := range []byte{0, 0xaa, 0x11, 0xff} {
		dummy := link{name: "dummy", hardware: []byte{octet, octet, octet, octet, octet, octet}}
		for _, links := range [][]link{{good, dummy}, {dummy, good}} {
			r := judgedMACs(macs(links))
			if r.find(terminalinfo.MAC1).Clear() != "00E04C000001" || r.Missing()&(1<<3) != 0 || r.find(terminalinfo.MAC2).State != NotApplicable {
				t.Errorf("%02X, first %s: %v", octet, links[0].name, r.Items)
			}
		}
		if r := judgedMACs(macs([]link{dummy})); r.find(terminalinfo.MAC1).State != Foreign || r.Missing()&(1<<3) == 0 {
			t.Errorf("%02X alone: %v", octet, r.Items)
		}
	}
	replaced := link{name: "eth0", hardware: good.hardware, permanent: []byte{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}}
	if got := macs([]link{replaced}); len(got) != 1 || got[0].value != "00E04C000001" {
		t.Errorf("the permanent address is a dummy: %v", got)
	}
}

// TestOneOfTwoValues: the one that a machine lacks is no missing item, in either place.
func TestOneOfTwoValues(t *testing.T) {
	t.Parallel()
	dummy, good := place{"AAAAAAAAAAAA", "a"}, place{"00E04C000001", "b"}
	for _, places := range [][]place{{dummy, good}, {good, dummy}, {good}} {
		if r := judgedMACs(places); r.Missing()&(1<<3) != 0 {
			t.Errorf("%v: %v", places, r.Items)
		}
	}
	for _, places := range [][]place{{dummy, dummy}, {dummy}, {}} {
		if r := judgedMACs(places); r.Missing()&(1<<3) == 0 || r.find(terminalinfo.MAC2).State != NotApplicable {
			t.Errorf("%v: %v", places, r.Items)
		}
	}
}

func judgedMACs(places []place) *Result {
	r := &reading{kind: byte(regulation.TerminalLinux), finding: make(map[indicator]finding)}
	r.two(terminalinfo.MAC1, terminalinfo.MAC2, places, "test")
	return judge(r, &Options{})
}
