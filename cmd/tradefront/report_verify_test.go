package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/keypair"
)

// verifySite is a firm with its keys, and a good report of one login.
type verifySite struct {
	t       *testing.T
	dir     string
	config  string
	private string // the test key of version 1.0
	other   string // the private half of a key that is not configured
	report  string
}

func newVerifySite(t *testing.T) *verifySite {
	t.Helper()
	dir := t.TempDir()
	made, err := site.New(dir, "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	s := &verifySite{
		t: t, dir: dir, config: made.Path, private: filepath.Join(dir, "keys", "1.0.test-private.pem"),
		other: filepath.Join(dir, "other.pem"), report: filepath.Join(dir, "0001clientinfo20260105.txt"),
	}
	s.write(s.other, pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(keypair.RSA(1).RSA),
	}))
	s.write(s.report, s.line())
	return s
}

func (s *verifySite) write(path string, content []byte) {
	s.t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// line is a new good line of the site's key.
func (s *verifySite) line() []byte { return s.lineOf("1.0") }

func (s *verifySite) lineOf(version string) []byte {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, "keys", version+".pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := supplement.ParsePublicKey(content)
	if err != nil {
		s.t.Fatal(err)
	}
	sealed := func(text string) []byte {
		b, err := public.Encrypt(nil, []byte(text))
		if err != nil {
			s.t.Fatal(err)
		}
		return b
	}
	l := reportfile.Line{
		VendorID: "TF01", KeyVersion: version, Terminal: sealed("6@2026-01-05 09:00:00@021-12345678"),
		Supplement: sealed("0@client_xsb_1.0@116.228.52.10@37768@2026-01-05 09:00:00@@@@@88888888@1"),
	}
	return append(l.Append(nil), '\n')
}

// verify runs the command.
func (s *verifySite) verify(args ...string) (status int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	status = run(append([]string{"report", "verify"}, args...), nil, strings.NewReader(""), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestReportVerifyGood(t *testing.T) {
	s := newVerifySite(t)
	page := filepath.Join(s.dir, "page.html")
	status, out, errOut := s.verify(s.report, "--config", s.config, "--private-key", "1.0="+s.private, "--html", page, "-o", "json")
	if status != exitDone || errOut != "" {
		t.Fatalf("status %d: %s", status, errOut)
	}
	var r verify.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if !r.Verdict.Good || r.Opened == nil || r.Opened.Lines != 1 || len(r.NotChecked) != 0 || r.File.WindowStart != "2025-12-31 15:30:00" {
		t.Errorf("%s", out)
	}
	if html, err := os.ReadFile(page); err != nil || !bytes.Contains(html, []byte("合格")) {
		t.Errorf("page: %v", err)
	}
	if status, out, _ := s.verify(s.report); status != exitDone || !strings.Contains(out, "not opened") {
		t.Errorf("bare: status %d, %s", status, out)
	}
}

// sm2Keys writes SM2 pair n into keys, name.pem and name.private.pem.
func (s *verifySite) sm2Keys(name string, n int) {
	s.t.Helper()
	pair := keypair.SM2(n)
	s.write(s.key(name), pair.Private)
	s.write(filepath.Join(s.dir, "keys", name+".pem"), pair.Public)
}

func (s *verifySite) key(name string) string {
	return filepath.Join(s.dir, "keys", name+".private.pem")
}

// A version of the configuration may be SM2's: its test key opens the lines, and no other
// is taken for it.
func TestReportVerifySM2(t *testing.T) {
	s := newVerifySite(t)
	s.sm2Keys("2.0", 0)
	s.sm2Keys("another", 1)
	s.write(s.report, slices.Concat(s.line(), s.lineOf("2.0")))
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.config, bytes.Replace(config, []byte("store:\n"),
		[]byte("  - version: \"2.0\"\n    algorithm: sm2\n    public_key_file: \"keys/2.0.pem\"\nstore:\n"), 1))
	status, out, errOut := s.verify(s.report, "-c", s.config, "--private-key", "2.0="+s.key("2.0"), "--private-key", "1.0="+s.private)
	if status != exitDone || !strings.Contains(out, "Good: 2 lines, each opened with a test key") {
		t.Errorf("status %d, %s, %s", status, out, errOut)
	}
	for name, key := range map[string]string{"another SM2 key": s.key("another"), "an RSA key": s.private} {
		status, out, errOut := s.verify(s.report, "-c", s.config, "--private-key", "2.0="+key)
		if status != exitFailed || out != "" || !strings.Contains(errOut, "not the private half of the key that is configured for version 2.0") {
			t.Errorf("%s: status %d, %s, %s", name, status, out, errOut)
		}
	}
	status, _, errOut = s.verify(s.report, "-c", s.config, "--private-key", "1.0="+s.key("2.0"))
	if status != exitFailed || !strings.Contains(errOut, "not the private half of the key that is configured for version 1.0") {
		t.Errorf("an SM2 key for RSA: status %d, %s", status, errOut)
	}
	// Without either, its lines seem to have a wrong length: the advice says why.
	if status, out, _ := s.verify(s.report); status != exitFailed || !strings.Contains(out, "an SM2 key's version must be named by --config or --private-key") {
		t.Errorf("bare: status %d, %s", status, out)
	}
}

// A fault is status 1, and the report of it is printed and written all the same.
func TestReportVerifyFault(t *testing.T) {
	s := newVerifySite(t)
	twice := s.line()
	s.write(s.report, slices.Concat(twice, s.line(), twice))
	page := filepath.Join(s.dir, "page.html")
	status, out, errOut := s.verify(s.report, "--html", page)
	if status != exitFailed || !strings.Contains(out, "line 3, first on line 1") || !strings.Contains(errOut, "Do not hand in: 1 fault in 3 lines") {
		t.Errorf("status %d, %s, %s", status, out, errOut)
	}
	if html, err := os.ReadFile(page); err != nil || !bytes.Contains(html, []byte("不合格")) {
		t.Errorf("page: %v", err)
	}
}

// A page replaces a page, and nothing else: not a key whose name was typed by mistake.
func TestReportVerifyReplacesPagesAlone(t *testing.T) {
	s := newVerifySite(t)
	s.write(s.report, s.line())
	key, page, device := filepath.Join(s.dir, "master.key"), filepath.Join(s.dir, "page.html"), filepath.Join(s.dir, "null")
	s.write(key, []byte("a key"))
	if status, _, errOut := s.verify(s.report, "--html", key); status != exitFailed ||
		!strings.Contains(errOut, "master.key is there, and is no page about a report; name another file, or replace it with --force") {
		t.Errorf("status %d, %s", status, errOut)
	}
	if content, err := os.ReadFile(key); err != nil || string(content) != "a key" {
		t.Errorf("the key is %q, %v", content, err)
	}
	if err := os.Symlink("/dev/null", device); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--html", page}, exitDone},
		{[]string{"--html", page}, exitDone},
		{[]string{"--html", key, "--force"}, exitDone},
		{[]string{"--html", key}, exitDone},
		{[]string{"--html", device}, exitFailed},
		{[]string{"--html", device, "--force"}, exitFailed},
		{[]string{"--html", s.report, "--force"}, exitFailed},
	} {
		if status, _, errOut := s.verify(append([]string{s.report}, c.args...)...); status != c.want {
			t.Errorf("%v: status %d, %s", c.args, status, errOut)
		}
	}
}

// A pipe as input is refused at once, by every command: no process writes into it.
func TestPipesAreRefused(t *testing.T) {
	newSite(t)
	if err := os.Mkdir("out", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe", "0001clientinfo20260105.txt", "code"} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "0001clientinfo20260106.txt", "")
	for _, command := range []string{
		"report verify 0001clientinfo20260105.txt", "report verify 0001clientinfo20260106.txt --calendar pipe",
		"report verify 0001clientinfo20260106.txt --private-key 1.0=pipe", "report verify 0001clientinfo20260106.txt -c pipe",
		"report merge --out out 0001clientinfo20260105.txt 0001clientinfo20260106.txt",
		"reconcile --day 20260105 --audit pipe" + onC, "config check -c pipe", "calendar check --file pipe",
		"account add --account 1 --password-file pipe" + onC, "local inspect --file pipe" + onC, "local recover pipe" + onC,
	} {
		got := tradefront("", strings.Fields(command)...)
		if got.status != exitFailed || !strings.Contains(got.err, "not a regular file") && !strings.Contains(got.err, "different days") {
			t.Errorf("tradefront %s: status %d, %s", command, got.status, got.err)
		}
	}
	for old, set := range map[string]string{
		"master.key": "TRADEFRONT_AUTH_MASTER_KEY_FILE", "calendar.yaml": "TRADEFRONT_CALENDAR_FILE",
	} {
		if got := tradefrontWith([]string{set + "=pipe"}, "", "config", "check", "-c", "tradefront.yaml"); !strings.Contains(got.err, "not a regular file") {
			t.Errorf("%s as %s: %s", "pipe", old, got.err)
		}
	}
	write(t, "piped.yaml", strings.ReplaceAll(read(t, "tradefront.yaml"), "keys/1.0.pem", "pipe"))
	if got := tradefront("", "config", "check", "-c", "piped.yaml"); !strings.Contains(got.err, "not a regular file") {
		t.Errorf("a pipe as a key: %s", got.err)
	}
}

func TestReportVerifyOfAnotherCompany(t *testing.T) {
	s := newVerifySite(t)
	other := filepath.Join(s.dir, "0002clientinfo20260105.txt")
	s.write(other, s.line())
	if status, out, _ := s.verify(other, "-c", s.config); status != exitFailed || !strings.Contains(out, "the name says 0002, want 0001") {
		t.Errorf("status %d, %s", status, out)
	}
	if status, out, _ := s.verify(s.report, "--vendor", "TF02"); status != exitFailed || !strings.Contains(out, "want TF02") {
		t.Errorf("vendor: status %d, %s", status, out)
	}
	if status, out, _ := s.verify(s.report, "--vendor", "TF02", "--vendor", "TF01"); strings.Contains(out, "want TF0") {
		t.Errorf("both vendors: status %d, %s", status, out)
	}
}

// TestReportDayOfTwoVendors: vendor_id was changed within the day. Each line keeps what was in force at its login: verify finds no fault with that
// once the clerk has named both.
func TestReportDayOfTwoVendors(t *testing.T) {
	newSite(t)
	l := storetest.OpenJournalAt(t, "tradefront.db", journal.Options{})
	recs := storetest.Records(20260105, 2)
	recs[0].VendorID, recs[1].VendorID = "TF00", "TF01"
	storetest.AppendAll(t, l, recs)
	storetest.CloseIt(t, l)
	write(t, "audit.jsonl", "")
	const fault = "the vendor ID is not the expected one"
	for args, found := range map[string]bool{"": true, " --vendor TF01": true, " --vendor TF00 --vendor TF01": false} {
		got := tradefront("", strings.Fields("report day --day 20260105 --audit audit.jsonl"+args+onC)...)
		if strings.Contains(got.out, fault) != found || !strings.Contains(got.out, "2 rows") {
			t.Errorf("%q: %s%s", args, got.out, got.err)
		}
	}
}

// TestReportVerifyTmp: --temp-dir is --tmp by another name.
func TestReportVerifyTmp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"--tmp", "--temp-dir"} {
		c := commandAt(t, "report verify")
		if err := c.ParseFlags([]string{name, "folder"}); err != nil || c.Flag("tmp").Value.String() != "folder" {
			t.Errorf("%s: %v, %v", name, err, c.Flag("tmp"))
		}
	}
}

// What cannot be done is said before or instead of a report, and leaves no page.
func TestReportVerifyRefuses(t *testing.T) {
	s := newVerifySite(t)
	page := filepath.Join(s.dir, "page.html")
	publicKey := filepath.Join(s.dir, "keys", "1.0.pem")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no file", nil, exitMisuse, "accepts 1 arg"},
		{"two files", []string{s.report, s.report}, exitMisuse, "accepts 1 arg"},
		{"key without version", []string{s.report, "--private-key", s.private}, exitMisuse, "want VERSION=PEMFILE"},
		{"key without file", []string{s.report, "--private-key", "1.0="}, exitMisuse, "want VERSION=PEMFILE"},
		{"version twice", []string{s.report, "--private-key", "1.0=a", "--private-key", "1.0=b"}, exitMisuse, "given twice"},
		{"file missing", []string{s.report + "x", "--html", page}, exitFailed, "no such file"},
		{"folder", []string{s.dir}, exitFailed, "not a regular file"},
		{"key file missing", []string{s.report, "--private-key", "1.0=none.pem"}, exitFailed, "none.pem: no such file"},
		{"public key", []string{s.report, "--private-key", "1.0=" + publicKey}, exitFailed, "a public key"},
		{"key that does not fit", []string{s.report, "--private-key", "1.0=" + s.other, "--html", page}, exitFailed, "opens no line of that version (1 tried)"},
		{"key of another version", []string{s.report, "--private-key", "2.0=" + s.private}, exitFailed, "no line has that version; the file has 1.0"},
		{"not the configured key's half", []string{s.report, "-c", s.config, "--private-key", "1.0=" + s.other}, exitFailed, "not the private half of the key that is configured for version 1.0"},
		{"version not configured", []string{s.report, "-c", s.config, "--private-key", "2.0=" + s.other}, exitFailed, "no key of that version"},
		{"calendar missing", []string{s.report, "--calendar", "none.yaml"}, exitFailed, "none.yaml"},
		{"configuration missing", []string{s.report, "-c", "none.yaml"}, exitFailed, "none.yaml"},
		{"page over the report", []string{s.report, "--html", s.report}, exitFailed, "this is the report itself"},
		{"page is a folder", []string{s.report, "--html", s.dir}, exitFailed, "name a file"},
		{"page into no folder", []string{s.report, "--html", filepath.Join(s.dir, "none", "page.html")}, exitFailed, "--html"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := os.ReadDir(s.dir)
			status, out, errOut := s.verify(c.args...)
			if status != c.status || out != "" || !strings.Contains(errOut, c.want) {
				t.Errorf("status %d, out %q, error %q; want %d, %q", status, out, errOut, c.status, c.want)
			}
			if after, _ := os.ReadDir(s.dir); len(after) != len(before) {
				t.Errorf("something was left: %v", after)
			}
		})
	}
	if content, err := os.ReadFile(s.report); err != nil || !bytes.HasPrefix(content, []byte("TF01@")) {
		t.Errorf("the report was touched: %v", err)
	}
}
