package daemon

import (
	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/store"
)

// labels are the values of labels, each from the room that counts by it.
func labels() ops.Labels {
	faults := make([]string, 0, len(ftd.Faults()))
	for _, f := range ftd.Faults() {
		faults = append(faults, f.Word())
	}
	for _, f := range proxyheader.Faults() {
		faults = append(faults, f.Word())
	}
	return ops.Labels{
		Refused:         append(admission.Refusals(), reason.ProxyUntrusted.String()),
		AcceptFaults:    front.AcceptFaults(),
		Closed:          reason.CloseWords(),
		Authentications: reason.Words(),
		Codes:           auth.Slots(),
		Logins:          reason.Words(),
		Stages:          gateway.Stages(),
		Malformed:       faults,
		Discarded:       ftd.DiscardedWords(),
		Business:        reason.Words(),
		Forward:         []string{string(store.ByCopy), string(store.ByUpsert)},
	}
}
