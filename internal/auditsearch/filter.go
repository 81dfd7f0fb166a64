package auditsearch

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/logs"
)

// Filter is what a line must fit, in all that is set. The zero Filter takes every line.
type Filter struct {
	Ref     string       // the line's, or the reference of the front in a relay agent's line
	Account string       // the line's, or the relay operator's
	AppID   string       // the terminal's, or the relay's
	Address netip.Prefix // holds the address of the connection, the terminal or the load balancer; of a counting line or of a ban, overlaps its network
	Record  string       // RecordID or SubmitID, in lower case
	Reasons []string     // one of them is the line's, or one that a counting line counts
	Events  []string     // one of them is the line's

	Since time.Time // not before; zero is no bound
	Until time.Time // before; zero is no bound
}

// fits reports whether an entry is one that is looked for. Its time was judged before.
func (f *Filter) fits(e *auditlog.Entry) bool {
	return (f.Ref == "" || e.Ref == f.Ref || e.UpstreamRef == f.Ref) &&
		(f.Account == "" || e.Account == f.Account || e.Operator == f.Account) &&
		(f.AppID == "" || e.AppID == f.AppID || e.RelayAppID == f.AppID) &&
		(f.Record == "" || e.RecordID == f.Record || e.SubmitID == f.Record) &&
		(len(f.Events) == 0 || slices.Contains(f.Events, e.Event)) &&
		(len(f.Reasons) == 0 || slices.ContainsFunc(f.Reasons, func(word string) bool { return e.Reason == word || e.Reasons[word] > 0 })) &&
		(!f.Address.IsValid() || f.fitsAddress(e))
}

func (f *Filter) fitsAddress(e *auditlog.Entry) bool {
	for _, text := range [...]string{e.Address, e.TerminalAddress, e.Proxy} {
		if a, err := netip.ParseAddr(text); err == nil && f.Address.Contains(a.Unmap()) {
			return true
		}
	}
	network := e.Source
	if strings.HasPrefix(e.Command, admission) {
		network = e.Subject
	}
	source, err := netip.ParsePrefix(network)
	return err == nil && source.Overlaps(f.Address)
}

// admission begins the commands of an operator whose subject is an address or a network.
const admission = "admission "

// inTime reports whether a line of that time is looked for.
func (f *Filter) inTime(at time.Time) bool {
	return (f.Since.IsZero() || !at.Before(f.Since)) && (f.Until.IsZero() || at.Before(f.Until))
}

// look is a quick look at a line's bytes.
type look struct{ needles [][]byte }

// look makes the quick look of a filter: what every line that fits has in it, but one that counts or bans.
func (f *Filter) look() look {
	var l look
	for _, text := range []string{f.Ref, f.Account, f.AppID, f.Record} {
		if isPlain(text) {
			l.needles = append(l.needles, []byte(text))
		}
	}
	// A relay may have written an address of IPv6 in another form.
	if f.Address.IsValid() && f.Address.IsSingleIP() && f.Address.Addr().Is4() {
		l.needles = append(l.needles, []byte(f.Address.Addr().String()))
	}
	for _, set := range [][]string{f.Reasons, f.Events} {
		if len(set) == 1 && isPlain(set[0]) {
			l.needles = append(l.needles, []byte(set[0]))
		}
	}
	return l
}

// isPlain reports whether a line has the text as it is, without escapes and not cut.
func isPlain(text string) bool {
	return text != "" && len(text) <= 32 && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}

// counting is what only the lines have that count others, and banning those of a ban, whose network may hold an address that is not in them.
var (
	counting = []byte(`"event":"` + logs.EventSuppressed + `"`)
	banning  = []byte(`"command":"` + admission)
)

// mayFit reports whether the line is worth parsing.
func (l *look) mayFit(raw []byte) bool {
	for _, needle := range l.needles {
		if !bytes.Contains(raw, needle) {
			return bytes.Contains(raw, counting) || bytes.Contains(raw, banning)
		}
	}
	return true
}

// mayHide reports whether a counting line may have counted lines that fit.
func (f *Filter) mayHide(e *auditlog.Entry) bool {
	if e.Event != logs.EventSuppressed || f.Record != "" { // a line with a RecordID is always written
		return false
	}
	source, err := netip.ParsePrefix(e.Source)
	if f.Address.IsValid() && err == nil && !source.Overlaps(f.Address) {
		return false
	}
	return len(f.Reasons) == 0 || slices.ContainsFunc(f.Reasons, func(word string) bool { return e.Reasons[word] > 0 })
}

// hidden is how many lines that may fit a counting line counted.
func (f *Filter) hidden(e *auditlog.Entry) (lines int) {
	if len(f.Reasons) == 0 {
		return e.Lines
	}
	for _, word := range f.Reasons {
		lines += e.Reasons[word]
	}
	return cmp.Or(lines, e.Lines)
}
