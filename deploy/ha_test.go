package deploy

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestPatroniIsStrict: what docs/high-availability.md promises rests on these settings, and Patroni's own rule for them.
func TestPatroniIsStrict(t *testing.T) {
	var file struct {
		Bootstrap struct {
			DCS struct {
				TTL               int  `yaml:"ttl"`
				LoopWait          int  `yaml:"loop_wait"`
				RetryTimeout      int  `yaml:"retry_timeout"`
				SynchronousMode   bool `yaml:"synchronous_mode"`
				Strict            bool `yaml:"synchronous_mode_strict"`
				PrimaryStart      *int `yaml:"primary_start_timeout"`
				SynchronousNodes  int  `yaml:"synchronous_node_count"`
				PostgresqlSection struct {
					Parameters map[string]any `yaml:"parameters"`
				} `yaml:"postgresql"`
			} `yaml:"dcs"`
		} `yaml:"bootstrap"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "ha/patroni.yml")), &file); err != nil {
		t.Fatal(err)
	}
	d := file.Bootstrap.DCS
	if !d.SynchronousMode || !d.Strict || d.SynchronousNodes < 1 || d.PostgresqlSection.Parameters["synchronous_commit"] != "on" {
		t.Errorf("not strict: %+v", d)
	}
	if d.TTL < 20 || d.LoopWait+2*d.RetryTimeout > d.TTL {
		t.Errorf("ttl %d, loop_wait %d, retry_timeout %d: Patroni does not take these", d.TTL, d.LoopWait, d.RetryTimeout)
	}
	if d.PrimaryStart == nil || *d.PrimaryStart != 0 {
		t.Error("a PostgreSQL that ended by itself is to be replaced at once: primary_start_timeout: 0")
	}
}

// TestSamplesNameTheSameMachines: etcd, Patroni and HAProxy lead to each other.
func TestSamplesNameTheSameMachines(t *testing.T) {
	address := func(file, pattern string) []string {
		var all []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(read(t, file), -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	etcd := address("ha/etcd.env", `(?:etcd-[abc]=http://|http://)(10\.[0-9.]+):2380`)
	hosts := address("ha/patroni.yml", `[ ,](10\.[0-9.]+):2379`)
	if len(etcd) != 3 || !slices.Equal(etcd, hosts) {
		t.Errorf("etcd is at %v, and Patroni asks %v", etcd, hosts)
	}
	servers := address("ha/haproxy-postgresql.cfg", `(?m)^\s+server db-[abc] (10\.[0-9.]+):5432`)
	mine := address("ha/patroni.env", `(10\.[0-9.]+):5432`)
	if len(servers) != 3 || len(mine) != 1 || !slices.Contains(servers, mine[0]) {
		t.Errorf("HAProxy leads to %v, Patroni's sample is of %v", servers, mine)
	}
}

// TestPagesNameTheSamplesUnits: an operator who types the pages' systemctl lines means the units that README.md has started.
func TestPagesNameTheSamplesUnits(t *testing.T) {
	t.Parallel()
	unitsOf := func(file string) (units []string) {
		for _, m := range regexp.MustCompile("systemctl (?:start|stop|restart|reload|enable|disable)(?: --now)? ([^ `;\n]+)").FindAllStringSubmatch(read(t, file), -1) {
			units = append(units, m[1])
		}
		return units
	}
	there := unitsOf("ha/README.md")
	if want := []string{"postgresql", "etcd", "patroni@15-tradefront"}; !slices.Equal(there, want) {
		t.Errorf("README.md has the units %v, want %v", there, want)
	}
	for _, page := range []string{"../docs/high-availability.md", "../docs/high-availability.zh-CN.md"} {
		units := unitsOf(page)
		if len(units) < 2 {
			t.Errorf("%s: %d lines with systemctl, want two at least", page, len(units))
		}
		for _, unit := range units {
			if !slices.Contains(there, unit) {
				t.Errorf("%s names the unit %s, README.md has %v", page, unit, there)
			}
		}
	}
}

// TestHAProxyTakesTheSample: HAProxy itself reads the file.
func TestHAProxyTakesTheSample(t *testing.T) {
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy" // where Debian has it, which is not in every PATH
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("HAProxy is not installed")
	}
	if out, err := exec.Command(program, "-c", "-f", "ha/haproxy-postgresql.cfg").CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
		t.Errorf("haproxy -c: %v\n%s", err, out)
	}
}
