package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/test/await"
)

// loadSite is a front with a population that may log in.
func loadSite(t *testing.T, accounts string) (*site, *daemon) {
	t.Helper()
	s := newSite(t, "", "limits: {connections_per_source: 0}\n")
	s.cli("", "loadtest", "prepare", "--beside-real-accounts", "--accounts", accounts, "--apps", "3", "--sm4", "1", "--out", filepath.Join(s.dir, "people.json"))
	return s, s.serve()
}

// load runs the load tester, and returns what it found and every login that it was answered.
func (s *site) load(d *daemon, args ...string) (*result.Result, []loadtest.Answer, error) {
	s.t.Helper()
	answers := filepath.Join(s.dir, "answers.ndjson")
	cmd := exec.CommandContext(s.t.Context(), binary, append([]string{
		"loadtest", "run", "--to", d.address, "--people", filepath.Join(s.dir, "people.json"), "--key", filepath.Join(s.dir, "public.pem"),
		"--answers", answers, "--front-config", s.config, "-o", "json",
	}, args...)...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, failed := cmd.Output()
	var r result.Result
	if err := json.Unmarshal(out, &r); err != nil {
		s.t.Fatalf("loadtest run %v: %v, %v\n%s%s", args, failed, err, out, errOut.String())
	}
	return &r, readAnswers(s.t, answers), failed
}

func readAnswers(t testing.TB, path string) (all []loadtest.Answer) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for scan := bufio.NewScanner(bytes.NewReader(text)); scan.Scan(); {
		var a loadtest.Answer
		if err := json.Unmarshal(scan.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// TestLoadScenarios: each scenario gets what it must get, and the report of the day has the logins that it was answered, each with the
// string that its terminal sent.
func TestLoadScenarios(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "60")
	var all []loadtest.Answer
	for _, test := range []struct {
		args     string
		loggedIn int
		answered int
	}{
		{"--scenario churn --visits 100 --concurrency 8 --sources 30", 100, 100},
		{"--scenario storm --visits 60 --rate 300 --ramp 100ms", 60, 60},
		{"--scenario cold --visits 60", 60, 60},
		{"--scenario reconnect --visits 50", 50, 100},
		{"--scenario steady --visits 20 --rate 100 --hold 500ms", 50, 70},
	} {
		r, answers, err := s.load(d, append(strings.Fields(test.args), "--verify", "--private-key", "1.0="+filepath.Join(s.dir, "private.pem"))...)
		if r.Proof == nil || r.Proof.Proven != int64(test.answered) || r.Proof.Opened != r.Proof.Proven || r.Proof.Faults != 0 {
			t.Errorf("%s: %+v, want %d proven", test.args, r.Proof, test.answered)
		}
		if err != nil || !r.Good || r.Counts.LoggedIn != test.loggedIn || r.Counts.Errors() != 0 || r.Counts.BrokenOff != 0 || len(answers) != test.answered ||
			r.Login.Count() != int64(test.loggedIn) || r.Service.Count() != r.Login.Count() || len(r.Seconds) == 0 || len(r.ConfigHash) != 64 {
			t.Errorf("%s: %v, good %v, ended early %q, counts %+v, failed %v, refused %v, %d answers", test.args, err, r.Good, r.EndedEarly, r.Counts,
				r.Failed, r.Refused, len(answers))
		}
		all = append(all, answers...)
	}
	d.stop()
	s.checkLoaded(all)
}

// TestLoadOfAttackers: each attack is answered as it must be, by its kind, and honest terminals get in beside them.
func TestLoadOfAttackers(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "10")
	s.replaceConfig("connections_per_source: 0}", "connections_per_source: 0}\ntimers: {authenticate: 1s}")
	d.stop()
	d = s.serve()
	r, answers, err := s.load(d, "--scenario", "hostile", "--visits", "240", "--attackers", "0.6", "--sources", "3", "--concurrency", "16", "--patience", "20s")
	if err != nil || !r.Good || r.Counts.LoggedIn+r.Counts.Hostile != 240 || !allKinds(r.Hostile) || len(answers) != r.Counts.LoggedIn || r.Counts.LoggedIn == 0 {
		t.Errorf("%v, %+v, hostile %v, failed %v, refused %v", err, r.Counts, r.Hostile, r.Failed, r.Refused)
	}
}

// allKinds reports whether attacks of each kind got what they must get; beside them some may have been shut out for earlier ones.
func allKinds(hostile map[string]int) bool {
	for _, kind := range []string{"wrong_authcode", "wrong_password", "not_our_protocol", "silent", "malformed", "slow"} {
		if hostile[kind] == 0 {
			return false
		}
	}
	return true
}

// TestLoadIsChargedForAStandstill: visits arrive while the front is stopped, and each counts from when it was due.
func TestLoadIsChargedForAStandstill(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "20")
	if _, _, err := s.load(d, "--scenario", "cold", "--visits", "20"); err != nil { // verified once
		t.Fatal(err)
	}
	const stands = 2 * time.Second
	signal := func(sig syscall.Signal) {
		if err := d.cmd.Process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
	ended := make(chan *result.Result)
	go func() {
		r, _, err := s.load(d, "--scenario", "churn", "--visits", "300", "--rate", "100")
		if err != nil {
			t.Error(err)
		}
		ended <- r
	}()
	s.awaitAudit(`"event":"logout"`)
	signal(syscall.SIGSTOP)
	time.Sleep(stands) // how long the front is stopped is what the test is about
	signal(syscall.SIGCONT)
	r := <-ended
	// A hundred visits a second were due meanwhile. Of those of the first half each waited for a second at least.
	slow := 0
	for _, p := range r.Login.Curve() {
		if p.Ms < 1000 {
			slow = int(r.Login.Count() - p.Count)
		}
	}
	if r.Counts.LoggedIn != 300 || slow < 50 {
		t.Errorf("%d logged in, %d of them after a second or more, want 50 at least", r.Counts.LoggedIn, slow)
	}
}

// TestLoadEndsWithStatus1 where an assertion does not hold, with the result on standard output all the same, and where it is refused before it begins.
func TestLoadEndsWithStatus1(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "10")
	r, _, err := s.load(d, "--scenario", "churn", "--visits", "10", "--assert", "rate>=1000000", "--assert", "errors==0", "--historical-peak", "0.5")
	exit, is := errors.AsType[*exec.ExitError](err)
	if !is || exit.ExitCode() != 1 || r.Good || len(r.Assertions) != 2 || r.Assertions[0].Holds || !r.Assertions[1].Holds || r.Multiple <= 0 {
		t.Errorf("%v, %+v", err, r)
	}
	s.mergedLoad(d)
	address := d.address
	d.stop()
	for _, test := range []struct{ to, want string }{
		{address, "no front takes connections at " + address},
		{"192.0.2.1:41205", "192.0.2.1 is not this machine"},
	} {
		out, err := exec.CommandContext(t.Context(), binary, "loadtest", "run", "--to", test.to, "--people", filepath.Join(s.dir, "people.json"),
			"--key", filepath.Join(s.dir, "public.pem"), "--visits", "10", "--patience", "5s").CombinedOutput()
		if err == nil || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: %v, %q", test.to, err, out)
		}
	}
}

// mergedLoad wants two generators' results to be one: each of its own accounts, at the same time.
func (s *site) mergedLoad(d *daemon) {
	s.t.Helper()
	var generators sync.WaitGroup
	saved := []string{filepath.Join(s.dir, "a.json"), filepath.Join(s.dir, "b.json")}
	for i, path := range saved {
		generators.Go(func() {
			out, err := exec.CommandContext(s.t.Context(), binary, "loadtest", "run", "--to", d.address, "--people", filepath.Join(s.dir, "people.json"),
				"--key", filepath.Join(s.dir, "public.pem"), "--scenario", "churn", "--visits", "50", "--rate", "50", "--first", strconv.Itoa(5*i),
				"--seed", strconv.Itoa(i), "--save", path).CombinedOutput()
			if err != nil {
				s.t.Errorf("%v\n%s", err, out)
			}
		})
	}
	generators.Wait()
	out, err := exec.CommandContext(s.t.Context(), binary, "loadtest", "merge", saved[0], saved[1], "--lang", "zh", "--historical-peak", "10",
		"--assert", "logged_in==100").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "压测进程  2\n") || !strings.Contains(string(out), "登录成功 100") || !strings.Contains(string(out), "倍历史峰值") {
		s.t.Errorf("%v\n%s", err, out)
	}
}

// TestLoadSeesLostSessions: a front that is killed, or that is stopped for too long, loses sessions that were to stay, and the run is not good.
func TestLoadSeesLostSessions(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d := loadSite(t, "20")
			ended := make(chan *result.Result)
			go func() {
				r, _, err := s.load(d, "--scenario", "storm", "--visits", "20", "--heartbeat", "5", "--hold", "18s")
				if err == nil {
					t.Error("exit status 0")
				}
				ended <- r
			}()
			await.True(t, "all to be logged in", func() bool {
				return strings.Count(readFile(t, filepath.Join(s.dir, "audit.jsonl")), `"event":"login"`) == 20
			})
			if err := d.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			// The audit log has a login before it is answered, so the last ones may break off.
			if r := <-ended; r.Counts.LoggedIn == 0 || r.Counts.LoggedIn+r.Counts.Failed != 20 || r.Counts.Lost != r.Counts.LoggedIn || r.Good {
				t.Errorf("%+v, good %v, failed %v", r.Counts, r.Good, r.Failed)
			}
		})
	}
}
