package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// aTradingDay is inside of the calendar that tradefront comes with.
var aTradingDay = time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)

const firm = `broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
front:
  listeners:
    - address: "127.0.0.1:0"
admin:
  address: "127.0.0.1:0"
keys:
  - version: "1.0"
    public_key_file: "keys/1.0.pem"
`

// house is the folder of a small firm in which everything is good.
type house struct {
	t       *testing.T
	dir     string
	firm    string        // the configuration
	now     time.Time     // zero for the machine's clock and apart
	apart   time.Duration // of the clocks
	environ []string
	front   string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), firm: firm, now: aTradingDay}
	h.write("keys/1.0.pem", string(keypair.RSA(0).Public))
	h.write("calendar.yaml", string(configs.Calendar))
	if err := auth.CreateMasterKey(h.path("master.key")); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) write(name, text string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// replace changes one thing of the configuration.
func (h *house) replace(old, with string) {
	h.t.Helper()
	if !strings.Contains(h.firm, old) {
		h.t.Fatalf("%q is not in %s", old, h.firm)
	}
	h.firm = strings.Replace(h.firm, old, with, 1)
}

// withApp admits an AppID in those tables, under the house's master key.
func (h *house) withApp(tables *sqlrows.Tables) {
	h.t.Helper()
	master, err := auth.LoadMasterKey(h.path("master.key"))
	if err != nil {
		h.t.Fatal(err)
	}
	code, err := auth.ParseAuthCode("DAGET0Q2VRCT1B0J")
	if err != nil {
		h.t.Fatal(err)
	}
	if err := directory.New(tables).Admit(h.t.Context(), master, "a_b_1", code, auth.AES); err != nil {
		h.t.Fatal(err)
	}
}

// withLocalStore makes one with an AppID and n records of a day.
func (h *house) withLocalStore(records int) {
	h.t.Helper()
	local := storetest.OpenJournalAt(h.t, h.path("tradefront.db"), journal.Options{})
	h.withApp(local.Tables())
	if records > 0 {
		storetest.AppendAll(h.t, local, storetest.Records(20260304, records))
	}
	storetest.CloseIt(h.t, local)
}

// anotherMasterKey puts a key that sealed nothing in the place of the house's.
func (h *house) anotherMasterKey() {
	h.t.Helper()
	if err := errors.Join(os.Remove(h.path("master.key")), auth.CreateMasterKey(h.path("master.key"))); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) behindProxy(network string) {
	h.replace(`    - address: "127.0.0.1:0"
`, `    - address: "127.0.0.1:0"
      client_address: proxy
      trusted_proxies: ["`+network+`"]
`)
}

func (h *house) clock() time.Time {
	if h.now.IsZero() {
		return time.Now().Add(h.apart)
	}
	return h.now
}

// examine makes all checks.
func (h *house) examine() *Report {
	h.t.Helper()
	h.write("tradefront.yaml", h.firm)
	s := Site{Path: h.path("tradefront.yaml"), Now: h.clock, Environ: h.environ, Front: h.front}
	s.Config, s.Err = config.Load(s.Path, s.Environ)
	r := Run(context.Background(), &s)
	return &r
}

// want fails unless the check has a finding of that status, and none that is worse. It returns it.
func (h *house) want(check string, status Status) *Finding {
	h.t.Helper()
	return wantIn(h.t, h.examine(), check, status)
}

func wantIn(t *testing.T, r *Report, check string, status Status) *Finding {
	t.Helper()
	order := map[Status]int{Pass: 0, Skip: 1, Warn: 2, Fail: 3}
	var worst *Finding
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Check == check && (worst == nil || order[f.Status] > order[worst.Status]) {
			worst = f
		}
	}
	switch {
	case worst == nil:
		t.Fatalf("no line %s in\n%s", check, lines(r))
	case worst.Status != status:
		t.Fatalf("%s is %s, want %s:\n%s", check, worst.Status, status, lines(r))
	case status == Warn || status == Fail:
		if worst.Next.EN == "" || worst.Next.ZH == "" {
			t.Errorf("%s has no next step: %+v", check, worst)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, text := range []Text{f.Detail, f.Next} {
			if text.EN == "" != (text.ZH == "") || english.MatchString(text.ZH) || text.ZH != "" && !han.MatchString(text.ZH) {
				t.Errorf("%s lacks a language: %+v", f.Check, text)
			}
		}
	}
	return worst
}

var (
	han = regexp.MustCompile(`\p{Han}`)
	// english is a part of a sentence: a command has fewer words in a row without a flag or a path.
	english = regexp.MustCompile(`(?:\b[a-z]+[,;]? ){5}`)
)

func lines(r *Report) (text string) {
	for i := range r.Findings {
		f := &r.Findings[i]
		text += fmt.Sprintf("%s %s %s %s | %s\n", f.Status, f.Check, f.Key, f.Detail.EN, f.Next.EN)
	}
	return text
}
