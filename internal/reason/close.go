package reason

import "fmt"

// Close is why a connection ended: metric label and log word. The zero value
// means that it goes on.
type Close uint8

// The reasons to close.
const (
	StayOpen Close = iota

	PeerClosed       // the terminal went away
	Malformed        // bytes that are no message; no answer
	AuthFailed       // a refused authentication
	AuthTimeout      // not authenticated in time
	LoginTimeout     // not logged in in time
	HeartbeatTimeout // heard nothing for three heartbeats
	LoggedOut        // as the terminal asked
	TooManyRefusals  // error 3 for the third time
	SourceRefused    // errors 49 and 143
	RefusalFlood     // one refused request after another
	FrameFlood       // too many frames while a login is on its way
	SlowReader       // leaves our answers unread
	FrontFull        // connection cap reached
	FrontDraining    // the front is stopping
	FrontPanic       // a bug of ours; the stack is in the log

	SourceFull          // connection cap of one source reached
	SourcePenalized     // the source has misbehaved, for now
	SourceBanned        // an operator banned the address or its network
	UnauthenticatedFull // too many unauthenticated connections, most of them from this source
	ProxyUntrusted      // not from a trusted proxy, on a listener for those
	ProxyHeader         // a trusted proxy's connection began with no header that is taken
	ProxyTimeout        // its header did not come in time
	TLSRequired         // the proxy's client did not come over TLS
	HealthCheck         // a trusted proxy only looked whether we are here
	Evicted             // not authenticated yet, and dropped for a newcomer

	Kicked          // the trading core ended the session
	EndedByOperator // an operator ended the session
	CoreChanged     // the trading core went away or was restarted; the customer logs in again
	PasswordTimeout // the password that must be changed first was not
	UpstreamLost    // a relay agent lost its front, or that ended the terminal

	RelayFlood    // a relay sent far more submissions than it may leave unanswered
	RelayRefusals // one refused submission after another
	RelayEnded    // the relay is not admitted any more; it was told by ForceExit

	closeCount
)

var closeWords = [closeCount]string{
	"stay_open", "peer_closed", "malformed", "auth_failed", "auth_timeout", "login_timeout",
	"heartbeat_timeout", "logged_out", "too_many_refusals", "source_refused", "refusal_flood", "frame_flood",
	"slow_reader", "front_full", "front_draining", "front_panic",
	"source_full", "source_penalized", "source_banned", "unauthenticated_full",
	"proxy_untrusted", "proxy_header", "proxy_timeout", "tls_required", "health_check", "evicted",
	"kicked", "ended_by_operator", "core_changed", "password_timeout", "upstream_lost",
	"relay_window", "relay_refusals", "relay_disabled",
}

func (r Close) String() string {
	if r >= closeCount {
		return fmt.Sprintf("close_%d", uint8(r))
	}
	return closeWords[r]
}

// CloseWords lists every word but that of StayOpen, for metrics that start at zero.
func CloseWords() []string { return closeWords[1:] }
