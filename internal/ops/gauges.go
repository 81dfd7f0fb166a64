package ops

import "github.com/prometheus/client_golang/prometheus"

// Gauges are the numbers, and some counters of other rooms, that are asked for at each scrape. The functions must not block
// and may be called from any goroutine; one that is nil is left out.
type Gauges struct {
	PendingRows          func() float64 // records that PostgreSQL does not have yet
	OldestPendingSeconds func() float64 // age of the oldest of them
	QuarantinedRows      func() float64 // records that PostgreSQL refused, now in quarantine
	DaysInTrouble        func() float64 // trading days of which PostgreSQL does not take all records
	DirectoryAgeSeconds  func() float64 // since PostgreSQL last said which AppIDs and accounts there are
	Twins                func() float64 // 1 if another front with this front.id is alive
	ClockOffset          func() float64 // seconds that this machine's clock is before PostgreSQL's
	LoginsInFlight       func() float64
	HashQueue            func() float64 // logins that wait for a password check
	Locked               func() float64 // locks on accounts and sources
	Remembered           func() float64 // verified logins that are remembered
	CalendarHorizonDays  func() float64 // days until the calendar ends
	ReloadSuccessful     func() float64 // 1 if the last reload of the configuration was taken over, or none was asked for
	LocalBytes           func() float64 // the local store's file without what is free in it, and a long log
	LocalLogBytes        func() float64
	LocalRows            func() float64
	// LocalBoundRatios is how near the local store is to each of its bounds, by name; 1 is at it.
	LocalBoundRatios func() map[string]float64
	// KeyDays is how many days each key is still valid, by version; a key without an end
	// is left out.
	KeyDays  func() map[string]float64
	SetAside func() float64 // damaged local stores that are not recovered
	// ReportLateRecords is how many records of exported days no report holds.
	ReportLateRecords func() float64
	// ReportObstacles is how many things keep reports of the last closed days back, by kind.
	ReportObstacles func() map[string]float64

	SeenTerminals     func() float64 // terminal ciphertexts of the day that are remembered
	ReplayedTerminals func() float64 // counter: logins with one of them
	UnseenTerminals   func() float64 // counter: logins whose ciphertext could not be remembered
	LogLost           func() float64 // counter: lines of the application log that its reader did not take
	AuditSuppressed   func() float64 // counter: lines of the audit log that were only counted
	AuditSparing      func() float64 // 1 while only lines of accepted logins are written, for want of room

	Health *Health // its checks
}

// Register adds the gauges to the registry. It is called once; a second call panics.
func (m *Metrics) Register(g Gauges) {
	for _, f := range []struct {
		name, help string
		value      func() float64
	}{
		{"pending_rows", "Records that PostgreSQL does not have yet.", g.PendingRows},
		{"oldest_pending_seconds", "Age of the oldest record that PostgreSQL does not have yet.", g.OldestPendingSeconds},
		{"quarantined_rows", "Records that PostgreSQL refused for their data, now in quarantine: in no report.", g.QuarantinedRows},
		{"forward_days_in_trouble", "Trading days of which PostgreSQL does not take all records.", g.DaysInTrouble},
		{"directory_age_seconds", "Age of the AppIDs and accounts in force: since PostgreSQL last confirmed them.", g.DirectoryAgeSeconds},
		{"front_id_conflict", "Whether another front with the same front.id is alive.", g.Twins},
		{"clock_offset_seconds", "How far this machine's clock is before PostgreSQL's.", g.ClockOffset},
		{"logins_in_flight", "Logins that are being worked on.", g.LoginsInFlight},
		{"hash_queue", "Logins that wait for a password check.", g.HashQueue},
		{"locked", "Locks on accounts and sources.", g.Locked},
		{"remembered", "Verified logins that are remembered.", g.Remembered},
		{"calendar_horizon_days", "Days until the trading calendar ends.", g.CalendarHorizonDays},
		{"seen_terminals", "Terminal ciphertexts of the trading day that are remembered.", g.SeenTerminals},
		{"report_late_records", "Records of exported days that no report holds.", g.ReportLateRecords},
		{"local_store_bytes", "Bytes of the local store, without what is free in it, and of a long log.", g.LocalBytes},
		{"local_store_log_bytes", "Bytes of the local store's log.", g.LocalLogBytes},
		{"local_store_rows", "Records in the local store.", g.LocalRows},
		{"local_store_set_aside", "Damaged local stores that were set aside and are not recovered.", g.SetAside},
		{"audit_sparing", "Whether only lines of accepted logins are written, for want of room.", g.AuditSparing},
		{"config_last_reload_successful", "Whether the last reload of the configuration was taken over.", g.ReloadSuccessful},
	} {
		if f.value != nil {
			opts := prometheus.GaugeOpts{Namespace: namespace, Name: f.name, Help: f.help}
			m.registry.MustRegister(prometheus.NewGaugeFunc(opts, f.value))
		}
	}
	for _, f := range []struct {
		name, help string
		value      func() float64
	}{
		{"terminal_info_replayed_total", "Logins whose terminal ciphertext came before on the same trading day.", g.ReplayedTerminals},
		{"log_lines_lost_total", "Lines of the application log that its reader did not take.", g.LogLost},
		{"audit_suppressed_total", "Lines of the audit log that were only counted, over their budget.", g.AuditSuppressed},
		{"seen_terminals_forgotten_total", "Logins whose terminal ciphertext could not be remembered.", g.UnseenTerminals},
	} {
		if f.value != nil {
			opts := prometheus.CounterOpts{Namespace: namespace, Name: f.name, Help: f.help}
			m.registry.MustRegister(prometheus.NewCounterFunc(opts, f.value))
		}
	}
	for _, l := range []struct {
		name, help, label string
		values            func() map[string]float64
	}{
		{"key_days", "Days that an encryption key is still valid.", "version", g.KeyDays},
		{"report_obstacles", "What keeps reports of the last closed trading days back, by kind.", "kind", g.ReportObstacles},
		{"local_store_bound_ratio", "How near the local store is to a bound; 1 is at it.", "bound", g.LocalBoundRatios},
	} {
		if l.values != nil {
			m.registry.MustRegister(labelled{prometheus.NewDesc(namespace+"_"+l.name, l.help, []string{l.label}, nil), l.values})
		}
	}
	if g.Health != nil {
		m.registry.MustRegister(checkGauge{prometheus.NewDesc(namespace+"_check_ok",
			"Whether a check of /readyz passes.", []string{"check", "severity"}, nil), g.Health})
	}
}

// checkGauge is a collector: which checks there are is asked at each scrape.
type checkGauge struct {
	desc   *prometheus.Desc
	health *Health
}

func (c checkGauge) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c checkGauge) Collect(ch chan<- prometheus.Metric) {
	for _, r := range c.health.Recent().Reasons {
		ok := 0.0
		if r.Ready {
			ok = 1
		}
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, ok, r.Name, string(r.Severity))
	}
}

// labelled is a collector and no gauge: which label values there are is asked at each scrape.
type labelled struct {
	desc   *prometheus.Desc
	values func() map[string]float64
}

func (l labelled) Describe(ch chan<- *prometheus.Desc) { ch <- l.desc }

func (l labelled) Collect(ch chan<- prometheus.Metric) {
	for label, value := range l.values() {
		ch <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, value, label)
	}
}
