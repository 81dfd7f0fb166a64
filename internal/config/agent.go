package config

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// Agent is the whole configuration of a relay agent, `tradefront relay serve`. It is described as Config is, key by key;
// sections that an agent shares with a front have the same keys.
type Agent struct {
	// Required. The firm's broker ID, in quotes. The agent's terminals must send the same, and the agent
	// sends it to the front.
	BrokerID string `key:"broker_id" max:"10" required:"the firm's broker ID, which its terminals send"`
	// With mode operator: shown to terminals in the login response, at most 40 bytes. With mode investor
	// they are shown the front's.
	SystemName string `key:"system_name" default:"tradefront relay" max:"40" empty:"ok"`
	// investor: each terminal has a connection of its own to the front, which verifies its customer's
	// password (多对多). operator: one connection of an operator for all terminals, whose passwords the
	// agent verifies (一对多).
	Mode string `key:"mode" default:"investor" choices:"investor,operator"`
	// The terminals' side.
	Front Front `key:"front"`
	// The fronts, and as whom the agent comes to them.
	Upstream Upstream `key:"upstream"`
	// The terminal software that may connect.
	Registry AgentRegistry `key:"registry"`
	// The versions of the monitoring centre's encryption keys that terminals may use. The agent opens
	// nothing: it needs neither the key nor its file.
	Keys []AgentKey `key:"keys"`
	// Take relays below this one, at a listener with admits: relays: software whose AppID is a relay's of the
	// same mode. What they tell of a terminal is passed on unchanged. The registry file must allow it too.
	Chained bool `key:"chained" default:"false"`
	// With mode operator and chained: tell the relays below when a front ends one of their terminals. A relay
	// that does not know such a message ends all its terminals then: ask its vendor.
	ChainedExits bool `key:"chained_exits" default:"false"`
	// The listener for people and machines that watch the agent.
	Admin Admin `key:"admin"`
	// The file that gets one JSON line for each authentication and login. "" writes to
	// standard error.
	AuditLog string `key:"audit_log" default:"relay-audit.jsonl" file:"written" empty:"ok"`
	// Bytes that must stay free on the audit log's disk. Below them only accepted logins are written;
	// 0 for no bound.
	AuditMinFree int `key:"audit_min_free" default:"268435456" min:"0" max:"1125899906842624"`
	// Of the application log on standard error. debug is taken and adds nothing yet: no line has
	// that level.
	LogLevel zapcore.Level `key:"log_level" default:"info" choices:"debug,info,warn,error"`
	// With mode operator: who says which customers may log in. With driver link it is a trading core, which
	// takes their business messages too; to it the agent is a front of its own, whose ID is front.id.
	Core Core `key:"core"`
	// With mode operator and core.driver local: the store of the customers' accounts, which
	// `tradefront account add` fills.
	Accounts string `key:"accounts" default:"relay-accounts.db" file:"written"`
	// What this agent takes on at once.
	Limits Limits `key:"limits"`
	// How long things may take.
	Timers Timers `key:"timers"`
}

// Upstream is the fronts, and as whom the agent comes to them.
type Upstream struct {
	// Required. host:port of the fronts' listeners for relays, as ["front-a:41206", "front-b:41206"], in the
	// order of preference. The agent stays on one until that takes no connection, answers a login 8, or ends.
	Addresses UpstreamAddresses `key:"addresses"`
	// Required. The relay's own AppID (RelayAppID): an operator relay's with mode operator, else an
	// investor relay's.
	AppID string `key:"app_id" max:"30" required:"the relay's own AppID, which the firm issued"`
	// How this AppID answers challenges, as the firm said.
	Cipher string `key:"cipher" default:"aes" choices:"aes,sm4"`
	// A file that holds the authcode of that AppID and nothing else; credential:NAME is a file that
	// systemd hands over (LoadCredential=). Other users may not read it.
	AuthcodeFile File `key:"authcode_file" default:"relay.authcode" file:"private" missing:"write the relay's authcode into it, and nothing else"`
	// With mode operator: the operator's account at the front.
	Operator string `key:"operator" max:"18" empty:"ok"`
	// With mode operator: a file that holds its password and nothing else; credential:NAME as above. Other
	// users may not read it.
	PasswordFile File `key:"password_file" empty:"ok" file:"private" missing:"write the operator's password into it, and nothing else"`
	// With mode operator: the monitoring centre's public key, PEM. At each login of the operator the agent
	// collects this machine's terminal information and encrypts it anew under that key, as a terminal does.
	// The file is read anew too. "" with no terminal_info_file sends none, which the front flags 1.
	KeyFile File `key:"key_file" empty:"ok" missing:"put the monitoring centre's public key there, PEM"`
	// In place of key_file: a file with the encrypted terminal information of this machine, as the monitoring
	// centre's library made it, raw bytes. It is read at each login of the operator. The same ciphertext again is
	// a replay to the front: it flags 3 from the second login of a day on, and with
	// replayed_terminal_info: reject, or terminal_info: strict, it refuses the operator for good.
	TerminalInfoFile File `key:"terminal_info_file" empty:"ok" missing:"collect this machine's terminal information into it"`
	// The version of key_file, or of the key under which terminal_info_file is encrypted, in quotes.
	KeyVersion string `key:"key_version" max:"8" empty:"ok"`
	// How the connections to the fronts are encrypted. A front has no TLS of its own: what ends it is a
	// TLS proxy before the front.
	TLS UpstreamTLS `key:"tls"`
	// From connecting to a front to its answer.
	ConnectTimeout time.Duration `key:"connect_timeout" default:"5s" min:"100ms" max:"1m"`
	// With mode operator: how long the terminals stay when the connection to the front is lost, while the
	// agent connects again and reports them again. Then they are sent away.
	Grace time.Duration `key:"grace" default:"60s" min:"0s" max:"1h"`
	// With mode operator: after how long at the latest a front is asked again that did not admit this relay
	// (63), or whose firm ended its session; then after twice as long each time, 10m at most.
	RefusedRetry time.Duration `key:"refused_retry" default:"30s" min:"100ms" max:"1h"`
	// The time over which terminals are sent away, so that they do not come back all at once.
	ExitSpread time.Duration `key:"exit_spread" default:"10s" min:"0s" max:"10m"`
	// With mode operator, after the agent connected again: live reports each terminal that is logged in
	// again, unanswered only what was not answered.
	Resubmit string `key:"resubmit" default:"live" choices:"live,unanswered"`
	// With mode operator: how many terminals may be logged in.
	MaxTerminals int `key:"max_terminals" default:"100000" min:"1" max:"10000000"`
	// Bytes of one terminal that wait for the front to read them. With more, what the terminal sends stays
	// unread.
	QueueBytes int `key:"queue_bytes" default:"65536" min:"4096" max:"16777216"`
}

// UpstreamTLS is how the connections to the fronts are encrypted. The files are read anew for each connection.
type UpstreamTLS struct {
	// true: TLS 1.2 or later, with a server whose certificate is verified. Without it customers' passwords
	// cross the network as they came.
	Enabled bool `key:"enabled" default:"false"`
	// PEM: the authority that signed the server's certificate. "" for the authorities that this machine
	// trusts.
	CAFile File `key:"ca_file" empty:"ok" missing:"ask the firm for its authority's certificate"`
	// PEM: this relay's certificate, where the server asks for one, and behind it those between it and the
	// authority.
	CertFile File `key:"cert_file" empty:"ok" missing:"ask the firm for one"`
	// PEM: its private key; credential:NAME as above. Other users may not read it.
	KeyFile File `key:"key_file" empty:"ok" file:"private" missing:"it was made with the certificate"`
	// The name that the server's certificate must have; "" for the host of the address.
	ServerName string `key:"server_name" max:"253" empty:"ok"`
}

// AgentRegistry is the terminal software that may connect.
type AgentRegistry struct {
	// What `tradefront app export --for-relay` wrote. A file that replaces it is taken over.
	File File `key:"file" default:"relay-registry" missing:"ask the firm for it: tradefront app export --for-relay"`
	// The agent's own master key, which the file is sealed under; made by `tradefront masterkey create`.
	// credential:NAME as above.
	MasterKeyFile File `key:"master_key_file" default:"relay-master.key" missing:"make one with: tradefront masterkey create"`
	// How often the files and the accounts are looked at.
	Refresh time.Duration `key:"refresh" default:"2s" min:"100ms" max:"1h"`
}

// AgentKey is one version of the monitoring centre's encryption key, without the key.
type AgentKey struct {
	// As the terminals send it, 1 to 8 bytes, in quotes.
	Version string `key:"version" first:"1.0" max:"8" required:"the version under which the monitoring centre granted the key"`
	// RSA-2048, or the national algorithm SM2: it says how long a ciphertext is.
	Algorithm string `key:"algorithm" default:"rsa" choices:"rsa,sm2"`
	// The key's life: from not_before on, and before not_after. A day as 2026-01-31
	// (midnight, UTC+8), a time as "2026-01-31 15:30:00" (UTC+8), or RFC 3339; "" for no
	// bound.
	NotBefore time.Time `key:"not_before"`
	// See not_before.
	NotAfter time.Time `key:"not_after"`
}
