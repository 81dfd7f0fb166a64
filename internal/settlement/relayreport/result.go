package relayreport

import "time"

// Schema names the form of the JSON; it changes when a name in it is given up.
const Schema = "tradefront.relay.report/1"

// Report is what the audit logs say of the relays of a day.
type Report struct {
	Schema   string   `json:"schema"`
	Made     string   `json:"made_at"` // RFC 3339, UTC+8
	Day      string   `json:"trading_day"`
	Audit    []File   `json:"audit"`
	Records  int64    `json:"records"` // of all relays
	Direct   int64    `json:"direct_logins"`
	Relays   []Relay  `json:"relays"` // by their RelayAppIDs
	Warnings []string `json:"warnings"`
}

// File is what was read of one audit log.
type File struct {
	Path  string `json:"path"`
	Lines int64  `json:"lines"`
	Torn  int64  `json:"torn"`
	Bad   int64  `json:"bad"`
}

// Relay is what one relay told of its terminals.
type Relay struct {
	RelayAppID string  `json:"relay_app_id"`
	Submitted  int64   `json:"submitted"` // records of submissions of an operator relay
	LoggedIn   int64   `json:"logged_in"` // records of logins through a many-to-many relay
	Records    int64   `json:"records"`   // of both
	Answers    int64   `json:"answers"`   // to both; more than the records where the relay sent some again
	Operators  []Named `json:"operators"` // who submitted
	Accounts   int64   `json:"accounts"`  // different ones
	Flags      []Named `json:"flags"`     // 异常标识, 0 to 3
	// Addresses are those with the most accounts, Ports those with the most records.
	AddressesDistinct int64   `json:"addresses_distinct"`
	Addresses         []Place `json:"addresses"`
	NoAddress         int64   `json:"no_address"` // records of orders by telephone
	NotPublic         int64   `json:"not_public"` // records with a private, loopback or otherwise local address
	NotPublicShare    float64 `json:"not_public_share"`
	PortsDistinct     int64   `json:"ports_distinct"`
	Ports             []Place `json:"ports"`
	// Age is the arrival at the front after the login time at the relay.
	Age Ages `json:"age"`
	// ReReported are records of visits that came before under another RecordID.
	ReReported int64 `json:"re_reported"`
	// TimeMoved are visits that came before with another login time, and else the same.
	TimeMoved int64 `json:"login_time_moved"`
	// Replayed are records whose ciphertext another visit had brought before, and of how many accounts.
	Replayed         int64   `json:"replayed"`
	ReplayedAccounts int64   `json:"replayed_accounts"`
	Apps             []Named `json:"app_ids"` // of its terminals
	// Unlisted are records of terminals whose AppID the firm has not admitted, or not for this relay: terminal_apps: audit
	// takes them.
	Unlisted int64 `json:"unlisted"`
	// NeverDirect are those of them that no direct login in the logs has.
	NeverDirect []Named  `json:"app_ids_never_direct"`
	Remarks     []Remark `json:"remarks"`
}

// Named is how often something was met.
type Named struct {
	Name  string  `json:"name"` // "" for those that had no place any more
	Count int64   `json:"count"`
	Share float64 `json:"share"` // of the relay's records
}

// Place is an address or a port, and how many accounts and records have it.
type Place struct {
	Name          string  `json:"name"`
	Kind          string  `json:"kind,omitempty"` // of an address: public, private, …
	Accounts      int64   `json:"accounts"`
	AccountsShare float64 `json:"accounts_share"` // of the relay's accounts
	Records       int64   `json:"records"`
	RecordsShare  float64 `json:"records_share"` // of the relay's records
}

// Ages are seconds, negative if the relay's clock is ahead. They are of records, each with its first answer.
type Ages struct {
	Least   float64 `json:"least"`
	Median  float64 `json:"p50"`
	P90     float64 `json:"p90"`
	P99     float64 `json:"p99"`
	Most    float64 `json:"most"`
	Buckets []Named `json:"buckets"`
}

// ageBuckets are the upper bounds of Ages.Buckets; one more has what is above.
var ageBuckets = []struct {
	below time.Duration
	name  string
}{
	{0, "ahead"},
	{time.Second, "<1s"},
	{10 * time.Second, "1s-10s"},
	{time.Minute, "10s-1m"},
	{10 * time.Minute, "1m-10m"},
	{time.Hour, "10m-1h"},
	{24 * time.Hour, "1h-24h"},
}

const ageBeyond = ">=24h"
