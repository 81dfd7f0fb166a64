package collect

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// Result is what Collect found. It does not change any more. Printed in any way it shows values masked.
type Result struct {
	Items       []Item // in the order of the string
	Environment Environment

	text string
}

// Environment is what decides the advice.
type Environment struct {
	Container string `json:"container,omitempty"` // docker, podman, kubernetes, lxc, …; "" outside
	VM        string `json:"vm,omitempty"`        // kvm, vmware, hyperv, …; "" on hardware
	Root      bool   `json:"root"`                // this process may read everything
}

// judge makes the items of what was found.
func judge(found *reading, o *Options) *Result {
	kind := regulation.TerminalType(found.kind)
	order := terminalinfo.Order(kind)
	r := &Result{Environment: found.env, Items: make([]Item, 0, len(order))}
	for _, which := range order {
		r.Items = append(r.Items, judgeItem(which, found.of(which), o))
	}
	r.pair(terminalinfo.IP1, terminalinfo.IP2)
	r.pair(terminalinfo.MAC1, terminalinfo.MAC2)
	for i := range r.Items {
		r.Items[i].Advice = advise(&r.Items[i], &r.Environment, kind)
	}
	r.text = terminalinfo.Join(kind, func(which indicator) string { return r.find(which).value })
	return r
}

// maxSource bounds the text that names a source, in bytes.
const maxSource = 200

func (r *reading) of(which indicator) finding {
	switch which {
	case terminalinfo.Kind:
		return finding{value: string(rune(r.kind)), source: "constant"}
	case terminalinfo.Collected:
		return finding{value: r.at.In(regulation.Zone).Format(regulation.TimeLayout), source: "clock, UTC+8"}
	}
	return r.finding[which]
}

func judgeItem(which indicator, f finding, o *Options) Item {
	it := Item{Name: which.Name(), Word: which.Word(), State: f.state, which: which}
	it.Source, _ = terminalinfo.Clean(f.source, maxSource) // a path may have any bytes
	value, cut := terminalinfo.Clean(f.value, o.maxLen(which))
	it.found = value
	switch {
	case f.state != 0:
		return it
	case value == "":
		it.State = Absent
		return it
	case mayBePlaceholder(which) && placeholder(f.value):
		it.State = Foreign
		return it
	case cut:
		it.State = Cut
	default:
		it.State = Present
	}
	it.value = value
	return it
}

func (o *Options) maxLen(which indicator) int {
	own := 0
	switch which {
	case terminalinfo.DeviceName:
		own = o.DeviceNameMax
	case terminalinfo.OSVersion:
		own = o.OSVersionMax
	}
	if own > 0 {
		return min(own, which.MaxLen())
	}
	return which.MaxLen()
}

// pair makes one value of two that a machine lacks no missing item: an item of two values is there if one of them is. Where both
// are missing the first says so for both.
func (r *Result) pair(first, second indicator) {
	one, two := r.find(first), r.find(second)
	if one == nil || two == nil {
		return
	}
	switch {
	case two.State.Missing():
		two.State = NotApplicable
	case one.State.Missing() && two.value != "":
		one.State = NotApplicable
	}
}

func (r *Result) find(which indicator) *Item {
	for i := range r.Items {
		if r.Items[i].which == which {
			return &r.Items[i]
		}
	}
	return nil
}

// Missing is a mask of the items that are missing, by Item.Bit. 0 means that the string is whole.
func (r *Result) Missing() uint32 {
	var mask uint32
	for _, it := range r.Items {
		if it.State.Missing() {
			mask |= 1 << it.Bit()
		}
	}
	return mask
}

// Flag is the terminal's own 异常标识: '0', '3' if an item is missing, '1' if there is nothing but type and time.
func (r *Result) Flag() byte {
	switch {
	case r.empty():
		return byte(regulation.FlagTerminalEmpty)
	case r.Missing() != 0:
		return byte(regulation.FlagTerminalData)
	}
	return byte(regulation.FlagNormal)
}

func (r *Result) empty() bool {
	for _, it := range r.Items {
		if it.value != "" && it.which != terminalinfo.Kind && it.which != terminalinfo.Collected {
			return false
		}
	}
	return true
}

// Text is the terminal string in clear. It is personal data: show it to the user of this machine alone, and do not log it.
func (r *Result) Text() string { return r.text }

// Format prints the items masked, by any verb. It is of the value too: a copy must not print more.
func (r Result) Format(f fmt.State, _ rune) { fmt.Fprint(f, r.Explain(English)) }
