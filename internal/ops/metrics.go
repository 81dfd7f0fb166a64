package ops

import (
	"net/netip"
	"runtime"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Metrics counts what happens, in a registry of its own. The methods are named after the
// events and may be called from any goroutine. Reasons, faults and types are values of
// closed enumerations, never what a terminal sent.
type Metrics struct {
	registry *prometheus.Registry

	connections prometheus.Gauge
	opened      prometheus.Counter
	refused     *prometheus.CounterVec
	closed      *prometheus.CounterVec
	accept      *prometheus.CounterVec

	authentications *prometheus.CounterVec
	byCode          *prometheus.CounterVec
	logins          *prometheus.CounterVec
	flags           *prometheus.CounterVec
	suspicious      *prometheus.CounterVec
	addresses       *clientAddresses
	stages          *prometheus.HistogramVec
	byStage         map[string]prometheus.Observer // of stages, so that a login looks no label up; never changed after Preset, which is before the first login
	malformed       *prometheus.CounterVec
	discarded       *prometheus.CounterVec
	toCore          prometheus.Counter
	toTerminal      prometheus.Counter
	businessRefused *prometheus.CounterVec
	businessPaused  prometheus.Counter

	auditEntries prometheus.Counter
	auditErrors  prometheus.Counter

	localSeconds   prometheus.Histogram
	localRows      prometheus.Histogram
	localErrors    prometheus.Counter
	forwardRows    *prometheus.CounterVec
	forwardBatches *prometheus.CounterVec
	forwardSeconds prometheus.Histogram
	quarantined    prometheus.Counter

	loopLag prometheus.Histogram
	apps    appMetrics
	relays  relayMetrics
}

const namespace = "tradefront"

// secondsBuckets run from 50 µs to 10 s, about three a decade.
var secondsBuckets = []float64{
	50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3,
	.1, .2, .5, 1, 2, 5, 10,
}

var rowsBuckets = prometheus.ExponentialBuckets(1, 2, 13) // 1 to 4096

// NewMetrics makes all metrics, the Go runtime's and the process's included, at zero.
func NewMetrics(version, commit string) *Metrics {
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		connections: gauge("connections", "Connections that are open now."),
		opened:      counter("connections_opened_total", "Connections that were accepted."),
		refused: counters("connections_refused_total",
			"Connections that were turned away at accept, by reason: front_full, source_full, source_penalized, source_banned, unauthenticated_full, "+
				"proxy_untrusted.", "reason"),
		closed: counters("connections_closed_total", "Connections that ended, by reason.", "reason"),
		accept: counters("accept_errors_total", "Connections that could not be taken from the system, by fault: open_files (of the process), system_files, "+
			"memory, other; tried again until it works.", "fault"),

		authentications: counters("authentications_total", "Access authentications of terminal software, by reason.", "reason"),
		byCode: counters("authentications_by_code_total",
			"Admitted terminals by which of their AppID's authcodes they have: current, previous. Previous no longer grows "+
				"once every vendor has changed over.", "code"),
		logins: counters("logins_total", "Login requests by reason; `ok` are the recorded ones.", "reason"),
		flags:  counters("login_flags_total", "Recorded logins by 异常标识 in words.", "flag"),
		suspicious: counters("client_ip_suspicious_total",
			"Recorded logins from an address that can hardly be the customer's own, by kind: proxy (the load balancer's), "+
				"loopback, link_local, private, cgnat, reserved.", "kind"),
		addresses:       newClientAddresses(),
		stages:          stageSeconds(),
		byStage:         make(map[string]prometheus.Observer),
		malformed:       counters("malformed_total", "Connections closed for a malformed message, by fault.", "fault"),
		discarded:       counters("frames_discarded_total", "Frames of types that are not served: compressed, unknown.", "type"),
		toCore:          counter("business_passed_total", "Business messages of terminals that the core was handed."),
		toTerminal:      counter("business_delivered_total", "Messages of the core that terminals were sent."),
		businessRefused: counters("business_refused_total", "Business requests that the front answered itself, by reason.", "reason"),
		businessPaused: counter("business_paused_total",
			"Times that a session's requests were left unread for a while: the core took no more, or the session sent more "+
				"than `limits.requests_per_second`."),

		auditEntries: counter("audit_entries_total", "Lines of the audit log."),
		auditErrors:  counter("audit_errors_total", "Lines of the audit log that were lost, and syncs of it that failed."),

		localSeconds:   histogram("local_commit_seconds", "Time of a commit of the local store: the disk's fsync is in it.", secondsBuckets),
		localRows:      histogram("local_commit_rows", "Records in a commit of the local store; grows under load, as it should.", rowsBuckets),
		localErrors:    counter("local_commit_errors_total", "Commits of the local store that failed; their logins were answered 90, or 8 if the record may exist."),
		forwardRows:    counters("forward_rows_total", "Records that PostgreSQL committed, by how: copy, upsert.", "how"),
		forwardBatches: counters("forward_batches_total", "Batches sent to PostgreSQL, by result: ok, error.", "result"),
		forwardSeconds: histogram("forward_seconds", "Time of a batch sent to PostgreSQL.", secondsBuckets),
		quarantined:    counter("quarantined_total", "Records that went into quarantine, since PostgreSQL refuses them for their data: not in the report."),

		loopLag: histogram("loop_lag_seconds", "How long work that is due waited for its event loop. A loop that lags answers all of its "+
			"terminals late.", secondsBuckets),
		apps:   newAppMetrics(),
		relays: newRelayMetrics(),
	}
	m.register(version, commit)
	m.presetOwn()
	return m
}

func (m *Metrics) register(version, commit string) {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; labels version, commit, goversion.",
		ConstLabels: prometheus.Labels{"version": version, "commit": commit, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(
		build, goRuntime(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.connections, m.opened, m.refused, m.closed, m.accept,
		m.authentications, m.byCode, m.logins, m.flags, m.suspicious, m.topShare(), m.stages, m.malformed, m.discarded,
		m.toCore, m.toTerminal, m.businessRefused, m.businessPaused,
		m.auditEntries, m.auditErrors,
		m.localSeconds, m.localRows, m.localErrors,
		m.forwardRows, m.forwardBatches, m.forwardSeconds, m.quarantined,
		m.loopLag, m.apps.authentications, m.apps.logins,
	)
	m.registry.MustRegister(m.relays.collectors()...)
}

// presetOwn starts the label values at zero that are known here.
func (m *Metrics) presetOwn() {
	for f := regulation.FlagNormal; f.Valid(); f++ {
		m.flags.WithLabelValues(f.Word())
	}
	for _, k := range AddressKinds() {
		m.suspicious.WithLabelValues(k)
	}
	m.forwardBatches.WithLabelValues(resultOK)
	m.forwardBatches.WithLabelValues(resultError)
}

// Registry is what the admin listener serves.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Labels are all the values that labels can take, from the enumerations of their owners.
type Labels struct {
	Refused         []string // reasons of ConnectionRefused
	Closed          []string // reasons of ConnectionClosed
	AcceptFaults    []string // faults of AcceptFailed
	Authentications []string // reasons of Authenticated
	Codes           []string // slots of CodeUsed
	Logins          []string // reasons of LoggedIn
	Stages          []string // of Stage
	Malformed       []string // faults
	Discarded       []string // frame types
	Business        []string // reasons of BusinessRefused
	Forward         []string // how of Forwarded
}

// Preset starts the counters of these values at zero, so that rates work from the first
// scrape on, also for what has not happened yet.
func (m *Metrics) Preset(l Labels) {
	for _, s := range l.Stages {
		m.byStage[s] = m.stages.WithLabelValues(s)
	}
	for _, p := range []struct {
		vec    *prometheus.CounterVec
		values []string
	}{
		{m.refused, l.Refused},
		{m.closed, l.Closed},
		{m.accept, l.AcceptFaults},
		{m.authentications, l.Authentications},
		{m.byCode, l.Codes},
		{m.logins, l.Logins},
		{m.malformed, l.Malformed},
		{m.discarded, l.Discarded},
		{m.businessRefused, l.Business},
		{m.forwardRows, l.Forward},
	} {
		for _, v := range p.values {
			p.vec.WithLabelValues(v)
		}
	}
}

// ConnectionOpened counts an accepted connection; ConnectionClosed must follow.
func (m *Metrics) ConnectionOpened() {
	m.opened.Inc()
	m.connections.Inc()
}

// ConnectionRefused counts a connection that was turned away and never opened.
func (m *Metrics) ConnectionRefused(reason string) { m.refused.WithLabelValues(reason).Inc() }

// ConnectionClosed counts the end of a connection that was opened.
func (m *Metrics) ConnectionClosed(reason string) {
	m.closed.WithLabelValues(reason).Inc()
	m.connections.Dec()
}

// LoopLag observes how long work waited for its event loop.
func (m *Metrics) LoopLag(d time.Duration) { m.loopLag.Observe(d.Seconds()) }

// AcceptFailed counts a connection that could not be taken from the system.
func (m *Metrics) AcceptFailed(fault string) { m.accept.WithLabelValues(fault).Inc() }

// Authenticated counts an access authentication by its result.
func (m *Metrics) Authenticated(reason string) { m.authentications.WithLabelValues(reason).Inc() }

// CodeUsed counts an admitted terminal by the slot of its authcode.
func (m *Metrics) CodeUsed(slot string) { m.byCode.WithLabelValues(slot).Inc() }

// LoggedIn counts a login request by its result.
func (m *Metrics) LoggedIn(reason string) { m.logins.WithLabelValues(reason).Inc() }

// Flagged counts a recorded login by its abnormal flag, also one that an operator relay submitted.
func (m *Metrics) Flagged(flag string, _ bool) { m.flags.WithLabelValues(flag).Inc() }

// CameFrom notes the address of a recorded login. proxy is the one that it came through,
// invalid if there is none.
func (m *Metrics) CameFrom(client, proxy netip.Addr, account string) {
	kind := addressKind(client, proxy)
	if kind != "" {
		m.suspicious.WithLabelValues(kind).Inc()
	}
	m.addresses.note(client.Unmap(), account, kind)
}

// ClientAddresses is a Check: do the addresses that are recorded look like the customers'?
func (m *Metrics) ClientAddresses() (ready bool, reason string) { return m.addresses.check() }

func (m *Metrics) topShare() prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "client_ip_top_share",
		Help: "Share of the last 1,024 customers that came from the most frequent address; 0 while they are fewer than 100. " +
			"A customer who logs in again from the same place counts once.",
	}, func() float64 {
		_, top, _ := m.addresses.shares()
		return top
	})
}

// Stage observes how long one stage of a login took. One that was not preset costs a look at its label.
func (m *Metrics) Stage(stage string, d time.Duration) {
	o, preset := m.byStage[stage]
	if !preset {
		o = m.stages.WithLabelValues(stage)
	}
	o.Observe(d.Seconds())
}

// Malformed counts a connection that is closed for a malformed message.
func (m *Metrics) Malformed(fault string) { m.malformed.WithLabelValues(fault).Inc() }

// BusinessPassed counts messages from terminals to the core.
func (m *Metrics) BusinessPassed(messages int) { m.toCore.Add(float64(messages)) }

// BusinessDelivered counts messages from the core to terminals.
func (m *Metrics) BusinessDelivered(messages int) { m.toTerminal.Add(float64(messages)) }

// BusinessRefused counts a request that the front answered itself.
func (m *Metrics) BusinessRefused(reason string) { m.businessRefused.WithLabelValues(reason).Inc() }

// BusinessPaused counts that a session's requests were left unread for a while.
func (m *Metrics) BusinessPaused() { m.businessPaused.Inc() }

// Discarded counts a frame of a type that is not served.
func (m *Metrics) Discarded(frameType string) { m.discarded.WithLabelValues(frameType).Inc() }

// AuditWritten makes Metrics an AuditObserver.
func (m *Metrics) AuditWritten(entries int) { m.auditEntries.Add(float64(entries)) }

// AuditFailed makes Metrics an AuditObserver. A failed sync counts as one.
func (m *Metrics) AuditFailed(entries int, _ error) { m.auditErrors.Add(float64(max(entries, 1))) }

const (
	resultOK    = "ok"
	resultError = "error"
)

// LocalCommit observes a commit of the local store.
func (m *Metrics) LocalCommit(rows int, d time.Duration, err error) {
	m.localSeconds.Observe(d.Seconds())
	m.localRows.Observe(float64(rows))
	if err != nil {
		m.localErrors.Inc()
	}
}

// Forwarded observes a batch sent to PostgreSQL; how is the way it went.
func (m *Metrics) Forwarded(rows int, how string, d time.Duration, err error) {
	m.forwardSeconds.Observe(d.Seconds())
	if err != nil {
		m.forwardBatches.WithLabelValues(resultError).Inc()
		return
	}
	m.forwardBatches.WithLabelValues(resultOK).Inc()
	m.forwardRows.WithLabelValues(how).Add(float64(rows))
}

// Quarantined counts a record that PostgreSQL refuses.
func (m *Metrics) Quarantined(_ uuid.UUID, _ error) { m.quarantined.Inc() }

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}
