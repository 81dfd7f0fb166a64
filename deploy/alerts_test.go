package deploy

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestAlertsFire: each alert fires in the rules' own tests, by what it looks like when its fault is
// there, and not before. promtool is Prometheus's own.
func TestAlertsFire(t *testing.T) {
	tests := read(t, "prometheus/tradefront.rules.test.yml")
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(read(t, "prometheus/tradefront.rules.yml"), -1) {
		if !strings.Contains(tests, "alertname: "+m[1]+"\n        exp_alerts:\n") {
			t.Errorf("%s fires in no test", m[1])
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not installed: make tools")
	}
	for _, args := range [][]string{{"check", "rules", "tradefront.rules.yml"}, {"test", "rules", "tradefront.rules.test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
