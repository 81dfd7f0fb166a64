package config

import (
	"fmt"
	"slices"
	"strings"
)

// check holds the values to the rules that join several keys. settled are the faults of single values:
// no rule judges a value that could not be read.
func (c *Config) check(settled Faults) (faults Faults) {
	if !settled.on("report_unit_id") && strings.Trim(c.ReportUnitID, alphanumeric) != "" {
		faults.add("report_unit_id", "only digits and letters are allowed: it begins a file name", "")
	}
	for i, id := range c.Fronts {
		if id < 1 || slices.Contains(c.Fronts[:i], id) {
			faults.add("fronts", fmt.Sprintf("has %d, which is no front.id or is there twice", id), "write each front.id of the firm once, as [1, 2]")
		}
	}
	faults = append(faults, c.checkAddresses(settled)...)
	faults = append(faults, c.checkProxies(settled)...)
	faults = append(faults, c.checkKeys(settled)...)
	faults = append(faults, c.checkQueue()...)
	faults = append(faults, c.Core.check(settled)...)
	faults = append(faults, c.checkRelays(settled)...)
	faults = append(faults, c.Limits.checkPenalties()...)
	return append(faults, c.Store.check(settled)...)
}

func (l *Limits) checkPenalties() (faults Faults) {
	if p := &l.Penalties; p.Max <= p.Threshold && p.Sources > 0 {
		faults.add("limits.penalties.max", "is not above the threshold: no source would ever be refused", "raise it, or set sources: 0 for no penalties")
	}
	return faults
}

// checkProxies holds each listener to a proxy that it believes, or to none.
func (c *Config) checkProxies(settled Faults) (faults Faults) {
	for i := range c.Front.Listeners {
		l := &c.Front.Listeners[i]
		path := entryKey("front.listeners", i)
		const needs = "is only for client_address: proxy"
		named := len(l.TrustedProxies) > 0 || settled.in(path+".trusted_proxies")
		switch {
		case settled.on(path + ".client_address"):
		case l.FromProxy() && !named:
			faults.add(path+".trusted_proxies", "is empty, and client_address: proxy believes no other connection", "name the addresses of the load balancers")
		case l.FromProxy():
		case named:
			faults.add(path+".trusted_proxies", needs, "write client_address: proxy, or remove it")
		case l.RequireTLS:
			faults.add(path+".require_tls", needs, "a front sees TLS only through a proxy that ends it")
		}
	}
	return faults
}

// FromProxy reports whether terminals' addresses come from PROXY headers.
func (l *Listener) FromProxy() bool { return l.ClientAddress == "proxy" }

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

func (s *Store) check(settled Faults) (faults Faults) {
	postgres, url := s.Driver == "postgres", s.URL.given()
	file := s.URLFile.Path != "" || settled.on("store.url_file")
	switch {
	case url && file:
		faults.add("store.url", "url and url_file are both set", "keep one of the two")
	case postgres && !url && !file:
		faults.add("store.url", "driver postgres needs the address of the database", "set url or url_file")
	case !postgres && (url || file):
		faults.add("store.driver", "a database is named, but the driver does not use it", "write driver: postgres, or remove url and url_file")
	case s.URL.fault != nil:
		faults = append(faults, urlFault("store.url", "", s.URL.fault))
	}
	if s.MaxBytes > 0 && s.MaxBytes < leastMaxBytes {
		faults.add("store.max_bytes", fmt.Sprintf("is %d, less than a local store needs to work", s.MaxBytes),
			fmt.Sprintf("write %d or more, or 0 for no bound", leastMaxBytes))
	}
	if s.AnswerAfter == "postgres" && !postgres {
		faults.add("store.answer_after", "postgres needs driver postgres", "")
	}
	return faults
}
