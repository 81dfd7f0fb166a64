package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/collector"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	firm "github.com/tradefront/tradefront/test/site"
)

// TestCLibraryReachesTheReport: terminals in C, C++ and Python collect with the library, log in at a real front, and the report opens to what
// the machine is.
func TestCLibraryReachesTheReport(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	fields := s.collectByLibrary()
	found, err := collect.Collect(t.Context(), collect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := s.serve()
	day := ""
	for language, field := range fields {
		day = s.logInWith(d, language, field, string(rune(found.Flag())))
	}
	d.stop()

	var done struct{ Path string }
	if err := json.Unmarshal([]byte(s.cli("", "report", "export", "--partial", "--day", day, "--out", s.dir, "-o", "json")), &done); err != nil {
		t.Fatal(err)
	}
	if opened := firm.Verified(t, binary, s.config, done.Path, "1.0="+filepath.Join(s.dir, "private.pem")); opened != int64(len(fields)) {
		t.Errorf("report verify opened %d lines, want %d", opened, len(fields))
	}
	data, err := os.ReadFile(done.Path)
	if err != nil {
		t.Fatal(err)
	}
	clock := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	for text := range strings.Lines(string(data)) {
		line, err := reportfile.ParseLine([]byte(strings.TrimSuffix(text, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		s.write("sealed.bin", line.Terminal)
		opened := s.openssl("pkeyutl", "-decrypt", "-inkey", "private.pem", "-in", "sealed.bin")
		if clock.ReplaceAllString(opened, "") != clock.ReplaceAllString(found.Text(), "") {
			t.Errorf("the report says %q, this machine is %q", opened, found.Text())
		}
	}
}

// logInWith is a terminal that logs in with a field TerminalInfo, whose flag must be as told. It returns the trading day.
func (s *site) logInWith(d *daemon, language string, field []byte, want string) (day string) {
	s.t.Helper()
	flag := string(field[8:9])
	s.write("terminal.bin", field[9:])
	answer, err := exec.CommandContext(s.t.Context(), "python3", "../independent/terminal.py", "--address", d.address, "--broker", "9999",
		"--app-id", appID, "--authcode", s.apps[0].AuthCode, "--account", account, "--password", password, "--flag", flag,
		"--key-version", strings.TrimRight(string(field[:8]), " "), "--ciphertext-file", filepath.Join(s.dir, "terminal.bin"), "--json").Output()
	if err != nil {
		s.t.Fatalf("%s: terminal.py: %v\n%s", language, err, answer)
	}
	var got struct{ TradingDay, AbnormalFlag string }
	if err := json.Unmarshal(answer, &got); err != nil || got.AbnormalFlag != flag || flag != want {
		s.t.Fatalf("%s: %v: the front answers flag %s, the library said %s, the machine is %s", language, err, got.AbnormalFlag, flag, want)
	}
	return got.TradingDay
}

// collectByLibrary builds the library under the firm's key and the samples, and returns the field TerminalInfo that each collects.
func (s *site) collectByLibrary() map[string][]byte {
	s.t.Helper()
	const root = "../.."
	out := filepath.Join(s.dir, "collector")
	if err := collector.Build(context.Background(), collector.Options{
		Vendor: "TF01", Key: filepath.Join(s.dir, "public.pem"), KeyVersion: "1.0", Kind: "pro", Out: out,
		Version: "0.1.0", Day: "2026-01-05", Target: "linux/" + runtime.GOARCH, Root: root,
	}); err != nil {
		s.t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(s.dir, name) }
	link := []string{"-I", out, "-L", out, "-ltradefront_collect_TF01", "-Wl,-rpath," + out}
	run := func(args ...string) {
		s.t.Helper()
		c := exec.CommandContext(s.t.Context(), args[0], args[1:]...)
		c.Env = append(os.Environ(), "PYTHONPATH="+in("wheel"))
		if text, err := c.CombinedOutput(); err != nil {
			s.t.Fatalf("%s: %v\n%s", args[0], err, text)
		}
	}
	samples := filepath.Join(root, "collector/samples")
	run(append([]string{"gcc", "-o", in("c"), filepath.Join(samples, "c/collect.c")}, link...)...)
	run(append([]string{"g++", "-std=c++17", "-o", in("cpp"), filepath.Join(samples, "cpp/collect.cc")}, link...)...)
	run("python3", filepath.Join(samples, "python/make_wheel.py"), filepath.Join(out, "libtradefront_collect_TF01.so"), s.dir, "0.1.0", "any")
	run("python3", "-m", "zipfile", "-e", in("tradefront_collector-0.1.0-py3-none-any.whl"), in("wheel"))
	fields := make(map[string][]byte)
	for language, command := range map[string][]string{"C": {in("c")}, "C++": {in("cpp")}, "Python": {"python3", "-m", "tradefront_collector"}} {
		run(append(command, in("field.bin"))...)
		data, err := os.ReadFile(in("field.bin"))
		if err != nil || len(data) != 265 {
			s.t.Fatalf("%s: %d bytes of TerminalInfo: %v", language, len(data), err)
		}
		fields[language] = data
	}
	return fields
}
