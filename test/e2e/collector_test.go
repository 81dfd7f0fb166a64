package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/collector"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	firm "github.com/tradefront/tradefront/test/site"
)

// TestCLibraryReachesTheReport: a terminal in C collects with the library, logs in at a real front, and the report opens to what the machine is.
func TestCLibraryReachesTheReport(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	field := s.collectInC()
	found, err := collect.Collect(t.Context(), collect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	flag := string(field[8:9])
	s.write("terminal.bin", field[9:])

	d := s.serve()
	answer, err := exec.CommandContext(t.Context(), "python3", "../independent/terminal.py", "--address", d.address, "--broker", "9999",
		"--app-id", appID, "--authcode", s.apps[0].AuthCode, "--account", account, "--password", password, "--flag", flag,
		"--key-version", strings.TrimRight(string(field[:8]), " "), "--ciphertext-file", filepath.Join(s.dir, "terminal.bin"), "--json").Output()
	if err != nil {
		t.Fatalf("terminal.py: %v\n%s", err, answer)
	}
	var got struct{ TradingDay, AbnormalFlag string }
	if err := json.Unmarshal(answer, &got); err != nil || got.AbnormalFlag != flag || flag != string(rune(found.Flag())) {
		t.Fatalf("%v: the front answers flag %s, the library said %s, the machine is %c", err, got.AbnormalFlag, flag, found.Flag())
	}
	d.stop()

	var done struct{ Path string }
	if err := json.Unmarshal([]byte(s.cli("", "report", "export", "--partial", "--day", got.TradingDay, "--out", s.dir, "-o", "json")), &done); err != nil {
		t.Fatal(err)
	}
	if opened := firm.Verified(t, binary, s.config, done.Path, "1.0="+filepath.Join(s.dir, "private.pem")); opened != 1 {
		t.Errorf("report verify opened %d lines", opened)
	}
	data, err := os.ReadFile(done.Path)
	if err != nil {
		t.Fatal(err)
	}
	line, err := reportfile.ParseLine([]byte(strings.TrimSuffix(string(data), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	s.write("sealed.bin", line.Terminal)
	opened := s.openssl("pkeyutl", "-decrypt", "-inkey", "private.pem", "-in", "sealed.bin")
	if clock := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`); clock.ReplaceAllString(opened, "") != clock.ReplaceAllString(found.Text(), "") {
		t.Errorf("the report says %q, this machine is %q", opened, found.Text())
	}
}

// collectInC builds the library under the firm's key and the sample in C, and returns the field TerminalInfo that it collects.
func (s *site) collectInC() []byte {
	s.t.Helper()
	const root = "../.."
	out := filepath.Join(s.dir, "collector")
	if err := collector.Build(context.Background(), collector.Options{
		Vendor: "TF01", Key: filepath.Join(s.dir, "public.pem"), KeyVersion: "1.0", Kind: "pro", Out: out,
		Version: "0.1.0", Day: "2026-01-05", Target: "linux/amd64", Root: root,
	}); err != nil {
		s.t.Fatal(err)
	}
	program, field := filepath.Join(s.dir, "collect"), filepath.Join(s.dir, "field.bin")
	for _, args := range [][]string{
		{"gcc", "-I", out, "-o", program, filepath.Join(root, "collector/samples/c/collect.c"), "-L", out, "-ltradefront_collect_TF01", "-Wl,-rpath," + out},
		{program, field},
	} {
		if text, err := exec.CommandContext(s.t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			s.t.Fatalf("%s: %v\n%s", args[0], err, text)
		}
	}
	data, err := os.ReadFile(field)
	if err != nil || len(data) != 265 {
		s.t.Fatalf("%d bytes of TerminalInfo: %v", len(data), err)
	}
	return data
}
