package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dashboard is what these tests look at of Grafana's file.
type dashboard struct {
	Title         string
	UID           string
	SchemaVersion int
	Templating    struct{ List []struct{ Name, Type string } }
	Panels        []panel
}

type panel struct {
	ID         int
	Title      string
	Type       string
	Datasource struct{ UID string }
	GridPos    struct{ H, W, X, Y int }
	Targets    []struct {
		Expr       string
		Datasource struct{ UID string }
	}
}

const fewestPanels = 50

// corePanels are those that Grafana has without a plugin.
var corePanels = map[string]bool{"timeseries": true, "stat": true, "table": true, "row": true}

// TestDashboard: the file can be imported into any Grafana from 10 on: panels of its own, one data source that is asked for, none over another,
// expressions that Prometheus understands. A test of docs wants their metrics to be there.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "grafana/tradefront.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) < fewestPanels || d.Title == "" || d.UID == "" || d.SchemaVersion < 30 {
		t.Fatalf("%d panels, title %q, uid %q, schema %d", len(d.Panels), d.Title, d.UID, d.SchemaVersion)
	}
	if v := d.Templating.List; len(v) != 2 || v[0].Name != "datasource" || v[0].Type != "datasource" || v[1].Name != "front" {
		t.Errorf("variables %v", v)
	}
	wantUnderstood(t, wantPanels(t, d.Panels))
}

// wantPanels looks at each panel, and returns the expressions of all.
func wantPanels(t *testing.T, panels []panel) (exprs []string) {
	t.Helper()
	ids, places := make(map[int]bool), make(map[[2]int]string)
	for _, p := range panels {
		if ids[p.ID] || !corePanels[p.Type] || (p.Type != "row") != (len(p.Targets) > 0) {
			t.Errorf("panel %d, %q: type %s, %d expressions; another has this id: %t", p.ID, p.Title, p.Type, len(p.Targets), ids[p.ID])
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := places[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies over %q, or outside", p.Title, other)
				}
				places[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("panel %q asks data source %q", p.Title, target.Datasource.UID)
			}
			exprs = append(exprs, strings.NewReplacer("$__rate_interval", "1m", "$front", ".*").Replace(target.Expr))
		}
	}
	return exprs
}

// wantUnderstood gives the expressions to Prometheus's own parser, as rules.
func wantUnderstood(t *testing.T, exprs []string) {
	t.Helper()
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for i, e := range exprs {
		text, err := json.Marshal(e) // a string of JSON is one of YAML
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&rules, "  - {record: \"panel:%d\", expr: %s}\n", i, text)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("promtool", "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
