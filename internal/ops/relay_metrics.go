package ops

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// relayMetrics are what relays do. Their label relay is the AppID of a relay that the firm has admitted, never what a
// peer sent.
type relayMetrics struct {
	submissions *prometheus.CounterVec
	inFlight    *prometheus.GaugeVec
	visits      *prometheus.GaugeVec
	loginAge    prometheus.Histogram
	reReported  *prometheus.CounterVec
	unlisted    *prometheus.CounterVec
	guesses     *prometheus.CounterVec
	guessing    *prometheus.CounterVec
	addresses   *relayAddresses
}

// loginAgeBuckets run from a second, an honest relay's, to the four days that relay.max_terminal_age allows.
var loginAgeBuckets = []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400, 2 * 86400, 4 * 86400}

func newRelayMetrics() relayMetrics {
	const label = "relay"
	by := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, append([]string{label}, labels...))
	}
	level := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
	}
	return relayMetrics{
		submissions: by("relay_submissions_total",
			"Submissions and relayed logins by relay (its AppID) and reason; `resubmitted` was accepted before.", "reason"),
		inFlight: level("relay_submissions_in_flight", "Submissions that are being recorded, by relay."),
		visits: level("relay_visits", "Terminals that operator relays have submitted and not ended, by relay. It falls to 0 with the relay's "+
			"connection; one that only grows belongs to a relay that sends no TerminalEnd."),
		loginAge: histogram("relay_login_age_seconds",
			"How long a terminal had been logged in at its relay when that reported it. Seconds are honest; hours for all "+
				"terminals are a relay that reports late, or the time of its own registration.", loginAgeBuckets),
		reReported: by("relay_re_reported_total", "Ciphertexts that came again on the same visit, by relay: after a reconnect as many as it has terminals."),
		unlisted: by("relay_unlisted_apps_total",
			"Terminals that were taken only because the relay has `terminal_apps: audit`, by relay and reason.", "reason"),
		guesses: by("relay_wrong_passwords_total", "Wrong passwords that came through a relay."),
		guessing: by("relay_guessing_total", "Logins that were refused (`relay_guessing`) because more than 600 wrong passwords a minute came through their "+
			"relay. Alarm: a customer of that relay, or the relay itself, tries passwords; call its operator, or `relay "+
			"disable` it."),
		addresses: newRelayAddresses(),
	}
}

func (r *relayMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		r.submissions, r.inFlight, r.visits, r.loginAge, r.reReported, r.unlisted, r.guesses, r.guessing,
		NewGaugeBy("relay_distinct_addresses", "Different addresses of terminals that a relay told in this hour or the one before. 1 beside many visits: the "+
			"relay tells an address of its own.",
			"relay", r.addresses.counts),
	}
}

// PresetRelay starts the counters of a relay that the firm has admitted at zero, for each of the reasons.
func (m *Metrics) PresetRelay(relay string, reasons []string) {
	r := &m.relays
	for _, why := range reasons {
		r.submissions.WithLabelValues(relay, why)
	}
	r.inFlight.WithLabelValues(relay)
	r.visits.WithLabelValues(relay)
	r.reReported.WithLabelValues(relay)
	r.guesses.WithLabelValues(relay)
	r.guessing.WithLabelValues(relay)
	r.addresses.know(relay)
}

// Submitted counts a submission, or a relayed login, by its result.
func (m *Metrics) Submitted(relay, reason string) {
	m.relays.submissions.WithLabelValues(relay, reason).Inc()
}

// SubmissionsInFlight counts submissions that have started and not been decided.
func (m *Metrics) SubmissionsInFlight(relay string, more int) {
	m.relays.inFlight.WithLabelValues(relay).Add(float64(more))
}

// VisitsLive counts terminals that a relay has submitted and not ended.
func (m *Metrics) VisitsLive(relay string, more int) {
	m.relays.visits.WithLabelValues(relay).Add(float64(more))
}

// TerminalLoginAge observes how long a terminal had been at its relay. A clock that is ahead counts as no time.
func (m *Metrics) TerminalLoginAge(d time.Duration) {
	m.relays.loginAge.Observe(max(d, 0).Seconds())
}

// ReReported counts a ciphertext that came again on its visit.
func (m *Metrics) ReReported(relay string) { m.relays.reReported.WithLabelValues(relay).Inc() }

// UnlistedApp counts a terminal whose AppID a stricter policy would refuse.
func (m *Metrics) UnlistedApp(relay, reason string) {
	m.relays.unlisted.WithLabelValues(relay, reason).Inc()
}

// RelayGuessed counts a wrong password through a relay, or a login that was refused for those before.
func (m *Metrics) RelayGuessed(relay string, over bool) {
	if over {
		m.relays.guessing.WithLabelValues(relay).Inc()
		return
	}
	m.relays.guesses.WithLabelValues(relay).Inc()
}

// TerminalAt notes the address that a relay told of an accepted terminal.
func (m *Metrics) TerminalAt(relay string, addr netip.Addr) {
	m.relays.addresses.note(relay, addr, time.Now())
}

// addressesKept bounds the addresses of one relay and hour that are told apart: 8 bytes each, and what a map adds.
const addressesKept = 1 << 17

// relayAddresses counts the different addresses of each relay, as hashes, for this hour and the one before: a relay that
// tells one address for all its customers shows.
type relayAddresses struct {
	seed maphash.Seed

	mu     sync.Mutex
	relays map[string]*hourOfAddresses
}

type hourOfAddresses struct {
	hour   int64
	seen   map[uint64]struct{}
	before int // of the hour before
}

func newRelayAddresses() *relayAddresses {
	return &relayAddresses{seed: maphash.MakeSeed(), relays: make(map[string]*hourOfAddresses)}
}

// know begins to count a relay.
func (a *relayAddresses) know(relay string) *hourOfAddresses {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.relays[relay]
	if h == nil {
		h = &hourOfAddresses{seen: make(map[uint64]struct{})}
		a.relays[relay] = h
	}
	return h
}

func (a *relayAddresses) note(relay string, addr netip.Addr, now time.Time) {
	h := a.know(relay)
	a.mu.Lock()
	defer a.mu.Unlock()
	h.turn(now)
	if len(h.seen) < addressesKept {
		h.seen[maphash.Comparable(a.seed, addr.Unmap())] = struct{}{}
	}
}

// turn begins the hour of now.
func (h *hourOfAddresses) turn(now time.Time) {
	hour := now.Unix() / 3600
	switch hour {
	case h.hour:
		return
	case h.hour + 1:
		h.before = len(h.seen)
	default:
		h.before = 0
	}
	h.hour = hour
	clear(h.seen)
}

// counts is the larger number of this hour and the one before, so that a new hour does not look like one address.
func (a *relayAddresses) counts() map[string]float64 { return a.countsAt(time.Now()) }

func (a *relayAddresses) countsAt(now time.Time) map[string]float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	counts := make(map[string]float64, len(a.relays))
	for relay, h := range a.relays {
		h.turn(now)
		counts[relay] = float64(max(len(h.seen), h.before))
	}
	return counts
}
