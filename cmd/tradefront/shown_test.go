package main

import (
	"time"

	"github.com/tradefront/tradefront/internal/doctor"
	"github.com/tradefront/tradefront/internal/store"
)

// What commands print as JSON, by the names that scripts read: a field that is renamed is missed here.

// shownActionJSON is one of `actions list`.
type shownActionJSON struct {
	At      time.Time      `json:"time"`
	User    string         `json:"user"`
	Host    string         `json:"host"`
	Command string         `json:"command"`
	Subject string         `json:"subject"`
	Changes []store.Change `json:"changes"`
	Why     string         `json:"why"`
}

// shownAppJSON is one of `app list`.
type shownAppJSON struct {
	Cipher        string     `json:"cipher"`
	PreviousUntil *time.Time `json:"previous_until"`
	CurrentUsed   *time.Time `json:"current_used"`
	PreviousUsed  *time.Time `json:"previous_used"`
}

// shownAdmissionJSON is `admission list`.
type shownAdmissionJSON struct {
	Bans      []struct{ Network string } `json:"bans"`
	Penalties *[]struct{ Source string } `json:"penalties"`
}

// goodConfigJSON is `config check`.
type goodConfigJSON struct {
	Path   string                `json:"path"`
	Hash   string                `json:"hash"`
	Checks []doctor.ShownFinding `json:"checks"`
}

// inspectedJSON is `local inspect`.
type inspectedJSON struct {
	Days []struct {
		Day string `json:"trading_day"`
	} `json:"days"`
	Rows     int64    `json:"rows"`
	SetAside []string `json:"set_aside"`
}

// reloadedJSON is `front reload`.
type reloadedJSON struct {
	PID     int    `json:"pid"`
	Signal  string `json:"signal"`
	Upgrade bool   `json:"live_upgrade"`
	Known   bool   `json:"outcome_known"`
	Before  string `json:"config_hash_before"`
	After   string `json:"config_hash_after"`
}

// shownKeysJSON is `key list`.
type shownKeysJSON struct {
	Keys []struct {
		Version     string     `json:"version"`
		Algorithm   string     `json:"algorithm"`
		Bits        int        `json:"bits"`
		Fingerprint string     `json:"fingerprint"`
		NotBefore   *time.Time `json:"not_before"`
		NotAfter    *time.Time `json:"not_after"`
		State       string     `json:"state"`
		DaysLeft    *int       `json:"days_left"`
	} `json:"keys"`
	Warnings []string `json:"warnings"`
}

// shownRefusedJSON is `quarantine show`, and what `quarantine discard` gave up.
type shownRefusedJSON struct {
	RecordID string `json:"record_id"`
	Account  string `json:"account"`
	Altered  bool   `json:"altered"`
	Line     string `json:"line"`
}
