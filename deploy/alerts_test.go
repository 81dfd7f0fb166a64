package deploy

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode"
)

var (
	alertRule  = regexp.MustCompile(`(?m)^      - alert: (\w+)\n(?:        .*\n)+`)
	annotation = regexp.MustCompile(`(?m)^          (\w+): "?(.+?)"?$`)
	severity   = regexp.MustCompile(`(?m)^        labels: \{severity: (?:page|warn|none)\}$`)
)

const runbook = "https://github.com/tradefront/tradefront/blob/main/docs/runbook.md#"

// TestAlertsFire: each alert fires in the rules' own tests, by what it looks like when its fault is
// there, and not before. promtool is Prometheus's own.
func TestAlertsFire(t *testing.T) {
	tests := read(t, "prometheus/tradefront.rules.test.yml") + read(t, "prometheus/tradefront.days.test.yml")
	for name := range alerts(t) {
		fires := regexp.MustCompile(`alertname="` + name + `".*exp_samples: \[\{`)
		quiet := regexp.MustCompile(`alertname="` + name + `".*exp_samples: \[\]`)
		switch {
		case !fires.MatchString(tests):
			t.Errorf("%s fires in no test", name)
		case name != "TradefrontWatchdog" && !quiet.MatchString(tests):
			t.Errorf("%s is silent in no test", name)
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not installed: make tools")
	}
	var all sync.WaitGroup
	for _, args := range [][]string{
		{"check", "rules", "tradefront.rules.yml"}, {"test", "rules", "tradefront.rules.test.yml"}, {"test", "rules", "tradefront.days.test.yml"},
	} {
		all.Go(func() {
			cmd := exec.Command(promtool, args...)
			cmd.Dir = "prometheus"
			cmd.Env = append(os.Environ(), "GOGC=400") // it is a Go program, and has little to keep: a seventh of its time
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("promtool %v: %v\n%s", args, err, out)
			}
		})
	}
	all.Wait()
}

// TestAlertsAreExplained: each has a severity, what is wrong in both languages, and its section of the runbook.
func TestAlertsAreExplained(t *testing.T) {
	t.Parallel()
	for name, rule := range alerts(t) {
		if !severity.MatchString(rule) {
			t.Errorf("%s has no severity page, warn or none", name)
		}
		text := make(map[string]string)
		for _, m := range annotation.FindAllStringSubmatch(rule, -1) {
			text[m[1]] = m[2]
		}
		for _, key := range []string{"summary", "description"} {
			if text[key] == "" || strings.ContainsFunc(text[key], han) {
				t.Errorf("%s: %s is %q, want English", name, key, text[key])
			}
			if !strings.ContainsFunc(text[key+"_zh"], han) {
				t.Errorf("%s: %s_zh is %q, want Chinese", name, key, text[key+"_zh"])
			}
		}
		if want := runbook + strings.ToLower(name); text["runbook_url"] != want {
			t.Errorf("%s: runbook_url is %q, want %q", name, text["runbook_url"], want)
		}
	}
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// alerts are the rules by name, as they are in the file.
func alerts(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, m := range alertRule.FindAllStringSubmatch(read(t, "prometheus/tradefront.rules.yml"), -1) {
		if all[m[1]] != "" {
			t.Errorf("there are two alerts %s", m[1])
		}
		all[m[1]] = m[0]
	}
	if n := strings.Count(read(t, "prometheus/tradefront.rules.yml"), "- alert:"); n != len(all) || n < 70 {
		t.Fatalf("%d rules were understood of %d: they are written otherwise now", len(all), n)
	}
	return all
}
