package config

import (
	"fmt"
	"strings"
	"time"
)

// entry is what the manual says of a key: the words that `tradefront config defaults`
// prints, and the bounds that Load enforces, so that the two cannot drift apart.
type entry struct {
	words    string // what it is, one line of YAML comment each
	min, max int64  // of a count; of a span in nanoseconds; no bounds if max is 0
	span     bool   // min and max are times
	choices  []string
	secret   bool // the value is never repeated to anybody
}

// The longest a frame's body may be, and the shortest that still holds an authentication.
const (
	maxBody  = 4096
	authBody = 206 // 16 header + 6+50 AuthIdentity + 6+128 AuthInfo
)

// manual has an entry for each key of the Config struct; a test watches that.
var manual = map[string]entry{
	"broker_id":      words("Required. The firm's broker ID, in quotes: 1 to 10 letters, digits and marks. Terminals must\nsend the same."),
	"report_unit_id": words("Required. 期货公司统一标识, which the monitoring centre gave the firm: the first part of the\nreport's file name. 1 to 10 digits and letters, in quotes."),
	"vendor_id":      words("Required. 交易软件厂商ID, which the monitoring centre gave the vendor of the trading software: the\nfirst item of each line of the report. 1 to 10 letters, digits and marks, in quotes."),
	"system_name":    words("Shown to terminals in the login response, at most 40 bytes."),

	"front":                             words("This gateway process among the firm's others."),
	"front.id":                          number("Unique among the fronts of the firm.", 1, 1<<31-1),
	"front.listeners":                   words("The addresses that terminals connect to."),
	"front.listeners[].address":         words("host:port. Port 0 takes any free port, and the start line tells which."),
	"front.listeners[].client_address":  choice("Where a terminal's address, which is recorded, comes from. peer: from the connection.\nproxy: from the PROXY header (version 1 or 2) with which each connection must begin, for a\nlistener behind a load balancer that sends it.", "peer", "proxy"),
	"front.listeners[].trusted_proxies": words("The networks, as 10.1.2.0/24, or addresses of those load balancers; mandatory with proxy.\nConnections from elsewhere are closed: whoever is believed can write any address."),
	"front.listeners[].require_tls":     words("With proxy: refuse clients of whom the header (version 2 with its TLS part, as\nsend-proxy-v2-ssl of HAProxy sends it) does not say that they came over TLS."),

	"fronts": words("The front.id of every front of the firm, as [1, 2]. A report then waits for one of which\nPostgreSQL never heard. [] if none is declared."),

	"admin":                words("The listener for people and machines that watch the front."),
	"admin.address":        words("host:port of /metrics, /healthz and /readyz; \"\" for none. Whoever reaches it can read\nit: leave it on loopback, or behind something that asks for a password."),
	"admin.health_address": words("host:port of /healthz and /readyz and nothing else, for load balancers that must know whether\nthis front is ready; \"\" for none. It tells names of checks only, so balancers may reach it\nfrom other machines."),
	"admin.pprof":          words("Adds Go's profiling pages under /debug/pprof/."),

	"audit_log": words("The file that gets one JSON line for each authentication and login. \"\" writes to\nstandard error."),
	"log_level": choice("Of the application log on standard error. debug is taken and adds nothing yet: no line has\nthat level.", "debug", "info", "warn", "error"),

	"keys":                   words("The encryption keys granted by the monitoring centre, the newest last. At most 2 may be\nvalid at any time."),
	"keys[].version":         words("As the terminals send it, 1 to 8 bytes, in quotes."),
	"keys[].algorithm":       choice("RSA-2048, or the national algorithm SM2 where the monitoring centre granted such a key.", "rsa", "sm2"),
	"keys[].public_key_file": words("PEM, SubjectPublicKeyInfo, of that algorithm."),
	"keys[].not_before":      words("The key's life: from not_before on, and before not_after. A day as 2026-01-31\n(midnight, UTC+8), a time as \"2026-01-31 15:30:00\" (UTC+8), or RFC 3339; \"\" for no\nbound."),
	"keys[].not_after":       words("See not_before."),

	"auth":                 words("The access authentication of terminal software."),
	"auth.master_key_file": words("Encrypts the authcodes at rest; made by `tradefront masterkey create`. Keep a copy\napart: without it, every AppID needs a new authcode. credential:NAME is a file that\nsystemd hands over (LoadCredential=)."),
	"auth.refresh":         duration("How often changes of AppIDs and accounts are looked for.", 100*time.Millisecond, time.Hour),

	"terminal_info":          choice("A login whose terminal information is abnormal: lenient logs it in and flags the record,\nstrict refuses it with error 3.", "lenient", "strict"),
	"replayed_terminal_info": choice("A login whose encrypted terminal information came before on the same trading day: flag\nrecords it with flag 3, reject refuses it with error 3.", "flag", "reject"),
	"calendar_file":          words("The exchanges' trading days, to be updated once a year."),

	"core":                      words("The local trading core: who may log in."),
	"core.argon2":               words("The cost of one password check."),
	"core.argon2.memory_kib":    number("Memory in KiB. A password's hash keeps the cost it was made with.", 1024, 1<<20),
	"core.argon2.iterations":    number("Passes over that memory.", 1, 64),
	"core.argon2.parallel":      number("Password checks at once; 0 for one a processor. Each takes the memory above.", 0, 1024),
	"core.remember":             duration("How long a verified login is remembered, so that a reconnect does not pay for the check\nagain; 0s for never.", 0, 7*24*time.Hour),
	"core.remember_accounts":    number("How many verified logins are remembered.", 0, 10_000_000),
	"core.hash_queue":           number("Logins that may wait for a password check; more are answered 90, try again.", 1, 1_000_000),
	"core.lock_failures":        number("Consecutive failures that lock an account for one source address.", 1, 1000),
	"core.lock_source_failures": number("Failures over all accounts that lock a source address. An office shares one.", 1, 1_000_000),
	"core.lock_decay":           duration("The time in which one failure is forgotten.", time.Second, 24*time.Hour),
	"core.sessions_per_user":    number("Sessions that one account may have at this front; 0 for no bound.", 0, 1_000_000),
	"core.logins_per_user":      number("Accepted logins a second that one account may have at this front in the long run; more are\nanswered 90. 0 for no bound. An operator's account may have ten times as many.", 0, 100_000),
	"core.logins_burst":         number("How many of them it may have at once, after a pause.", 1, 1_000_000),

	"store":              words("Where records live."),
	"store.driver":       choice("embedded keeps records in the local store, postgres moves them on to PostgreSQL.", "embedded", "postgres"),
	"store.path":         words("The local store, always used: each login is in it before it is answered. On a disk that\nkeeps what it has synced."),
	"store.url":          secret("The database, as postgres://user:password@host:5432/name, percent-encoded: @ in a password\nas %40, / as %2F, : as %3A, # as %23, ? as %3F, % as %25. One of url and url_file is needed\nfor driver postgres."),
	"store.url_file":     words("A file that holds the URL and nothing else, so that this one holds no password;\ncredential:NAME as above. Not everybody may read it. TRADEFRONT_STORE_URL takes the\nplace of url and of url_file, and so does TRADEFRONT_STORE_URL_FILE."),
	"store.answer_after": choice("What a login's answer waits for: local, this front's disk; postgres, the database's\ncommit as well (with the database out of reach such a front answers 8).", "local", "postgres"),
	"store.batch_rows":   number("Rows that the forwarder gathers at most before it sends.", 1, 100_000),
	"store.batch_delay":  duration("How long it waits for them at most.", time.Millisecond, 10*time.Second),
	"store.patience":     duration("With answer_after: postgres, how long an answer waits before it is 8.", 100*time.Millisecond, 5*time.Minute),
	"store.max_bytes":    number("Bytes of the local store and its log; 0 for no bound. A record takes about 1,100. Warned of\nat 80 % of each bound; at a bound logins are answered 90 until it is left by a tenth.", 0, 1<<50),
	"store.min_free":     number("Bytes that must stay free on the local store's disk; 0 for no bound.", 0, 1<<50),
	"store.max_rows":     number("Records that may wait for PostgreSQL; 0 for no bound. With driver embedded records stay,\nand this does not count.", 0, 1<<40),
	"store.max_age":      duration("How long the oldest of them may have waited; 0s for no bound.", 0, 365*24*time.Hour),

	"limits":                                 words("What this front takes on at once."),
	"limits.connections":                     number("Connections; 0 for as many as the limit of open files allows, less a reserve.", 0, 10_000_000),
	"limits.connections_per_source":          number("Connections of one source: an IPv4 address, or a /64 of IPv6; 0 for no bound. More are\nrefused. A /56 may have 4 times as many, a /48 and an IPv4 /24 16 times. An office or a campus\nshares one address: see exempt_networks.", 0, 10_000_000),
	"limits.unauthenticated":                 words("Connections that have not authenticated, start:rate:full. From start on, for a newcomer the\noldest of the source that has most of them is dropped, with a probability that rises from\nrate percent to certainty at full; a newcomer of that very source is refused. \"\" for no bound."),
	"limits.penalties":                       words("What misbehaviour costs its source. Each offence adds to a debt that falls by one second\na second. Over the threshold, newcomers of that source are refused until it is paid."),
	"limits.penalties.failed_authentication": duration("A request that is refused before authentication. Each is a line of the audit log.", 0, time.Hour),
	"limits.penalties.no_authentication":     duration("A connection that did not authenticate in time, or one from a source that is locked (143).", 0, time.Hour),
	"limits.penalties.malformed":             duration("Bytes that are no message.", 0, time.Hour),
	"limits.penalties.refusal_flood":         duration("A connection closed for one refused request after another.", 0, time.Hour),
	"limits.penalties.threshold":             duration("A source may owe this once, and once more for each authenticated connection that it has and\neach login accepted from it within a day, as often as fits below max. A /24 of IPv4 and a /48\nof IPv6 owe a sixteenth of what their sources do, a /56 a quarter.", time.Second, 24*time.Hour),
	"limits.penalties.max":                   duration("No debt is higher. More than the threshold, so that whoever goes on is refused in the end.", time.Second, 24*time.Hour),
	"limits.penalties.sources":               number("Debts that are kept at once, those that last longest; 0 for no penalties.", 0, 10_000_000),

	"limits.exempt_networks":  words("Networks, as 10.1.2.0/24 or 2001:db8::/48, without a bound per source and without penalties:\noffices and campuses that share an address, load balancers that hide their clients, the\nnetwork of a stress test. Their half-open connections count like everybody's."),
	"limits.logins_in_flight": number("Logins over all connections; more are answered 90, try again.", 1, 1_000_000),
	"limits.pending_frames":   number("Frames that one connection may send while its login is in flight.", 1, 1024),
	"limits.refusals":         number("Errors in a row that one authenticated connection may be answered before it is closed; one\na second is forgotten.", 1, 100_000),
	"limits.outbound_bytes":   number("Bytes that a terminal may leave unread before it is closed.", 1024, 16<<20),
	"limits.body_before_auth": number("The longest body of a frame before authentication; after it, 4096.", authBody, maxBody),

	"limits.seen_terminals": number("Terminal ciphertexts that are remembered for their trading day, some 40 bytes each, so that\none that comes again is known. Beyond it new ones are not remembered.", 1000, 100_000_000),

	"timers":              words("How long things may take."),
	"timers.authenticate": duration("From connected to authenticated.", 10*time.Millisecond, time.Hour),
	"timers.login":        duration("From authenticated to logged in.", 10*time.Millisecond, time.Hour),
	"timers.login_work":   duration("How long a login may take in the front. One that takes longer is answered 90,\nor 8 if its record may exist.", 100*time.Millisecond, time.Hour),
	"timers.proxy_header": duration("From connected to the PROXY header, on a listener with client_address: proxy.", 100*time.Millisecond, time.Minute),
	"timers.challenge":    duration("How long an unanswered challenge lives.", 10*time.Millisecond, 30*time.Second),
	"timers.drain":        duration("How long a stopping front waits for logins in flight.", 0, time.Hour),
}

func words(s string) entry  { return entry{words: s} }
func secret(s string) entry { return entry{words: s, secret: true} }

func number(s string, lowest, highest int64) entry {
	return entry{words: s, min: lowest, max: highest}
}

func duration(s string, lowest, highest time.Duration) entry {
	return entry{words: s, min: int64(lowest), max: int64(highest), span: true}
}

func choice(s string, choices ...string) entry { return entry{words: s, choices: choices} }

// bounds is "1 to 1024", "" if the key has none.
func (e entry) bounds() string {
	if e.max == 0 {
		return ""
	}
	return e.print(e.min) + " to " + e.print(e.max)
}

func (e entry) print(n int64) string {
	if e.span {
		return printSpan(time.Duration(n))
	}
	return fmt.Sprint(n)
}

// printSpan is shorter than Duration.String: 12h, not 12h0m0s.
func printSpan(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
