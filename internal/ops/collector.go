package ops

import "github.com/prometheus/client_golang/prometheus"

// Collector is a number of a front, or a counter of another room, that is asked for at each scrape.
type Collector struct {
	name, help, label string // label is "" for one number
	kind              prometheus.ValueType
	values            func() map[string]float64 // by the label's values
}

// NewGauge is a number; its name follows tradefront_. value must not block and may be called
// from any goroutine. A value that does not exist is NaN.
func NewGauge(name, help string, value func() float64) Collector {
	return Collector{name, help, "", prometheus.GaugeValue, alone(value)}
}

// NewCounter is a number that only grows and that another room counts; the rest is as for NewGauge.
func NewCounter(name, help string, value func() float64) Collector {
	return Collector{name, help, "", prometheus.CounterValue, alone(value)}
}

// NewGaugeBy has a number for each value that the label has at the moment of the scrape.
func NewGaugeBy(name, help, label string, values func() map[string]float64) Collector {
	return Collector{name, help, label, prometheus.GaugeValue, values}
}

// NewCounterBy is NewGaugeBy of numbers that only grow and that another room counts.
func NewCounterBy(name, help, label string, values func() map[string]float64) Collector {
	return Collector{name, help, label, prometheus.CounterValue, values}
}

func alone(value func() float64) func() map[string]float64 {
	return func() map[string]float64 { return map[string]float64{"": value()} }
}

// Sample is the same collector without a front: one series at zero. The handbook's tests
// ask it for its name.
func (c Collector) Sample() Collector {
	c.values = func() map[string]float64 { return map[string]float64{"sample": 0} }
	return c
}

// Describe is part of prometheus.Collector.
func (c Collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc() }

// Collect is part of prometheus.Collector.
func (c Collector) Collect(ch chan<- prometheus.Metric) {
	for label, value := range c.values() {
		if c.label == "" {
			ch <- prometheus.MustNewConstMetric(c.desc(), c.kind, value)
			continue
		}
		ch <- prometheus.MustNewConstMetric(c.desc(), c.kind, value, label)
	}
}

func (c Collector) desc() *prometheus.Desc {
	var labels []string
	if c.label != "" {
		labels = []string{c.label}
	}
	return prometheus.NewDesc(namespace+"_"+c.name, c.help, labels, nil)
}

// Register adds collectors to the registry. A name that is there already panics.
func (m *Metrics) Register(collectors ...Collector) {
	for _, c := range collectors {
		m.registry.MustRegister(c)
	}
}

// RegisterChecks adds the gauge of the checks of /readyz. Which checks there are is asked at each scrape.
func (m *Metrics) RegisterChecks(health *Health) {
	m.registry.MustRegister(checkGauge{prometheus.NewDesc(namespace+"_check_ok",
		"1 while the check of /readyz passes, 0 while it fails.", []string{"check", "severity"}, nil), health})
}

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
