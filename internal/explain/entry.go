package explain

import "github.com/tradefront/tradefront/internal/auditlog"

// names are what another line may name the same login by.
func names(e *auditlog.Entry) []string {
	return []string{e.Ref, e.UpstreamRef, e.RecordID, e.SubmitID}
}

// named reports whether the entry names one of keys.
func named(e *auditlog.Entry, keys map[string]bool) bool {
	for _, name := range names(e) {
		if name != "" && keys[name] {
			return true
		}
	}
	return false
}

// line is a connection: what the lines of one visit on one side have in common. SessionIDs begin anew when a front is
// restarted, so the peer's address and port are part of it.
type line struct {
	front, session int32
	address        string
	port           uint16
}

func lineOf(e *auditlog.Entry) line { return line{e.FrontID, e.SessionID, e.Address, e.Port} }
