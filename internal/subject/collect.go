package subject

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/archive"
	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// maxLogins is more than an account that logs in every minute has in twenty years' trading hours.
const maxLogins = 4_000_000

// Export is the logins that are kept of one account, and its state.
type Export struct {
	Account string    `json:"account"`
	Made    time.Time `json:"made"`
	By      string    `json:"by"`
	Why     string    `json:"why"`
	// State is the account's in the directory; nil if it is not there, as with a trading core.
	State   *State   `json:"account_state,omitempty"`
	Sources []string `json:"sources"` // what was read
	// NotRead are the archives of the ledger that have records of days that the store has not, and that were not named.
	NotRead []string `json:"not_read,omitempty"`
	// Damaged are the audit logs with lines that could not be read, and how many: addresses, or logins that no store has, may be in these.
	Damaged []string `json:"damaged_logs,omitempty"`
	Logins  []Login  `json:"logins"`
}

// State is the account as the directory has it.
type State struct {
	UserType string    `json:"user_type"`
	State    string    `json:"state"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
}

// Login is one accepted login. The times are UTC+8.
type Login struct {
	RecordID   string    `json:"record_id"`
	TradingDay string    `json:"trading_day"`
	LoginTime  time.Time `json:"login_time"`
	Address    string    `json:"address,omitempty"` // from an audit log, as the port
	Port       uint16    `json:"port,omitempty"`
	AppID      string    `json:"app_id"`
	UserType   string    `json:"user_type,omitempty"`
	Flag       string    `json:"flag"`
	FrontID    int32     `json:"front_id"`
	SessionID  int32     `json:"session_id"`
	RelayAppID string    `json:"relay_app_id,omitempty"`
	// VisitTime is when the terminal logged in at the relay, as that told: the login time of the report. LoginTime is then when the front
	// recorded it.
	VisitTime  *time.Time `json:"visit_time,omitempty"`
	VendorID   string     `json:"vendor_id,omitempty"`
	KeyVersion string     `json:"key_version,omitempty"`
	Terminal   []byte     `json:"terminal,omitempty"` // ciphertexts, which the monitoring centre alone can open
	Supplement []byte     `json:"supplement,omitempty"`
	Found      []string   `json:"found"` // store, the archive's name, audit
}

// Collector gathers an Export.
type Collector struct {
	account regulation.Account
	logins  map[string]*Login
	// places are where logins came from of which a line says something else than that they were accepted: they are used for a login
	// that a store or an archive has.
	places  map[string]place
	sources []string
	damaged []string
}

type place struct {
	address string
	port    uint16
}

// New begins to collect what is kept of an account.
func New(account regulation.Account) *Collector {
	return &Collector{account: account, logins: make(map[string]*Login), places: make(map[string]place)}
}

// Source is a store of records.
type Source interface {
	EachOfAccount(ctx context.Context, account regulation.Account, f func(*store.Record) error) error
}

// Store adds the records of a store. name says which.
func (c *Collector) Store(ctx context.Context, s Source, name string) error {
	c.sources = append(c.sources, name)
	return s.EachOfAccount(ctx, c.account, func(r *store.Record) error { return c.record(r, name) })
}

// Archive adds the records and audit lines of an archive, after it was verified.
func (c *Collector) Archive(path string) (err error) {
	f, err := archive.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Verify(); err != nil {
		return err
	}
	c.sources = append(c.sources, path)
	err = f.Records(func(r *store.Record, _ int64) error {
		if r.Account != c.account {
			return nil
		}
		return c.record(r, path)
	})
	if err != nil {
		return err
	}
	for _, name := range f.AuditLogs() {
		if err := f.Lines(name, c.line); err != nil {
			return fmt.Errorf("archive: %s: %w", path, err)
		}
	}
	return nil
}

// Audit adds what an audit log says of the logins.
func (c *Collector) Audit(path string) (err error) {
	in, err := auditlog.OpenLines(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	c.sources = append(c.sources, path)
	for {
		text, err := in.Next()
		if errors.Is(err, io.EOF) {
			if problem := in.Problem(); problem != "" {
				c.damaged = append(c.damaged, problem)
			}
			return nil
		}
		if err == nil {
			err = c.line(text)
		}
		if err != nil {
			return err
		}
	}
}

func (c *Collector) login(id, found string) (*Login, error) {
	l := c.logins[id]
	if l == nil {
		if len(c.logins) >= maxLogins {
			return nil, fmt.Errorf("account %s has more than %d logins: name fewer archives at once", c.account, maxLogins)
		}
		l = &Login{RecordID: id}
		c.logins[id] = l
	}
	if !slices.Contains(l.Found, found) {
		l.Found = append(l.Found, found)
	}
	return l, nil
}

func (c *Collector) record(r *store.Record, found string) error {
	l, err := c.login(r.ID.String(), found)
	if err != nil {
		return err
	}
	l.TradingDay, l.LoginTime, l.AppID = r.TradingDay.String(), r.LoginTime.In(regulation.Zone), string(r.AppID)
	l.UserType, l.Flag = r.UserType.String(), r.Flag.String()
	l.FrontID, l.SessionID, l.RelayAppID, l.VendorID, l.KeyVersion = r.FrontID, r.SessionID, string(r.RelayAppID), r.VendorID, r.KeyVersion
	if r.RelayAppID != "" {
		l.VisitTime = new(r.VisitTime.In(regulation.Zone))
	}
	l.Terminal, l.Supplement = bytes.Clone(r.Terminal), bytes.Clone(r.Supplement)
	return nil
}

// ofLogins are the events of a login that was accepted: of one whose terminal was gone before its answer too.
var ofLogins = []string{logs.EventLogin, logs.EventSubmit, logs.EventUnanswered}

// line takes the address from the line of a login. Most lines are of other accounts, and are not parsed. A line of a refusal names a
// RecordID too, where the record was in doubt: that is a login only if a store has the record.
func (c *Collector) line(text []byte) error {
	if !bytes.Contains(text, []byte(`"`+string(c.account)+`"`)) {
		return nil
	}
	e, ok := auditlog.Parse(text, "")
	if !ok || e.Account != string(c.account) || e.RecordID == "" {
		return nil
	}
	from := place{e.From(), e.Port}
	if e.TerminalAddress != "" {
		from.port = e.TerminalPort
	}
	if e.Code != 0 || !slices.Contains(ofLogins, e.Event) {
		if len(c.places) < maxLogins {
			c.places[e.RecordID] = from
		}
		return nil
	}
	l, err := c.login(e.RecordID, "audit")
	if err != nil {
		return err
	}
	if l.TradingDay == "" { // no store that was read has it
		l.TradingDay, l.LoginTime, l.AppID, l.Flag = e.TradingDay, e.Time.In(regulation.Zone), e.AppID, e.Flag
		l.FrontID, l.SessionID, l.RelayAppID = e.FrontID, e.SessionID, e.RelayAppID
	}
	if from.address != "" {
		l.Address, l.Port = from.address, from.port
	}
	return nil
}

// Export is what was collected, in the order of time.
func (c *Collector) Export(made time.Time, by, why string, state *State) *Export {
	e := &Export{
		Account: string(c.account), Made: made.In(regulation.Zone), By: by, Why: why, State: state, Sources: c.sources, Damaged: c.damaged,
		Logins: []Login{},
	}
	for id, l := range c.logins {
		if from, is := c.places[id]; is && l.Address == "" {
			l.Address, l.Port = from.address, from.port
		}
		e.Logins = append(e.Logins, *l)
	}
	slices.SortFunc(e.Logins, func(a, b Login) int {
		return cmp.Or(a.LoginTime.Compare(b.LoginTime), cmp.Compare(a.RecordID, b.RecordID))
	})
	return e
}
