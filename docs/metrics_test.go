package docs

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
)

const (
	metricsHead = `# Metrics

` + "`go test ./docs -run TestMetricsPage -update`" + ` makes this page from the program: change a metric's text where the program makes it
(internal/ops, internal/daemon). What a front shows at ` + "`/metrics`" + ` of its admin listener, [how to scrape it](operations.md#metrics), and
[what to do when an alert fires](operations.md#alerts).

Names have the base unit; ` + "`_total`" + ` only grows, and begins at 0 with each start. Labels come from closed sets. Most start at zero, so that a
rate is right from the first event on; a label that is not in the list of words is one of many, as a reason ([errors.md](errors.md)). ` + "`app_id`" + `
and ` + "`relay`" + ` are AppIDs that the firm has registered, never what a peer sent; no label has an account or an address. Histograms are there with
classic buckets and as native ones.

A relay agent has those of connections, authentications, logins, audit log, checks and runtime too, and
[some of its own](operations.md#a-relay-agent).

| metric | type | unit | labels | meaning | alerts |
|---|---|---|---|---|---|
`
	runtimeHead = `
## Go runtime and process

| metric | type | unit | labels | meaning | alerts |
|---|---|---|---|---|---|
`
)

// TestMetricsPage holds the page to what a front with everything registers.
func TestMetricsPage(t *testing.T) {
	families := allMetrics(t)
	alerts := alertsByMetric(t)
	var page strings.Builder
	page.WriteString(metricsHead)
	for _, f := range families {
		if strings.HasPrefix(f.name, "tradefront_") {
			page.WriteString(f.row(alerts))
		}
	}
	page.WriteString(runtimeHead)
	for _, f := range families {
		if !strings.HasPrefix(f.name, "tradefront_") {
			page.WriteString(f.row(alerts))
		}
	}
	if *update {
		if err := os.WriteFile("metrics.md", []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, "metrics.md") != page.String() {
		t.Error("metrics.md is not that of the program; run: go test ./docs -run TestMetricsPage -update")
	}
	agents := agentWatchers(t) // operations.md has the metrics of relay agents
	for metric := range alerts {
		if strings.HasPrefix(metric, "tradefront_agent_") && strings.Contains(agents, strconv.Quote(strings.TrimPrefix(metric, "tradefront_"))) {
			continue
		}
		if !slices.ContainsFunc(families, func(f family) bool { return f.name == metric }) {
			t.Errorf("an alert uses %s, which no front has", metric)
		}
	}
}

// family is a metric with the values that its labels start with.
type family struct {
	name, kind, help string
	labels           []string
	values           map[string][]string // by label
}

// mostWords is how many words of a label the page lists.
const mostWords = 9

func (f *family) row(alerts map[string][]string) string {
	labels := make([]string, 0, len(f.labels))
	for _, l := range f.labels {
		text := "`" + l + "`"
		if words := f.values[l]; !slices.ContainsFunc(words, isSample) && len(words) <= mostWords && !strings.HasSuffix(l, "version") {
			text += ": " + strings.Join(words, ", ")
		}
		labels = append(labels, text)
	}
	used := alerts[f.name]
	slices.Sort(used)
	help := strings.ReplaceAll(strings.TrimSpace(f.help), "|", `\|`)
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s |\n", f.name, f.kind, unitOf(f.name), strings.Join(labels, "; "), help,
		strings.Join(slices.Compact(used), ", "))
}

// sampled is the value of a label whose words only a running front has.
const sampled = "sample"

func isSample(word string) bool { return strings.HasPrefix(word, sampled) }

// unitOf is the base unit that a name ends with; without one a metric counts.
func unitOf(name string) string {
	name = strings.TrimSuffix(name, "_total")
	for _, unit := range []string{"seconds", "bytes", "days", "ratio", "share", "percent"} {
		if strings.HasSuffix(name, "_"+unit) {
			return unit
		}
	}
	return ""
}

// allMetrics gathers what a daemon with everything registers, sorted by name.
func allMetrics(t *testing.T) []family {
	t.Helper()
	registry := everythingRegistered(t)
	gathered, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	families := make([]family, 0, len(gathered))
	for _, g := range gathered {
		f := family{name: g.GetName(), kind: strings.ToLower(g.GetType().String()), help: g.GetHelp(), values: make(map[string][]string)}
		for _, s := range g.GetMetric() {
			for _, l := range s.GetLabel() {
				if !slices.Contains(f.labels, l.GetName()) {
					f.labels = append(f.labels, l.GetName())
				}
				if !slices.Contains(f.values[l.GetName()], l.GetValue()) {
					f.values[l.GetName()] = append(f.values[l.GetName()], l.GetValue())
				}
			}
		}
		families = append(families, f)
	}
	slices.SortFunc(families, func(a, b family) int { return cmp.Compare(a.name, b.name) })
	return families
}

// everythingRegistered has a series of each metric that a front can have.
func everythingRegistered(t *testing.T) *prometheus.Registry {
	t.Helper()
	m, catalog := ops.NewMetrics(sampled, sampled), daemon.NewCatalog()
	m.Preset(catalog.Labels)
	m.PresetRelay(sampled, []string{sampled})
	m.UnlistedApp(sampled, sampled)
	m.AppAuthenticated(sampled, sampled, true)
	m.AppLoggedIn(sampled, sampled, true)
	m.Register(catalog.Collectors...)
	health := ops.NewHealth()
	for _, severity := range []ops.Severity{ops.Required, ops.Warning} {
		health.Register(sampled+string(severity), severity, func() (bool, string) { return true, "" })
	}
	m.RegisterChecks(health)
	return m.Registry()
}

var (
	alertRule  = regexp.MustCompile(`(?s)- alert: (\w+)\n(.*?)\n        (?:for|labels):`)
	metricName = regexp.MustCompile(`\b(?:tradefront|go|process)_[a-z_]+\b`)
	histogram  = regexp.MustCompile(`(_seconds|_rows)_(bucket|count|sum)$`)
)

// alertsByMetric is which alerts of deploy/prometheus use a metric.
func alertsByMetric(t *testing.T) map[string][]string {
	t.Helper()
	by := make(map[string][]string)
	for _, rule := range alertRule.FindAllStringSubmatch(read(t, "../deploy/prometheus/tradefront.rules.yml"), -1) {
		for _, name := range metricName.FindAllString(rule[2], -1) {
			name = histogram.ReplaceAllString(name, "$1")
			by[name] = append(by[name], rule[1])
		}
	}
	if len(by) < 20 {
		t.Fatalf("only %d metrics were found in the rules: they are written otherwise now", len(by))
	}
	return by
}
