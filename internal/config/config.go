package config

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// This file describes each key once: a field of Config or of one of its sections. The type of the
// field says how the value is written (leaf.go) and the comment is its help, line by line, as
// `tradefront config defaults` prints it: write comments for operators. The tags:
//
//	key       the last part of the key's path
//	default   the value of a key that is left out, as it is written in a file
//	first     of a key in a list: its value in the one entry that the default list has
//	min, max  the bounds of a number or a time; of a text, max is its longest in bytes
//	choices   the words that are allowed
//	required  of a text that names a firm or a system: the key must be written, and this belongs there
//	secret    the value is never shown
//	empty     "" is allowed, and means that there is none
//	file      written: the front writes the file; private: only some users may read it
//	missing   what to do about a file that is not there
//	own       each front has its own: no part of Config.Hash
//
// The environment variable, the fault reports, the printed defaults, the reference page and the
// check of the files are made from them.

// Config is the whole configuration. Relative paths in it are resolved against the folder of the file
// that it was read from.
type Config struct {
	// Required. The firm's broker ID, in quotes: 1 to 10 letters, digits and marks. Terminals must
	// send the same.
	BrokerID string `key:"broker_id" max:"10" required:"the firm's broker ID, which its terminals send"`
	// Required. 期货公司统一标识, which the monitoring centre gave the firm: the first part of the
	// report's file name. 1 to 10 digits and letters, in quotes.
	ReportUnitID string `key:"report_unit_id" max:"10" required:"期货公司统一标识, which the monitoring centre gave the firm"`
	// Required. 交易软件厂商ID, which the monitoring centre gave the vendor of the trading software: the
	// first item of each line of the report. 1 to 10 letters, digits and marks, in quotes.
	VendorID string `key:"vendor_id" max:"10" required:"交易软件厂商ID, which the monitoring centre gave the vendor"`
	// Shown to terminals in the login response, at most 40 bytes.
	SystemName string `key:"system_name" default:"tradefront" max:"40" empty:"ok"`
	// This gateway process among the firm's others.
	Front Front `key:"front"`
	// The front.id of every front of the firm, as [1, 2]. A report then waits for one of which
	// PostgreSQL never heard. [] if none is declared.
	Fronts []int32 `key:"fronts"`
	// The listener for people and machines that watch the front.
	Admin Admin `key:"admin"`
	// The file that gets one JSON line for each authentication and login. "" writes to
	// standard error.
	AuditLog string `key:"audit_log" default:"audit.jsonl" file:"written" empty:"ok"`
	// Of the application log on standard error. debug adds a line for each step of a connection and one for
	// its whole life, sampled under load, and one for each visit that ends with the connection of its relay.
	LogLevel zapcore.Level `key:"log_level" default:"info" choices:"debug,info,warn,error"`
	// The encryption keys granted by the monitoring centre, the newest last. At most 2 may be
	// valid at any time.
	Keys []Key `key:"keys"`
	// The access authentication of terminal software.
	Auth Auth `key:"auth"`
	// A login whose terminal information is abnormal: lenient logs it in and flags the record,
	// strict refuses it with error 3.
	TerminalInfo string `key:"terminal_info" default:"lenient" choices:"lenient,strict"`
	// A login whose encrypted terminal information came before on the same trading day: flag
	// records it with flag 3, reject refuses it with error 3.
	ReplayedTerminalInfo string `key:"replayed_terminal_info" default:"flag" choices:"flag,reject"`
	// The exchanges' trading days, to be updated once a year.
	CalendarFile File `key:"calendar_file" default:"calendar.yaml" missing:"copy configs/calendar.yaml there"`
	// Who says which customers may log in, and takes their business messages.
	Core Core `key:"core"`
	// What relays (中继代理) may do, and how they are judged. Who may be one: tradefront relay add.
	Relay Relay `key:"relay"`
	// Where records live.
	Store Store `key:"store"`
	// How long evidence is kept. Of the daemon none of it is asked: the command archive and doctor go by it.
	Retention Retention `key:"retention"`
	// What this front takes on at once.
	Limits Limits `key:"limits"`
	// How long things may take.
	Timers Timers `key:"timers"`
}

// Retention is how long evidence is kept.
type Retention struct {
	// Years from the trading day on in which archive destroy refuses. At least 20: 期货和衍生品法 (2022) asks that for order and
	// trade records, and terminal information is a part of them (证监会公告〔2022〕43号).
	RecordsYears int `key:"records_years" default:"20" min:"20" max:"100"`
	// Years in which the lines of an audit log are kept. At least 5: 证券期货业网络和信息安全管理办法 (CSRC order 218, 2023) asks that
	// for business logs.
	AuditYears int `key:"audit_years" default:"5" min:"5" max:"100"`
	// Days after which doctor reminds that a trading day is still in PostgreSQL and in no archive.
	OnlineDays int `key:"online_days" default:"400" min:"30" max:"7300"`
}

// Front is this gateway process.
type Front struct {
	// Unique among the fronts of the firm.
	ID int32 `key:"id" default:"1" min:"1" max:"2147483647" own:"front"`
	// The addresses that terminals connect to.
	Listeners []Listener `key:"listeners"`
}

// Listener is one address that terminals connect to.
type Listener struct {
	// host:port. Port 0 takes any free port, and the start line tells which.
	Address Address `key:"address" first:"127.0.0.1:41205" own:"front"`
	// Where a terminal's address, which is recorded, comes from. peer: from the connection.
	// proxy: from the PROXY header (version 1 or 2) with which each connection must begin, for a
	// listener behind a load balancer that sends it.
	ClientAddress string `key:"client_address" default:"peer" choices:"peer,proxy"`
	// The networks, as 10.1.2.0/24, or addresses of those load balancers; mandatory with proxy.
	// Connections from elsewhere are closed: a peer whose header is believed can name any client.
	TrustedProxies TrustedNetworks `key:"trusted_proxies"`
	// With proxy: refuse clients of whom the header (version 2 with its TLS part, as
	// send-proxy-v2-ssl of HAProxy sends it) does not say that they came over TLS.
	RequireTLS bool `key:"require_tls" default:"false"`
	// Who may come: terminals, with an AppID of type 1, or relays, with one of type 2 or 3. Relays have
	// listeners of their own, where the bounds and penalties by address do not count; they need relay.enabled.
	Admits string `key:"admits" default:"terminals" choices:"terminals,relays"`
}

// Admin is the listener for people and machines that watch the front.
type Admin struct {
	// host:port of /metrics, /healthz and /readyz; "" for none. A client that reaches it can read
	// it: leave it on loopback, or have web_config_file ask for a password.
	Address Address `key:"address" default:"127.0.0.1:9464" empty:"ok" own:"front"`
	// TLS and passwords of that listener: a web configuration file as Prometheus and its exporters have
	// it (exporter-toolkit). It is read anew for each connection. "" for plain HTTP without a password.
	WebConfigFile File `key:"web_config_file" empty:"ok" file:"private" missing:"write one as docs/operations.md shows"`
	// The authorities, in PEM form, of which one signed that listener's certificate. With it commands
	// that ask a running front (front status, session list, doctor) do so by HTTPS.
	CAFile File `key:"ca_file" empty:"ok" missing:"save the certificate of the authority there"`
	// One line user:password, by which those commands log in at that listener.
	LoginFile File `key:"login_file" empty:"ok" file:"private" missing:"write user:password into it, and nothing else"`
	// Users of web_config_file who may end sessions from another machine, over TLS (session end --account of
	// all fronts). Without any, a front takes that from its own machine alone.
	Operators []string `key:"operators"`
	// host:port of /healthz and /readyz and nothing else, for load balancers that must know whether
	// this front is ready; "" for none. It tells names of checks only, so balancers may reach it
	// from other machines.
	HealthAddress Address `key:"health_address" empty:"ok" own:"front"`
	// Adds Go's profiling pages under /debug/pprof/.
	Pprof bool `key:"pprof" default:"false"`
}

// Key is one version of the monitoring centre's encryption key.
type Key struct {
	// As the terminals send it, 1 to 8 bytes, in quotes.
	Version string `key:"version" first:"1.0" max:"8" required:"the version under which the monitoring centre granted the key"`
	// RSA-2048, or the national algorithm SM2 where the monitoring centre granted such a key.
	Algorithm string `key:"algorithm" default:"rsa" choices:"rsa,sm2"`
	// PEM, SubjectPublicKeyInfo, of that algorithm.
	PublicKeyFile File `key:"public_key_file" first:"keys/1.0.pem" missing:"save the monitoring centre's public key there"`
	// The key's life: from not_before on, and before not_after. A day as 2026-01-31
	// (midnight, UTC+8), a time as "2026-01-31 15:30:00" (UTC+8), or RFC 3339; "" for no
	// bound.
	NotBefore time.Time `key:"not_before"`
	// See not_before.
	NotAfter time.Time `key:"not_after"`
}

// Auth is the access authentication of terminal software.
type Auth struct {
	// Encrypts the authcodes at rest; made by `tradefront masterkey create`. Keep a copy
	// apart: without it, every AppID needs a new authcode. credential:NAME is a file that
	// systemd hands over (LoadCredential=).
	MasterKeyFile File `key:"master_key_file" default:"master.key" missing:"put another front's or the safe's there; a new firm: tradefront masterkey create"`
	// How often changes of AppIDs and accounts are looked for.
	Refresh time.Duration `key:"refresh" default:"2s" min:"100ms" max:"1h"`
}

// Core is what says who may log in.
type Core struct {
	// local: accounts of this front's own store, and no business messages (they are answered 77).
	// link: the firm's trading core, over the link of docs/core.md.
	Driver string `key:"driver" default:"local" choices:"local,link"`
	// The way to the trading core, with driver link.
	Link Link `key:"link"`
	// The cost of one password check.
	Argon2 Argon2 `key:"argon2"`
	// How long a verified login is remembered, so that a reconnect does not pay for the check
	// again; 0s for never.
	Remember time.Duration `key:"remember" default:"12h" min:"0s" max:"168h"`
	// How many verified logins are remembered.
	RememberAccounts int `key:"remember_accounts" default:"200000" min:"0" max:"10000000"`
	// Memory in KiB of the quick check of a password that was right before: the front keeps a verifier of it in its
	// local store, which is of no use without the master key, so that a start in the morning does not pay the cost of
	// argon2 for every customer. 0 keeps none (docs/security.md).
	VerifierKiB uint32 `key:"verifier_kib" default:"1024" min:"0" max:"1048576"`
	// Logins that may wait for a password check; more are answered 90, try again.
	HashQueue int `key:"hash_queue" default:"1024" min:"1" max:"1000000"`
	// Consecutive failures that lock an account for one source address.
	LockFailures int `key:"lock_failures" default:"5" min:"1" max:"1000"`
	// Failures over all accounts that lock a source address. An office shares one.
	LockSourceFailures int `key:"lock_source_failures" default:"100" min:"1" max:"1000000"`
	// The time in which one failure is forgotten.
	LockDecay time.Duration `key:"lock_decay" default:"3m" min:"1s" max:"24h"`
	// Sessions that one account may have; more are answered 60. With the local core and store.driver postgres over all fronts of
	// that PostgreSQL, while it answers; else at this front, and a trading core can bound all fronts. 0 for no bound.
	SessionsPerUser int `key:"sessions_per_user" default:"0" min:"0" max:"1000000"`
	// Accepted logins a second that one account may have at this front in the long run; more are
	// answered 90. 0 for no bound. An operator's account may have ten times as many.
	LoginsPerUser int `key:"logins_per_user" default:"5" min:"0" max:"100000"`
	// How many of them it may have at once, after a pause.
	LoginsBurst int `key:"logins_burst" default:"300" min:"1" max:"1000000"`
}

// Link is the way to the firm's trading core.
type Link struct {
	// Where the cores listen, as ["core-a.firm:41300", "core-b.firm:41300"], or unix:/run/core.sock.
	// The front dials all of them and uses the one that says that it is active.
	Endpoints CoreEndpoints `key:"endpoints"`
	// PEM: the authority that signed the cores' certificates. It, cert_file and key_file are mandatory for
	// an endpoint that is no Unix socket: the link is TLS 1.3, and each side shows a certificate. Each
	// new connection reads all three.
	CAFile File `key:"ca_file" empty:"ok" missing:"ask who runs the trading core for its authority's certificate"`
	// PEM: this front's certificate for the link, and behind it those between it and the authority.
	CertFile File `key:"cert_file" empty:"ok" missing:"make one as docs/core.md says"`
	// PEM: its private key; credential:NAME as above. Other users may not read it.
	KeyFile File `key:"key_file" empty:"ok" file:"private" missing:"make one as docs/core.md says"`
	// The name that a core's certificate must have; "" for the endpoint's host.
	ServerName string `key:"server_name" max:"253" empty:"ok"`
	// Speak without TLS to endpoints on this machine's loopback. Passwords then cross it in clear: for
	// tests, and for a core behind a tunnel of your own.
	InsecureLoopback bool `key:"insecure_loopback" default:"false"`
	// The core verifies logins and takes no business messages: those are answered 77.
	VerifyOnly bool `key:"verify_only" default:"false"`
	// How long the core may take to verify a login; more is answered 90.
	VerifyTimeout time.Duration `key:"verify_timeout" default:"3s" min:"10ms" max:"1m"`
	// After the core went away, how long its sessions wait for one that can resume them. Then their
	// terminals are told to log in again.
	Grace time.Duration `key:"grace" default:"10s" min:"0s" max:"10m"`
	// The time over which those terminals are told, and those whose sessions a core does not resume, however few they are,
	// so that they do not come back all at once.
	FailoverSpread time.Duration `key:"failover_spread" default:"30s" min:"0s" max:"10m"`
	// How long business messages stay unread because the core gives no credit or the queue is above
	// queue_low. Then they are taken again: without credit they are answered 90, else they wait in the queue.
	Wait time.Duration `key:"wait" default:"1s" min:"0s" max:"1m"`
	// Bytes that wait for the core to read them, for each endpoint; with more a message is answered 90.
	QueueBytes int `key:"queue_bytes" default:"8388608" min:"65536" max:"1073741824"`
	// With more than these bytes in that queue, what terminals send stays unread.
	QueueLow int `key:"queue_low" default:"2097152" min:"16384" max:"1073741824"`
}

// Relay is what relays may do.
type Relay struct {
	// Take relays at all. Needs a listener with admits: relays; without it the AppIDs of relays are refused.
	Enabled bool `key:"enabled" default:"false"`
	// How long ago a terminal may have logged in at its relay; older is refused with error 15. Raise it where
	// customers stay logged in over a holiday.
	MaxTerminalAge time.Duration `key:"max_terminal_age" default:"96h" min:"1h" max:"400h"`
	// How far a relay's clock may be ahead of this front's; more is refused with error 15.
	ClockAhead time.Duration `key:"clock_ahead" default:"1m" min:"0s" max:"10m"`
	// How old a SubmitID may be; older is refused with error 15. Relays send again for 10 minutes what was not answered:
	// below 10m a submission may be refused after an outage that may have been recorded before.
	SubmitIDAge time.Duration `key:"submit_id_age" default:"15m" min:"1m" max:"24h"`
	// The login of the operator himself, at a relay of type 3. report: a line of the report, as the specification
	// has it (B.1 b 1). audit_only: a line of the audit log alone.
	OperatorRecord string `key:"operator_record" default:"report" choices:"report,audit_only"`
	// Take orders by telephone (terminal type 6), which have no address: items 3 and 4 of their lines are empty.
	// Ask the monitoring centre before you allow it.
	OfflineOrders bool `key:"offline_orders" default:"false"`
	// Keep what relays tell of MAC, UUID and telephone number (TerminalTag) in the audit log. It is personal data, and no
	// part of a report.
	AuditTags bool `key:"audit_tags" default:"false"`
	// For relays of the firm's own network: their address as the front sees it, and the public one to report in
	// its place, as {"10.1.2.3": "116.228.52.11"}. The variable has 10.1.2.3=116.228.52.11, with commas between.
	PublicAddresses PublicAddresses `key:"public_addresses"`
	// Operator relays, by AppID, that end one terminal when the front says so (ForceExit with SubmitRef; session end --terminal).
	// Ask the relay's vendor first: a relay that does not know SubmitRef would end all its terminals.
	TerminalExits AppIDs `key:"terminal_exits"`
	// Terminals that one connection of an operator relay may have reported and not ended; more are answered 60.
	MaxVisits int `key:"max_visits" default:"100000" min:"1" max:"10000000"`
}

// Argon2 is the cost of one password check.
type Argon2 struct {
	// Memory in KiB. A password's hash keeps the cost it was made with.
	MemoryKiB uint32 `key:"memory_kib" default:"19456" min:"1024" max:"1048576"`
	// Passes over that memory.
	Iterations uint32 `key:"iterations" default:"2" min:"1" max:"64"`
	// Password checks at once; 0 for one a processor. Each takes the memory above.
	Parallel int `key:"parallel" default:"0" min:"0" max:"1024"`
}

// Store is where records live.
type Store struct {
	// embedded keeps records in the local store, postgres moves them on to PostgreSQL.
	Driver string `key:"driver" default:"embedded" choices:"embedded,postgres"`
	// The local store, always used: each login is in it before it is answered. On a disk that
	// keeps what it has synced.
	Path string `key:"path" default:"tradefront.db" file:"written"`
	// The database, as postgres://user:password@host:5432/name, percent-encoded: @ in a password
	// as %40, / as %2F, : as %3A, # as %23, ? as %3F, % as %25. One of url and url_file is needed
	// for driver postgres.
	URL DatabaseURL `key:"url" secret:"true"`
	// A file that holds the URL and nothing else, so that this one holds no password;
	// credential:NAME as above. Other users may not read it. Each new connection reads it: another
	// password needs no restart, anything else does. TRADEFRONT_STORE_URL takes the place of url
	// and of url_file, and so does TRADEFRONT_STORE_URL_FILE.
	URLFile File `key:"url_file" empty:"ok" file:"private"`
	// What a login's answer waits for: local, this front's disk; postgres, the database's
	// commit as well (with the database out of reach such a front answers 8).
	AnswerAfter string `key:"answer_after" default:"local" choices:"local,postgres"`
	// Rows that the forwarder gathers at most before it sends.
	BatchRows int `key:"batch_rows" default:"2000" min:"1" max:"100000"`
	// How long it waits for them at most.
	BatchDelay time.Duration `key:"batch_delay" default:"200ms" min:"1ms" max:"10s"`
	// With answer_after: postgres, how long an answer waits before it is 8.
	Patience time.Duration `key:"patience" default:"5s" min:"100ms" max:"5m"`
	// Bytes of the local store and its log; 0 for no bound. A record takes about 1,100. Warned of
	// at 80 % of each bound; at a bound logins are answered 90 until it is left by a tenth.
	MaxBytes int `key:"max_bytes" default:"68719476736" min:"0" max:"1125899906842624"`
	// Bytes that must stay free on the local store's disk; 0 for no bound.
	MinFree int `key:"min_free" default:"268435456" min:"0" max:"1125899906842624"`
	// Records that may wait for PostgreSQL; 0 for no bound. With driver embedded records stay,
	// and this does not count.
	MaxRows int `key:"max_rows" default:"20000000" min:"0" max:"1099511627776"`
	// How long the oldest of them may have waited; 0s for no bound.
	MaxAge time.Duration `key:"max_age" default:"168h" min:"0s" max:"8760h"`
}

// Limits bounds what the front takes on.
type Limits struct {
	// Connections; 0 for as many as the limit of open files allows, less a reserve.
	Connections int `key:"connections" default:"0" min:"0" max:"10000000"`
	// Connections of one source: an IPv4 address, or a /64 of IPv6; 0 for no bound. More are
	// refused. A /56 may have 4 times as many, a /48 and an IPv4 /24 16 times. An office or a campus
	// shares one address: see exempt_networks.
	ConnectionsPerSource int `key:"connections_per_source" default:"2000" min:"0" max:"10000000"`
	// Connections that have not authenticated, start:rate:full. From start on, for a newcomer the
	// oldest of the source that has most of them is dropped, with a probability that rises from
	// rate percent to certainty at full; a newcomer of that very source is refused. "" for no bound.
	Unauthenticated EarlyDrop `key:"unauthenticated" default:"4000:30:16000"`
	// What misbehaviour costs its source. Each offence adds to a debt that falls by one second
	// a second. Over the threshold, newcomers of that source are refused until it is paid.
	Penalties Penalties `key:"penalties"`
	// Networks, as 10.1.2.0/24 or 2001:db8::/48, without a bound per source and without penalties:
	// offices and campuses that share an address, load balancers that hide their clients, the
	// network of a stress test. Their half-open connections count like those of all others.
	ExemptNetworks ExemptNetworks `key:"exempt_networks"`
	// Logins over all connections; more are answered 90, try again.
	LoginsInFlight int `key:"logins_in_flight" default:"4096" min:"1" max:"1000000"`
	// The part of logins_in_flight that relayed logins and submissions may take, so that customers who connect
	// by themselves get in beside a relay's storm.
	RelayShare float64 `key:"relay_share" default:"0.5" min:"0.1" max:"0.9"`
	// Frames that one connection may send while its login is in flight.
	PendingFrames int `key:"pending_frames" default:"8" min:"1" max:"1024"`
	// Errors in a row that one authenticated connection may be answered before it is closed; one
	// a second is forgotten.
	Refusals int `key:"refusals" default:"64" min:"1" max:"100000"`
	// Bytes that a terminal may leave unread before it is closed. A trading core may send a flow from the
	// beginning of the day at once, which a terminal far away needs a while to read.
	OutboundBytes int `key:"outbound_bytes" default:"4194304" min:"1024" max:"268435456"`
	// Bytes of a terminal that stay unread while the core wants no more; over them the connection is closed.
	InboundBytes int `key:"inbound_bytes" default:"262144" min:"8192" max:"16777216"`
	// Business messages a second that one session may send; 0 for no bound.
	RequestsPerSecond int `key:"requests_per_second" default:"0" min:"0" max:"1000000"`
	// What happens to more: delay leaves them unread until their second comes, refuse answers them 90.
	RequestsOver string `key:"requests_over" default:"delay" choices:"delay,refuse"`
	// The longest body of a frame before authentication; after it, 4096.
	BodyBeforeAuth int `key:"body_before_auth" default:"512" min:"206" max:"4096"`
	// Terminal ciphertexts that are remembered for their trading day, some 40 bytes each, so that
	// one that comes again is known. Beyond it new ones are not remembered.
	SeenTerminals int `key:"seen_terminals" default:"1000000" min:"1000" max:"100000000"`
}

// Penalties are debts of sources that misbehave.
type Penalties struct {
	// A request that is refused before authentication. Each is a line of the audit log.
	FailedAuthentication time.Duration `key:"failed_authentication" default:"5s" min:"0s" max:"1h"`
	// A connection that did not authenticate in time, or one from a source that is locked (143).
	NoAuthentication time.Duration `key:"no_authentication" default:"1s" min:"0s" max:"1h"`
	// Bytes that are no message.
	Malformed time.Duration `key:"malformed" default:"5s" min:"0s" max:"1h"`
	// A connection closed for one refused request after another.
	RefusalFlood time.Duration `key:"refusal_flood" default:"10s" min:"0s" max:"1h"`
	// A source may owe this once, and once more for each authenticated connection that it has and
	// each login accepted from it within a day, as often as fits below max. A /24 of IPv4 and a /48
	// of IPv6 owe a sixteenth of what their sources do, a /56 a quarter.
	Threshold time.Duration `key:"threshold" default:"1m" min:"1s" max:"24h"`
	// No debt is higher. More than the threshold, so that a source that goes on is refused in the end.
	Max time.Duration `key:"max" default:"10m" min:"1s" max:"24h"`
	// Debts that are kept at once, those that last longest; 0 for no penalties.
	Sources int `key:"sources" default:"65536" min:"0" max:"10000000"`
}

// Timers bounds how long things may take.
type Timers struct {
	// From connected to authenticated.
	Authenticate time.Duration `key:"authenticate" default:"10s" min:"10ms" max:"1h"`
	// From authenticated to logged in.
	Login time.Duration `key:"login" default:"30s" min:"10ms" max:"1h"`
	// How long a login may take in the front. One that takes longer is answered 90,
	// or 8 if its record may exist.
	LoginWork time.Duration `key:"login_work" default:"20s" min:"100ms" max:"1h"`
	// From connected to the PROXY header, on a listener with client_address: proxy.
	ProxyHeader time.Duration `key:"proxy_header" default:"3s" min:"100ms" max:"1m"`
	// How long an unanswered challenge lives.
	Challenge time.Duration `key:"challenge" default:"30s" min:"10ms" max:"30s"`
	// How long a stopping front waits for logins in flight.
	Drain time.Duration `key:"drain" default:"30s" min:"0s" max:"1h"`
}
