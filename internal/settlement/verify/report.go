package verify

// Schema names the form of the JSON; it changes when a name in it is given up.
const Schema = "tradefront.report.verify/1"

// Report is the verdict on a file, and the quality of its day.
type Report struct {
	Schema   string    `json:"schema"`
	Checked  string    `json:"checked_at"` // RFC 3339, UTC+8
	File     File      `json:"file"`
	Verdict  Verdict   `json:"verdict"`
	Faults   []Finding `json:"faults"`
	Warnings []Finding `json:"warnings"`
	// NotChecked is what could not be looked at because something was not given.
	NotChecked []Omission `json:"not_checked"`
	Lines      Lines      `json:"lines"`
	// Opened is what the test keys showed; null if no line was opened.
	Opened *Opened `json:"opened"`
}

// File is what was read.
type File struct {
	Path        string `json:"path"`
	Unit        string `json:"unit_id"`      // from the name
	Day         string `json:"trading_day"`  // from the name, YYYYMMDD; "" if it does not say
	WindowStart string `json:"window_start"` // UTC+8; "" without a calendar
	WindowEnd   string `json:"window_end"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"`
	VendorID    string `json:"vendor_id"` // that each line was held to
}

// Verdict is the report in one word and one sentence.
type Verdict struct {
	Word     Word   `json:"word"`
	Good     bool   `json:"good"` // Word is WordGood; at any other word the file is not handed in
	Faults   int64  `json:"faults"`
	Warnings int64  `json:"warnings"`
	English  string `json:"english"`
	Chinese  string `json:"chinese"`
}

// Word is the verdict for machines, and for people in a hurry.
type Word string

// The words, the worst first.
const (
	WordFaulty     Word = "faulty"     // the file is not what it should be
	WordPartial    Word = "partial"    // its day was not over when it was made
	WordIncomplete Word = "incomplete" // records may be missing, as its manifest says
	WordGood       Word = "good"
)

// Omission is a check that was not made.
type Omission struct {
	Check   string `json:"check"` // ciphertexts, window_start, unit_id, key_versions
	English string `json:"english"`
	Chinese string `json:"chinese"`
}

// Share is how often something was met. Shares of one list are of its own sum.
type Share struct {
	Name    string  `json:"name"`
	English string  `json:"english"`
	Chinese string  `json:"chinese"`
	Count   int64   `json:"count"`
	Share   float64 `json:"share"`
}

// Lines is what can be seen without keys.
type Lines struct {
	Total       int64   `json:"total"`
	KeyVersions []Share `json:"key_versions"`
	Terminal    []Share `json:"terminal_item"` // empty, ciphertext, other_length
}

// Opened is what the opened lines say.
type Opened struct {
	Lines             int64      `json:"lines"`
	Flags             []Share    `json:"flags"`
	Apps              []AppShare `json:"app_ids"`
	UserTypes         []Share    `json:"user_types"`
	Modes             []Share    `json:"modes"` // direct, many_to_many, operator
	TerminalItems     []Share    `json:"terminal_items"`
	TerminalTypes     []Share    `json:"terminal_types"`
	MissingItems      []Missing  `json:"missing_items"`
	AddressFamilies   []Share    `json:"address_families"`
	AddressKinds      []Share    `json:"address_kinds"`
	Addresses         []Share    `json:"addresses"` // those with the most logins
	AddressesDistinct int64      `json:"addresses_distinct"`
	Hours             []Share    `json:"hours"` // 24, by the hour of the login time
}

// AppShare is the share of an AppID; Software is the AppID without its version.
type AppShare struct {
	AppID    string  `json:"app_id"` // "" for those that had no place any more
	Software string  `json:"software"`
	Version  string  `json:"version"`
	Count    int64   `json:"count"`
	Share    float64 `json:"share"`
	Abnormal int64   `json:"abnormal"` // lines with a flag other than 0
}

// Missing is an item that terminals of a type left empty. The share is of that type's lines.
type Missing struct {
	TerminalType string  `json:"terminal_type"`
	Item         string  `json:"item"`
	Count        int64   `json:"count"`
	Share        float64 `json:"share"`
}
