package docs

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
)

var (
	metricOf = regexp.MustCompile(`tradefront_\w+`)
	// matcher is a label with what it must or must not be.
	matcher = regexp.MustCompile(`(tradefront_\w+)\{(\w+)(=~|!=|=)"([^"]*)"\}`)
	quoted  = regexp.MustCompile(`"[^"]*"`)
	expr    = regexp.MustCompile(`(?m)^        expr: (?:>-\n((?:          .*\n)+)|(.*)\n)`)
)

// TestAlertsNameWhatExists: an alert on a metric or a label that is never there never fires.
func TestAlertsNameWhatExists(t *testing.T) {
	there := series(t)
	rules := read(t, "../deploy/prometheus/tradefront.rules.yml")
	exprs := expr.FindAllString(rules, -1)
	if alerts := strings.Count(rules, "- alert: "); alerts == 0 || alerts != len(exprs) {
		t.Fatalf("%d alerts, %d expressions", alerts, len(exprs))
	}
	for _, e := range exprs {
		for _, name := range metricOf.FindAllString(e, -1) {
			if !isThere(there, name) {
				t.Errorf("no metric %s, in %s", name, e)
			}
		}
		for _, m := range matcher.FindAllStringSubmatch(e, -1) {
			for _, value := range strings.Split(m[4], "|") {
				if m[2] != "job" && !has(there[strings.TrimSuffix(m[1], "_bucket")], m[2], value) {
					t.Errorf("%s has never %s=%q, in %s", m[1], m[2], value, e)
				}
			}
		}
	}
}

// isThere reports whether a front has the metric. Those of a relay agent are the business of TestOperationsNamesEveryAgentMetric.
func isThere(there map[string][]string, name string) bool {
	_, ok := there[strings.TrimSuffix(name, "_bucket")]
	return ok || strings.HasPrefix(name, "tradefront_agent_")
}

// TestDashboardShowsWhatExists: a panel of a metric that is never there is empty.
func TestDashboardShowsWhatExists(t *testing.T) {
	t.Parallel()
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal([]byte(read(t, "../deploy/grafana/tradefront.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	there, found := series(t), 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			for _, name := range metricOf.FindAllString(quoted.ReplaceAllString(target.Expr, ""), -1) {
				if found++; !isThere(there, name) {
					t.Errorf("no metric %s, in %s", name, target.Expr)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("the dashboard names %d metrics", found)
	}
}

// has tells whether the label takes the value; of some labels only a running front has the values.
func has(pairs []string, label, value string) bool {
	pattern := regexp.MustCompile("^" + label + "=(?:" + value + ")$")
	return slices.ContainsFunc(pairs, func(pair string) bool { return pair == label+"="+sampled || pattern.MatchString(pair) })
}

// series maps each metric of a daemon to the "label=value" pairs that it starts with.
func series(t *testing.T) map[string][]string {
	t.Helper()
	m, catalog := ops.NewMetrics("test", "test"), daemon.NewCatalog()
	m.Preset(catalog.Labels)
	m.PresetRelay(sampled, append(reason.Words(), reason.Resubmitted.String()))
	m.AppAuthenticated("other", sampled, false)
	m.AppLoggedIn("other", sampled, false)
	m.Register(catalog.Collectors...)
	health := ops.NewHealth()
	for _, c := range catalog.Checks {
		health.Register(c.Name, c.Severity, func() (bool, string) { return true, "" })
	}
	m.RegisterChecks(health)
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string][]string)
	for _, f := range families {
		there[f.GetName()] = nil
		for _, s := range f.GetMetric() {
			for _, l := range s.GetLabel() {
				there[f.GetName()] = append(there[f.GetName()], l.GetName()+"="+l.GetValue())
			}
		}
	}
	return there
}
