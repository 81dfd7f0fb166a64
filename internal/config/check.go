package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/pgurl"
	"github.com/tradefront/tradefront/internal/regulation"
)

// The longest texts in bytes. Broker and system name are fields of the wire.
const (
	maxBrokerID     = 10
	maxReportUnitID = 10
	maxSystemName   = 40
)

// check judges the values, all of them.
func (c *Config) check() (faults Faults) {
	faults = checkManual(schema(), reflect.ValueOf(*c))
	faults.identity("broker_id", c.BrokerID, maxBrokerID, "the firm's broker ID, which its terminals send")
	faults.identity("report_unit_id", c.ReportUnitID, maxReportUnitID, "期货公司统一标识, which the monitoring centre gave the firm")
	if !faults.on("report_unit_id") && strings.Trim(c.ReportUnitID, alphanumeric) != "" {
		faults.add("report_unit_id", "only digits and letters are allowed: it begins a file name", "")
	}
	faults.identity("vendor_id", c.VendorID, regulation.MaxVendorIDLen, "交易软件厂商ID, which the monitoring centre gave the vendor")
	if c.SystemName != "" {
		faults.item("system_name", c.SystemName, maxSystemName)
		faults.quoted("system_name", c.SystemName)
	}
	for i, id := range c.Fronts {
		if id < 1 || slices.Contains(c.Fronts[:i], id) {
			faults.add("fronts", fmt.Sprintf("has %d, which is no front.id or is there twice", id), "write each front.id of the firm once, as [1, 2]")
		}
	}
	faults = append(faults, c.checkAddresses()...)
	faults = append(faults, c.checkProxies()...)
	faults = append(faults, c.checkKeys()...)
	faults = append(faults, c.checkFileNames()...)
	faults = append(faults, c.checkCredentials()...)
	faults = append(faults, c.checkQueue()...)
	faults = append(faults, c.Limits.check()...)
	return append(faults, c.Store.check()...)
}

// checkQueue: the hash queue shares its places out among the sources, the logins in flight
// do not. If all of those could wait in it, or for equal work (as many again), one source
// could take every login's place.
func (c *Config) checkQueue() (faults Faults) {
	if queue, all := c.Core.HashQueue, c.Limits.LoginsInFlight; all > 0 && 2*queue >= all {
		faults.add("core.hash_queue",
			fmt.Sprintf("is %d, and limits.logins_in_flight is %d: one address could take every place", queue, all),
			"keep it below half of that")
	}
	return faults
}

// leastMaxBytes is room for a minute of logins at full speed.
const leastMaxBytes = 64 << 20

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// item holds a text to the rules of an item of the report, 4.2.4, and to being there.
func (faults *Faults) item(key, value string, maxLen int) {
	if value == "" {
		faults.add(key, "is empty", fmt.Sprintf("write 1 to %d bytes", maxLen))
		return
	}
	var bad *regulation.ItemError
	if errors.As(regulation.CheckItem(key, value, maxLen), &bad) {
		faults.add(key, bad.Problem, "")
	}
}

// checkManual holds every leaf outside lists to the bounds and choices of the manual.
func checkManual(f *field, value reflect.Value) (faults Faults) {
	for i := range f.fields {
		c := &f.fields[i]
		v := value.Field(c.index)
		switch c.shape {
		case section:
			faults = append(faults, checkManual(c, v)...)
		case list:
			// Entries are checked by whoever knows what they are.
		default:
			if problem := manual[c.path].judge(v); problem != "" {
				faults.add(c.path, problem, "")
			}
		}
	}
	return faults
}

// judge is what is wrong with the value, "" if nothing is.
func (e entry) judge(v reflect.Value) string {
	switch {
	case len(e.choices) > 0 && !slices.Contains(e.choices, v.String()):
		problem := "want " + strings.Join(e.choices, " or ")
		if best := closest(v.String(), e.choices); best != "" {
			problem += fmt.Sprintf("; did you mean %s?", best)
		}
		return problem
	case e.max == 0:
		return ""
	}
	n := int64(0)
	if v.CanInt() {
		n = v.Int()
	} else {
		n = int64(v.Uint())
	}
	if n < e.min || n > e.max {
		return fmt.Sprintf("is %s, want %s", e.print(n), e.bounds())
	}
	return ""
}

// checkKeys holds the keys to A.1: versions unique, at most two valid at any instant.
func (c *Config) checkKeys() (faults Faults) {
	if len(c.Keys) == 0 {
		faults.add("keys", "is empty: no terminal information could be encrypted", "name at least one key of the monitoring centre")
	}
	var windows []KeyWindow
	for i, k := range c.Keys {
		path := fmt.Sprintf("keys[%d]", i)
		faults.identity(path+".version", k.Version, regulation.MaxKeyVersion, "the version under which the monitoring centre granted the key")
		if slices.ContainsFunc(c.Keys[:i], func(o Key) bool { return k.Version != "" && o.Version == k.Version }) {
			faults.add(path+".version", "stands twice", "")
		}
		if k.Algorithm != "" {
			if problem := manual["keys[].algorithm"].judge(reflect.ValueOf(k.Algorithm)); problem != "" {
				faults.add(path+".algorithm", problem, "")
			}
		}
		w, bad := k.window(path)
		faults = append(faults, bad...)
		if len(bad) == 0 {
			windows = append(windows, w)
		}
	}
	if when, many := threeAtOnce(windows); many {
		faults.add("keys", fmt.Sprintf("more than two keys are valid at %s; A.1 allows two", when), "bound the older ones with not_after")
	}
	return faults
}

// threeAtOnce looks at the instants at which some key's life begins: the number of valid
// keys rises nowhere else. The zero time is before any bound.
func threeAtOnce(windows []KeyWindow) (when string, many bool) {
	for _, w := range windows {
		valid := 0
		for _, o := range windows {
			if o.Contains(w.NotBefore) {
				valid++
			}
		}
		if valid > 2 {
			if w.NotBefore.IsZero() {
				return "the earliest times", true
			}
			return w.NotBefore.In(regulation.Zone).Format(time.RFC3339), true
		}
	}
	return "", false
}

func (c *Config) checkFileNames() (faults Faults) {
	for _, f := range c.fileNames() {
		switch {
		case strings.ContainsRune(*f.name, 0):
			faults.add(f.key, "contains a NUL byte", "")
		case *f.name == "" && f.key != "audit_log" && f.key != "store.url_file":
			faults.add(f.key, "is empty", "name a file")
		}
	}
	return faults
}

func (s *Store) check() (faults Faults) {
	postgres := s.Driver == "postgres"
	switch {
	case s.URL != "" && s.URLFile != "":
		faults.add("store.url", "url and url_file are both set", "keep one of the two")
	case postgres && s.URL == "" && s.URLFile == "":
		faults.add("store.url", "driver postgres needs the address of the database", "set url or url_file")
	case !postgres && (s.URL != "" || s.URLFile != ""):
		faults.add("store.driver", "a database is named, but the driver does not use it", "write driver: postgres, or remove url and url_file")
	case s.URL != "":
		if _, err := pgurl.Parse(s.URL); err != nil {
			faults = append(faults, urlFault("store.url", "", err))
		}
	}
	if s.MaxBytes > 0 && s.MaxBytes < leastMaxBytes {
		faults.add("store.max_bytes", fmt.Sprintf("is %d, less than a local store needs to work", s.MaxBytes), fmt.Sprintf("write %d or more, or 0 for no bound", leastMaxBytes))
	}
	if s.AnswerAfter == "postgres" && !postgres {
		faults.add("store.answer_after", "postgres needs driver postgres", "")
	}
	return faults
}
