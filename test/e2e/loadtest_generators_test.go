package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
)

// TestLoadOfSeveralGenerators: processes share the visits, each visit is made once, and the report has them all.
func TestLoadOfSeveralGenerators(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "60")
	var all []loadtest.Answer
	for _, test := range []struct {
		args               string
		loggedIn, answered int
	}{
		{"--generators 3 --scenario cold --visits 60 --rate 300", 60, 60},
		{"--generators 2 --scenario reconnect --visits 41", 41, 82},
		{"--generators 2 --scenario steady --visits 20 --rate 50 --hold 500ms", 25, 45},
	} {
		r, answers, err := s.load(d, strings.Fields(test.args)...)
		if err != nil || !r.Good || r.Generators != int(test.args[len("--generators ")]-'0') || r.Counts.Planned != test.loggedIn || r.Counts.LoggedIn != test.loggedIn ||
			r.Counts.Errors() != 0 || len(answers) != test.answered || r.Login.Count() != int64(test.loggedIn) || len(r.IDs) != r.Generators || r.Host.CPUs == 0 {
			t.Errorf("%s: %v, good %v, ended early %q, %d generators, %+v, failed %v, %d answers", test.args, err, r.Good, r.EndedEarly, r.Generators, r.Counts,
				r.Failed, len(answers))
		}
		if strings.Contains(test.args, "cold") {
			wantEachAccount(t, answers, 60)
		}
		all = append(all, answers...)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "answers.ndjson.*")); err != nil || len(left) > 0 {
		t.Errorf("answers of single generators are left: %v, %v", left, err)
	}
	d.stop()
	s.checkLoaded(all)
}

// wantEachAccount: so many accounts logged in, each once, and those of one generator came from other addresses than another's.
func wantEachAccount(t *testing.T, answers []loadtest.Answer, n int) {
	t.Helper()
	accounts, addresses := map[string]bool{}, map[string]bool{}
	for i := range answers {
		accounts[answers[i].Account], addresses[answers[i].Address.Addr().String()] = true, true
	}
	if len(accounts) != n || len(addresses) != 3 {
		t.Errorf("%d accounts from %d addresses, want %d from 3", len(accounts), len(addresses), n)
	}
}

// TestLoadGeneratorIsKilled: the others go on, and the run is not good, by name.
func TestLoadGeneratorIsKilled(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "20")
	cmd := exec.CommandContext(t.Context(), binary, "loadtest", "run", "--to", d.address, "--people", filepath.Join(s.dir, "people.json"),
		"--key", filepath.Join(s.dir, "public.pem"), "--visits", "20", "--hold", "5s", "--generators", "2", "-o", "json")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	await.True(t, "all to be logged in", func() bool {
		return strings.Count(readFile(t, filepath.Join(s.dir, "audit.jsonl")), `"event":"login"`) == 20
	})
	victim := childrenOf(t, cmd.Process.Pid)[0]
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var r result.Result
	if broken := json.Unmarshal(out.Bytes(), &r); broken != nil || err == nil {
		t.Fatalf("%v, %v, %s", err, broken, out.String())
	}
	if want := fmt.Sprintf("(process %d): it ended without a result", victim); r.Good || r.Counts.LoggedIn != 10 || !strings.Contains(r.EndedEarly, want) {
		t.Errorf("good %v, %+v, ended early %q, want %q", r.Good, r.Counts, r.EndedEarly, want)
	}
}

// childrenOf are the processes that a process started, of which there must be two.
func childrenOf(t *testing.T, parent int) (all []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		for _, child := range strings.Fields(readFile(t, thread)) {
			pid, err := strconv.Atoi(child)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, pid)
		}
	}
	if len(all) != 2 {
		t.Fatalf("children %v, want 2", all)
	}
	return all
}

// TestLoadOfGeneratorsThatJoin: two processes that another did not start, by TCP. One that was given a flag of the plan, or another people file, is refused.
func TestLoadOfGeneratorsThatJoin(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "20")
	files := []string{"--people", filepath.Join(s.dir, "people.json"), "--key", filepath.Join(s.dir, "public.pem")}
	cmd := exec.CommandContext(t.Context(), binary, append([]string{
		"loadtest", "run", "--to", d.address, "--scenario", "reconnect", "--visits", "30",
		"--generators", "2", "--listen", "127.0.0.1:0", "-o", "json",
	}, files...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	said, err := cmd.StderrPipe()
	if err == nil {
		err = child.Start(cmd)
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	lines.Scan()
	_, rest, _ := strings.Cut(lines.Text(), "--join ")
	address, _, _ := strings.Cut(rest, " ")
	if _, _, err := net.SplitHostPort(address); err != nil {
		t.Fatalf("%q: %v", lines.Text(), err)
	}
	join := func(more ...string) ([]byte, error) {
		return exec.CommandContext(t.Context(), binary, append(append([]string{"loadtest", "run", "--join", address}, files...), more...)...).CombinedOutput()
	}
	if out, err := join("--rate", "10"); err == nil || !strings.Contains(string(out), "--rate: a generator that joins takes the plan as it comes") {
		t.Errorf("%v, %s", err, out)
	}
	var generators sync.WaitGroup
	for range 2 {
		generators.Go(func() {
			if out, err := join(); err != nil || len(out) > 0 {
				t.Errorf("%v, %s", err, out)
			}
		})
	}
	for lines.Scan() {
		t.Log(lines.Text())
	}
	generators.Wait()
	err = cmd.Wait()
	var r result.Result
	if broken := json.Unmarshal(out.Bytes(), &r); broken != nil || err != nil || !r.Good || r.Generators != 2 || r.Counts.LoggedIn != 30 || r.Counts.MostOpen != 30 {
		t.Errorf("%v, %v, %+v, %s", err, broken, r.Counts, out.String())
	}
}
