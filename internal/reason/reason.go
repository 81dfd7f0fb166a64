package reason

import "fmt"

// Reason is why a request was decided as it was. The set is closed; each has one word,
// which the audit log and the metrics use, and one code on the wire (docs/protocol.md,
// "Errors"). Several reasons share a code on purpose: a stranger learns
// "authentication failed", the operator learns why.
type Reason uint8

// The reasons.
const (
	OK Reason = iota

	UnknownApp           // no such AppID in the registry
	DisabledApp          // the AppID's admission is withdrawn
	UnreadableApp        // the AppID's stored authcode does not open: another master key?
	WrongAnswer          // the answer was not made with this AppID's authcode
	AppNetwork           // the AppID's terminals may not connect from there
	AppAccount           // the account may not log in through this AppID
	AccountConfined      // the account logs in through other AppIDs alone
	WrongBroker          // authentication for another firm
	NoChallenge          // an answer without a challenge, or a second answer
	ChallengeExpired     // the answer came too late
	IdentityChanged      // AuthIdentity differs between the steps
	TooManyChallenges    // asked for challenges again and again
	AlreadyAuthenticated // authentication on an authenticated session

	NotAuthenticated // login before authentication
	BrokerMismatch   // broker differs from what this session authenticated
	UserMismatch     // user differs from what this session logged in

	UnknownAccount       // no such account
	WrongPassword        // the password is not this account's
	TerminalInfoRefused  // terminal_info: strict, and the terminal information is abnormal
	ReplayedTerminalInfo // the day has seen this terminal information before, and the firm refuses that

	AlreadyLoggedIn // login on a session that is logged in
	LoginInFlight   // login while one is on its way
	NotLoggedIn     // logout, or a business message for the trading core, before login
	UnknownRequest  // a TID that the front does not know

	NoValidKey       // no encryption key is valid now
	Draining         // the front is stopping
	StoreUnavailable // the back end is out of reach; nothing was recorded
	StoreUnconfirmed // recorded here, but not confirmed by PostgreSQL in time: the record stays
	StoreInDoubt     // the local store's commit did not return in time, or failed: the record may be there
	IllegalField     // an item with an illegal character, or over its length
	NoPublicAddress  // the connection has no usable public address
	TooManySessions  // too many sessions of this user
	AccountDisabled  // the password was right, and an operator disabled the account
	AccountLocked    // this user from this source is locked for now
	SourceLocked     // this source is locked for now
	Overloaded       // too much at once; nothing was recorded
	LoginRate        // this user logs in too often; nothing was recorded
	LoginDeadline    // the login took too long; nothing was recorded
	TerminalGone     // the terminal's connection ended while its login was verified; nothing was recorded, and nothing is answered
	StoreFailed      // the local store refused; nothing was recorded
	StoreFull        // a bound of the local store is reached; nothing was recorded

	// What the trading core, or its absence, decides.
	CoreRefused      // the trading core refused with a code of its own, which the terminal gets
	WeakPassword     // the trading core wants another password first
	FirstLogin       // likewise, because it is the account's first login
	PasswordExpired  // likewise, because the password is too old
	PasswordFirst    // anything but a change of the password, while that must come first
	CoreAway         // no link to an active trading core
	CoreInitialising // the trading core is starting
	CoreTimeout      // the trading core did not answer in time; nothing was recorded
	CoreFull         // the queue to the trading core is full
	CoreNoCredit     // the trading core takes no more business for now
	CoreUnanswered   // the trading core went away with the request; what became of it is not known
	RequestRate      // more business messages a second than a session may send
	CodeRate         // more requests for a code than an account and a source may send

	// What a relay agent's front decides, or its absence.
	UpstreamAway    // no front takes this relay's logins
	UpstreamRefused // a front refused with a code that the terminal gets

	// Of relays. Those of a submission end no session, with any code.
	WrongKind             // the AppID's type may not come to this listener, or no relay may come at all
	RelayNetwork          // the relay came from a network that it may not come from
	RelayCertificate      // the relay came without the TLS certificate that was named for it, or with another
	RelayDisabled         // the relay is not admitted any more, or nothing was granted to it
	RelayConnections      // the relay has as many connections as it may
	RelayGuessing         // too many wrong passwords through this relay
	NotOperator           // the account is no operator, or none of this relay
	WrongMode             // the message does not fit the AppType
	RelayWindow           // more unanswered submissions on one connection than the relay may have
	RelayRate             // more submissions or logins a second than the relay may send
	RelayVisits           // more terminals on one connection than the front takes
	SubmitID              // the SubmitID is no UUIDv7
	SubmitIDTime          // its time is not that of the front
	TerminalTimeAhead     // the terminal's login time is in the future
	TerminalTimeOld       // the terminal's login time is too long ago
	NoTerminalAddress     // the relay tells no usable address of the terminal
	TerminalAppUnknown    // no such AppID at this firm, of a terminal behind a relay
	TerminalAppDisabled   // the terminal's AppID is not admitted any more
	TerminalAppKind       // the terminal's AppID is that of a relay
	TerminalAppNotOfRelay // the terminal's AppID may not come through this relay
	OutOfScope            // the operator may not report for this account through this relay
	SubmitFault           // a fault of ours while the submission was recorded: the record may be there
	Resubmitted           // accepted, and the relay said that it had sent the submission before

	// UnknownCustomer and those after it have the words of others, and Words has each word once.
	UnknownCustomer  // no such account, in a submission
	DisabledCustomer // an operator disabled the account, in a submission

	reasonCount
)

type reasonFacts struct {
	word string
	code int
}

var reasons = [reasonCount]reasonFacts{
	OK:                   {"ok", 0},
	UnknownApp:           {"unknown_app", 63},
	DisabledApp:          {"disabled_app", 63},
	UnreadableApp:        {"unreadable_app", 63},
	WrongAnswer:          {"wrong_answer", 63},
	AppNetwork:           {"app_network", 63},
	AppAccount:           {"app_account", 63},
	AccountConfined:      {"account_confined", 63},
	WrongBroker:          {"wrong_broker", 63},
	NoChallenge:          {"no_challenge", 63},
	ChallengeExpired:     {"challenge_expired", 63},
	IdentityChanged:      {"identity_changed", 63},
	TooManyChallenges:    {"too_many_challenges", 63},
	AlreadyAuthenticated: {"already_authenticated", 63},
	NotAuthenticated:     {"not_authenticated", 64},
	BrokerMismatch:       {"broker_mismatch", 2},
	UserMismatch:         {"user_mismatch", 2},
	UnknownAccount:       {"unknown_account", 3},
	WrongPassword:        {"wrong_password", 3},
	TerminalInfoRefused:  {"terminal_info_refused", 3},
	ReplayedTerminalInfo: {"replayed_terminal_info", 3},
	AlreadyLoggedIn:      {"already_logged_in", 5},
	LoginInFlight:        {"login_in_flight", 5},
	NotLoggedIn:          {"not_logged_in", 6},
	UnknownRequest:       {"unknown_request", 77},
	NoValidKey:           {"no_valid_key", 7},
	Draining:             {"draining", 8},
	StoreUnavailable:     {"store_unavailable", 8},
	StoreUnconfirmed:     {"store_unconfirmed", 8},
	StoreInDoubt:         {"store_in_doubt", 8},
	IllegalField:         {"illegal_field", 15},
	NoPublicAddress:      {"no_public_address", 49},
	TooManySessions:      {"too_many_sessions", 60},
	AccountDisabled:      {"account_disabled", 3},
	AccountLocked:        {"account_locked", 75},
	SourceLocked:         {"source_locked", 143},
	Overloaded:           {"overloaded", 90},
	LoginRate:            {"login_rate", 90},
	LoginDeadline:        {"login_deadline", 90},
	TerminalGone:         {"terminal_gone", 90},
	StoreFailed:          {"store_failed", 90},
	StoreFull:            {"store_full", 90},
	CoreRefused:          {"core_refused", 3},
	WeakPassword:         {"weak_password", 131},
	FirstLogin:           {"first_login", 140},
	PasswordExpired:      {"password_expired", 141},
	PasswordFirst:        {"password_first", 6},
	CoreAway:             {"core_away", 8},
	CoreInitialising:     {"core_initialising", 7},
	CoreTimeout:          {"core_timeout", 90},
	CoreFull:             {"core_full", 90},
	CoreNoCredit:         {"core_no_credit", 90},
	CoreUnanswered:       {"core_unanswered", 90},
	RequestRate:          {"request_rate", 90},
	CodeRate:             {"code_rate", 90},
	UpstreamAway:         {"upstream_away", 8},
	UpstreamRefused:      {"upstream_refused", 3},

	WrongKind:             {"wrong_kind", 63},
	RelayNetwork:          {"relay_network", 63},
	RelayCertificate:      {"relay_certificate", 63},
	RelayDisabled:         {"relay_disabled", 63},
	RelayConnections:      {"relay_connections", 60},
	RelayGuessing:         {"relay_guessing", 90},
	NotOperator:           {"not_operator", 9},
	WrongMode:             {"wrong_mode", 27},
	RelayWindow:           {"relay_window", 90},
	RelayRate:             {"relay_rate", 90},
	RelayVisits:           {"relay_visits", 60},
	SubmitID:              {"submit_id", 15},
	SubmitIDTime:          {"submit_id_time", 15},
	TerminalTimeAhead:     {"terminal_time_ahead", 15},
	TerminalTimeOld:       {"terminal_time_old", 15},
	NoTerminalAddress:     {"no_terminal_address", 49},
	TerminalAppUnknown:    {"terminal_app_unknown", 63},
	TerminalAppDisabled:   {"terminal_app_disabled", 63},
	TerminalAppKind:       {"terminal_app_kind", 63},
	TerminalAppNotOfRelay: {"terminal_app_not_of_relay", 63},
	OutOfScope:            {"out_of_scope", 9},
	SubmitFault:           {"submit_fault", 90},
	Resubmitted:           {"resubmitted", 0},
	UnknownCustomer:       {"unknown_account", 9},
	DisabledCustomer:      {"account_disabled", 9},
}

// String is the reason's word: snake_case, stable, the same in audit log and metrics.
func (r Reason) String() string {
	if r >= reasonCount {
		return fmt.Sprintf("reason_%d", uint8(r))
	}
	return reasons[r].word
}

// Code is the number that the terminal gets (docs/protocol.md, "Errors").
func (r Reason) Code() int { return reasons[r].code }

// Accepted reports whether what was asked for was done.
func (r Reason) Accepted() bool { return r == OK || r == Resubmitted }

// Words lists every word once, each at the place of its first Reason, for metrics that start at zero.
func Words() []string {
	words := make([]string, UnknownCustomer)
	for r := range UnknownCustomer {
		words[r] = r.String()
	}
	return words
}
