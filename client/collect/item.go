package collect

import (
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

type indicator = terminalinfo.Indicator

// State is what became of an item.
type State byte

// The closed set of states.
const (
	Present       State = iota + 1 // in the string
	Cut                            // in the string, cut to its maximum
	Absent                         // no source has it
	Denied                         // a source has it, and this process may not read it
	Foreign                        // a placeholder of the maker's, which is no value
	NotApplicable                  // this machine has no such item
)

var stateWords = [...]string{
	Present: "present", Cut: "cut", Absent: "absent", Denied: "denied", Foreign: "foreign", NotApplicable: "not_applicable",
}

// String is the state's word.
func (s State) String() string {
	if s == 0 || int(s) >= len(stateWords) {
		return "invalid"
	}
	return stateWords[s]
}

// Missing reports whether an item of this state is one that the monitoring centre expects and does not get.
func (s State) Missing() bool { return s == Absent || s == Denied || s == Foreign }

// Item is one item of the terminal string. Printed in any way it shows its value masked.
type Item struct {
	Name   string // the specification's, for example 硬盘序列号
	Word   string // for programs, for example disk_serial
	State  State
	Source string // where the value is from; of a missing one, where it was looked for
	Advice Advice // what to do; empty if there is nothing to do

	which indicator
	value string // in the string
	found string // as the source had it, a placeholder too
}

// Bit is the item's place in the mask of missing items: the numbers that terminals know from the incumbent's library.
func (i Item) Bit() uint { return bits[i.which] }

var bits = map[indicator]uint{
	terminalinfo.Kind: 0, terminalinfo.Collected: 1, terminalinfo.IP1: 2, terminalinfo.IP2: 2, terminalinfo.MAC1: 3,
	terminalinfo.MAC2: 3, terminalinfo.DeviceName: 4, terminalinfo.OSVersion: 5, terminalinfo.DiskSerial: 6,
	terminalinfo.CPUSerial: 7, terminalinfo.BIOSSerial: 8, terminalinfo.DeviceSerial: 8, terminalinfo.Partition: 9,
}

// Clear is the value as the string has it: what the customer's machine is.
func (i Item) Clear() string { return i.value }

// Masked shows the first two and the last two characters, and of a value of fewer than eight none. A placeholder, the type and the
// time identify no machine and are shown whole.
func (i Item) Masked() string {
	if i.State == Foreign {
		return i.found
	}
	if i.which == terminalinfo.Kind || i.which == terminalinfo.Collected {
		return i.value
	}
	return mask(i.value)
}

const shown = 2 // characters at each end that a masked value shows

// mask shows nothing where it would hide fewer than half of the characters: of a name of five it would show all but one.
func mask(value string) string {
	runes := []rune(value)
	if len(runes) < 4*shown {
		return strings.Repeat("*", len(runes))
	}
	return string(runes[:shown]) + strings.Repeat("*", len(runes)-2*shown) + string(runes[len(runes)-shown:])
}

// Format prints the item masked, by any verb.
func (i Item) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s %s %s", i.Word, i.State, i.Masked())
}
