package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
)

// scraper is a running Prometheus with the rules and the scrape configuration that firms are given. Three things of them differ, so
// that a test need not wait for minutes: it scrapes and evaluates each scrapePeriod, and every `for:` of a rule is 0s. Expressions and
// thresholds are the shipped ones.
type scraper struct {
	address string
	log     syncBuffer

	mu    sync.Mutex
	fired map[string]bool // alerts that a test waited for
}

const scrapePeriod = "800ms"

var (
	promListens = regexp.MustCompile(`msg="Listening on" address=(\S+)`)
	ruleName    = regexp.MustCompile(`(?m)^      - alert: (\w+)$`)
	ruleFor     = regexp.MustCompile(`(?m)^        for: .*$`)
)

// scrape starts Prometheus for fronts and relay agents at these admin addresses. It begins to scrape five seconds later.
func scrape(t testing.TB, fronts, agents []string) *scraper {
	t.Helper()
	dir := t.TempDir()
	rules := readFile(t, "../../deploy/prometheus/tradefront.rules.yml")
	writeFile(t, filepath.Join(dir, "tradefront.rules.yml"), ruleFor.ReplaceAllString(rules, "        for: 0s"))
	writeFile(t, filepath.Join(dir, "prometheus.yml"), scrapeConfig(t, fronts, agents))
	p := &scraper{fired: make(map[string]bool)}
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address=127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	if err := child.Start(cmd); err != nil {
		t.Fatalf("%v; ./test/ensure-tools.sh installs it", err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("Prometheus's log:\n%s", p.log.String())
		}
	})
	await.True(t, "Prometheus to listen", func() bool {
		select {
		case <-exited:
			t.Fatal("Prometheus has ended")
		default:
		}
		found := promListens.FindStringSubmatch(p.log.String())
		if found != nil {
			p.address = found[1]
		}
		return found != nil
	})
	return p
}

// scrapeConfig is the sample that firms are given, with its commented job of relay agents, for these targets.
func scrapeConfig(t testing.TB, fronts, agents []string) string {
	t.Helper()
	quoted := func(addresses []string) string { return `"` + strings.Join(addresses, `", "`) + `"` }
	sample := strings.NewReplacer("\n  #-", "\n  -", "\n  #  ", "\n    ").Replace(readFile(t, "../../deploy/prometheus/scrape.yml"))
	for _, change := range [][2]string{
		{"        labels:\n          front: \"1\"\n", ""},
		{`"127.0.0.1:9464"`, quoted(fronts)},
		{`"127.0.0.1:9465"`, quoted(agents)},
		{"scrape_interval: 15s", "scrape_interval: " + scrapePeriod},
	} {
		if !strings.Contains(sample, change[0]) {
			t.Fatalf("%q is not in the sample", change[0])
		}
		sample = strings.ReplaceAll(sample, change[0], change[1])
	}
	return "global: {evaluation_interval: " + scrapePeriod + "}\n" + sample
}

// ask reads an answer of Prometheus's API.
func (p *scraper) ask(t testing.TB, path string, into any) {
	t.Helper()
	resp, err := http.Get("http://" + p.address + "/api/v1/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("Prometheus's %s: %v, %s", path, err, answer.Error)
	}
}

// firing reports whether an alert fires for an instance; "" is any.
func (p *scraper) firing(t testing.TB, alert, instance string) bool {
	t.Helper()
	var got struct {
		Alerts []struct {
			Labels struct{ Alertname, Instance string }
			State  string
		}
	}
	p.ask(t, "alerts", &got)
	for _, a := range got.Alerts {
		if a.State == "firing" && a.Labels.Alertname == alert && (instance == "" || a.Labels.Instance == instance) {
			return true
		}
	}
	return false
}

// quiet wants that none of the alerts fires before its fault is there.
func (p *scraper) quiet(t testing.TB, instance string, alerts ...string) {
	t.Helper()
	for _, alert := range alerts {
		if p.firing(t, alert, instance) {
			t.Errorf("%s fires for %q before its fault is there", alert, instance)
		}
	}
}

// fires waits until each alert fires, and remembers it.
func (p *scraper) fires(t testing.TB, instance string, alerts ...string) {
	t.Helper()
	for _, alert := range alerts {
		began := time.Now()
		await.Every(t, 100*time.Millisecond, alert+" to fire for "+instance, func() bool { return p.firing(t, alert, instance) })
		t.Logf("%s fires for %q, waited for %v; at %v", alert, instance, time.Since(began).Round(time.Millisecond), time.Now().Format("05.000"))
		p.mu.Lock()
		p.fired[alert] = true
		p.mu.Unlock()
	}
}

// scrapes waits until Prometheus has a value of that instance: a counter that grows before has no increase.
func (p *scraper) scrapes(t testing.TB, instance string) {
	t.Helper()
	await.Every(t, 100*time.Millisecond, "Prometheus to scrape "+instance, func() bool {
		return p.value(t, `tradefront_build_info{instance="`+instance+`"}`) != ""
	})
}

// scrapesProcess is scrapes for one process of several that an instance has been: it has another start time than the one before.
func (p *scraper) scrapesProcess(t testing.TB, instance string, before string) (started string) {
	t.Helper()
	await.Every(t, 100*time.Millisecond, "Prometheus to scrape another process at "+instance, func() bool {
		started = p.value(t, `process_start_time_seconds{instance="`+instance+`"}`)
		return started != "" && started != before
	})
	return started
}

// value is the first value of a query, "" for none.
func (p *scraper) value(t testing.TB, query string) string {
	t.Helper()
	var got struct{ Result []struct{ Value [2]any } }
	p.ask(t, "query?query="+url.QueryEscape(query), &got)
	if len(got.Result) == 0 {
		return ""
	}
	return fmt.Sprint(got.Result[0].Value[1])
}

// names are those of all metrics that Prometheus has seen.
func (p *scraper) names(t testing.TB) (names []string) {
	t.Helper()
	p.ask(t, "label/__name__/values", &names)
	return names
}

// wantHealthy wants every rule to be evaluated without an error.
func (p *scraper) wantHealthy(t testing.TB) {
	t.Helper()
	var got struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.ask(t, "rules", &got)
	var names []string
	for _, g := range got.Groups {
		for _, r := range g.Rules {
			names = append(names, r.Name)
			if r.Health != "ok" {
				t.Errorf("rule %s is %s: %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	var shipped []string
	for _, m := range ruleName.FindAllStringSubmatch(readFile(t, "../../deploy/prometheus/tradefront.rules.yml"), -1) {
		shipped = append(shipped, m[1])
	}
	slices.Sort(names) // groups come in the order of their names
	slices.Sort(shipped)
	if !slices.Equal(names, shipped) {
		t.Errorf("Prometheus evaluates %v, the file has %v", names, shipped)
	}
}
