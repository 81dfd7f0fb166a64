package config

import "time"

// Config is the whole configuration: this struct is the manual. `tradefront config
// defaults` prints it, commented. Every leaf can be overridden by an environment
// variable: TRADEFRONT_ and the key path in capitals, dots as underscores.
//
// Relative paths are relative to the folder of the configuration file. A file that is only
// read can be named as credential:NAME, one that systemd hands over (LoadCredential=).
type Config struct {
	// BrokerID is the firm's broker ID, 1 to 10 bytes; terminals must send the same.
	BrokerID string `mapstructure:"broker_id"`
	// ReportUnitID is 期货公司统一标识, the first part of the report's file name.
	ReportUnitID string `mapstructure:"report_unit_id"`
	// VendorID is 交易软件厂商ID, the first item of each line of the report.
	VendorID string `mapstructure:"vendor_id"`
	// SystemName is shown to terminals in the login response, at most 40 bytes.
	SystemName string `mapstructure:"system_name"`

	Front Front `mapstructure:"front"`
	// Fronts are the front.id of all fronts of the firm, so that reports notice one of which
	// PostgreSQL never heard, as [1, 2]; none if it is not given.
	Fronts []int32 `mapstructure:"fronts"`
	Admin  Admin   `mapstructure:"admin"`

	// AuditLog is the file that gets one JSON line for each authentication and login.
	// "" writes to standard error.
	AuditLog string `mapstructure:"audit_log"`
	// LogLevel of the application log on standard error: debug, info, warn or error.
	LogLevel string `mapstructure:"log_level"`

	// Keys are the encryption keys granted by the monitoring centre: at most 2 valid at
	// any time (A.1), the newest last.
	Keys []Key `mapstructure:"keys"`
	Auth Auth  `mapstructure:"auth"`
	// TerminalInfo is what happens to a login whose terminal information is abnormal:
	// lenient logs it in and flags the record, strict refuses it with error 3.
	TerminalInfo string `mapstructure:"terminal_info"`
	// ReplayedTerminalInfo is what happens to a login whose encrypted terminal information
	// came before on the same trading day: flag records it with flag 3, reject refuses it
	// with error 3.
	ReplayedTerminalInfo string `mapstructure:"replayed_terminal_info"`
	// CalendarFile lists the exchanges' trading days.
	CalendarFile string `mapstructure:"calendar_file"`

	Core   Core   `mapstructure:"core"`
	Store  Store  `mapstructure:"store"`
	Limits Limits `mapstructure:"limits"`
	Timers Timers `mapstructure:"timers"`
}

// Front is this gateway process among the firm's others.
type Front struct {
	// ID is unique among the fronts of the firm, 1 or more.
	ID        int32      `mapstructure:"id"`
	Listeners []Listener `mapstructure:"listeners"`
}

// Listener is one address that terminals connect to.
type Listener struct {
	// Address is host:port; port 0 takes any free port and the start line tells which.
	Address string `mapstructure:"address"`
	// ClientAddress is where a terminal's address comes from: peer, the connection's other
	// end; proxy, the PROXY header with which each connection must then begin. "" is peer.
	ClientAddress string `mapstructure:"client_address"`
	// TrustedProxies are the networks whose PROXY headers are believed; others are closed.
	TrustedProxies []string `mapstructure:"trusted_proxies"`
	// RequireTLS refuses clients that came to the proxy without TLS.
	RequireTLS bool `mapstructure:"require_tls"`
}

// Admin is the listener for people and machines that watch the front.
type Admin struct {
	// Address of /metrics, /healthz and /readyz; "" for none.
	Address string `mapstructure:"address"`
	// HealthAddress of /healthz and /readyz alone, for load balancers; "" for none.
	HealthAddress string `mapstructure:"health_address"`
	// Pprof adds Go's profiling pages under /debug/pprof/.
	Pprof bool `mapstructure:"pprof"`
}

// Key is one version of the monitoring centre's encryption key.
type Key struct {
	// Version as the terminals send it, 1 to 8 bytes.
	Version string `mapstructure:"version"`
	// Algorithm is rsa (RSA-2048) or sm2; "" is rsa.
	Algorithm string `mapstructure:"algorithm"`
	// PublicKeyFile is PEM, SubjectPublicKeyInfo, of that algorithm.
	PublicKeyFile string `mapstructure:"public_key_file"`
	// NotBefore and NotAfter bound the key's life: RFC 3339, or "YYYY-MM-DD HH:MM:SS" in
	// UTC+8, or "YYYY-MM-DD" (midnight, UTC+8); "" for no bound. NotAfter is exclusive.
	NotBefore string `mapstructure:"not_before"`
	NotAfter  string `mapstructure:"not_after"`
}

// Auth is the access authentication of terminal software.
type Auth struct {
	// MasterKeyFile encrypts the authcodes at rest; made by `tradefront masterkey create`.
	MasterKeyFile string `mapstructure:"master_key_file"`
	// Refresh is how often changes of AppIDs and accounts are looked for.
	Refresh time.Duration `mapstructure:"refresh"`
}

// Core is the local trading core: who may log in.
type Core struct {
	Argon2 Argon2 `mapstructure:"argon2"`
	// Remember is how long a verified login is remembered, so that a reconnect does
	// not pay for argon2 again.
	Remember time.Duration `mapstructure:"remember"`
	// RememberAccounts bounds how many verified logins are remembered.
	RememberAccounts int `mapstructure:"remember_accounts"`
	// HashQueue bounds the logins that wait for a password check; more are answered 90.
	HashQueue int `mapstructure:"hash_queue"`
	// LockFailures consecutive failures lock an account for one source address.
	LockFailures int `mapstructure:"lock_failures"`
	// LockSourceFailures failures over all accounts lock a source address.
	LockSourceFailures int `mapstructure:"lock_source_failures"`
	// LockDecay is the time in which one failure is forgotten.
	LockDecay time.Duration `mapstructure:"lock_decay"`
	// SessionsPerUser bounds the sessions one account may have at this front; 0 for no bound.
	SessionsPerUser int `mapstructure:"sessions_per_user"`
	// LoginsPerUser is how many logins a second one account may have accepted at this front
	// in the long run, LoginsBurst how many at once; 0 for no bound. Operators' accounts may
	// have ten times as many. More are answered 90.
	LoginsPerUser int `mapstructure:"logins_per_user"`
	LoginsBurst   int `mapstructure:"logins_burst"`
}

// Argon2 is the cost of one password check.
type Argon2 struct {
	MemoryKiB  uint32 `mapstructure:"memory_kib"`
	Iterations uint32 `mapstructure:"iterations"`
	// Parallel is how many password checks run at once; 0 for one a processor.
	Parallel int `mapstructure:"parallel"`
}

// Store is where records live.
type Store struct {
	// Driver is embedded (records stay in the local store) or postgres.
	Driver string `mapstructure:"driver"`
	// Path of the local store, always used.
	Path string `mapstructure:"path"`
	// URL of PostgreSQL; URLFile names a file that holds it, which not everybody may read.
	URL     string `mapstructure:"url"`
	URLFile string `mapstructure:"url_file"`
	// AnswerAfter is the milestone a login's answer waits for: local or postgres.
	AnswerAfter string `mapstructure:"answer_after"`
	// BatchRows and BatchDelay bound what the forwarder gathers before it sends.
	BatchRows  int           `mapstructure:"batch_rows"`
	BatchDelay time.Duration `mapstructure:"batch_delay"`
	// Patience is how long an answer waits for answer_after: postgres before it is 8.
	Patience time.Duration `mapstructure:"patience"`
	// MaxBytes bounds the local store's file and log, MinFree what stays free on its disk.
	// At a bound logins are answered 90 until it is left by a tenth; 0 for no bound.
	MaxBytes int `mapstructure:"max_bytes"`
	MinFree  int `mapstructure:"min_free"`
	// MaxRows and MaxAge bound what waits for PostgreSQL, with driver postgres.
	MaxRows int           `mapstructure:"max_rows"`
	MaxAge  time.Duration `mapstructure:"max_age"`
}

// Limits bounds what this front takes on.
type Limits struct {
	// Connections at once; checked against the limit of open files at start.
	Connections int `mapstructure:"connections"`
	// ConnectionsPerSource at once: of one IPv4 address or one /64 of IPv6; 0 for no bound.
	ConnectionsPerSource int `mapstructure:"connections_per_source"`
	// Unauthenticated connections, start:rate:full. From start on, the oldest of the source
	// that has most of them is dropped for a newcomer with a probability that rises from
	// rate percent to certainty at full.
	Unauthenticated string `mapstructure:"unauthenticated"`
	// Penalties of sources that misbehave.
	Penalties Penalties `mapstructure:"penalties"`
	// ExemptNetworks have neither a bound per source nor penalties: offices, campuses.
	ExemptNetworks []string `mapstructure:"exempt_networks"`
	// LoginsInFlight at once over all connections; more are answered 90.
	LoginsInFlight int `mapstructure:"logins_in_flight"`
	// PendingFrames that one connection may send while its login is in flight.
	PendingFrames int `mapstructure:"pending_frames"`
	// Refusals in a row that one authenticated connection may be answered; one a second
	// is forgotten. More close it.
	Refusals int `mapstructure:"refusals"`
	// OutboundBytes that a terminal may leave unread before it is closed.
	OutboundBytes int `mapstructure:"outbound_bytes"`
	// BodyBeforeAuth is the longest body before authentication; after it, 4096 is.
	BodyBeforeAuth int `mapstructure:"body_before_auth"`
	// SeenTerminals bounds the terminal ciphertexts that are remembered for their trading
	// day, so that one that comes again is known.
	SeenTerminals int `mapstructure:"seen_terminals"`
}

// Penalties are seconds that an offence adds to its source's debt, which falls by one a
// second. A source whose debt is too high is refused until it is paid.
type Penalties struct {
	// FailedAuthentication is a refused request before authentication.
	FailedAuthentication time.Duration `mapstructure:"failed_authentication"`
	// NoAuthentication is a connection that did not authenticate in time, or one from a
	// source that is locked.
	NoAuthentication time.Duration `mapstructure:"no_authentication"`
	// Malformed bytes end their connection.
	Malformed time.Duration `mapstructure:"malformed"`
	// RefusalFlood is a connection closed for one refused request after another.
	RefusalFlood time.Duration `mapstructure:"refusal_flood"`
	// Threshold of a source without authenticated connections; each of those adds as much.
	Threshold time.Duration `mapstructure:"threshold"`
	// Max is the highest debt, above Threshold.
	Max time.Duration `mapstructure:"max"`
	// Sources whose debts are kept; 0 for no penalties.
	Sources int `mapstructure:"sources"`
}

// Timers bounds how long things may take.
type Timers struct {
	// Authenticate from connect, Login from authenticated.
	Authenticate time.Duration `mapstructure:"authenticate"`
	Login        time.Duration `mapstructure:"login"`
	// LoginWork is how long a login may take in the front until its record's fate is known.
	LoginWork time.Duration `mapstructure:"login_work"`
	// ProxyHeader from connect, on a listener with client_address: proxy.
	ProxyHeader time.Duration `mapstructure:"proxy_header"`
	// Challenge is how long an unanswered challenge lives.
	Challenge time.Duration `mapstructure:"challenge"`
	// Drain is how long a stopping front waits for logins in flight.
	Drain time.Duration `mapstructure:"drain"`
}
