package e2e

import (
	"bufio"
	"crypto/rsa"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/opener"
)

// export writes what is there of the days by the command and opens each line. The days are
// as a rule still open.
func (s *site) export(days ...string) []opened {
	s.t.Helper()
	var all []opened
	for _, day := range days {
		var done struct {
			Path string `json:"path"`
			Rows int    `json:"rows"`
		}
		out := s.cli("", "report", "export", "--partial", "--day", day, "--out", s.dir, "-o", "json")
		if err := json.Unmarshal([]byte(out), &done); err != nil {
			s.t.Fatal(err)
		}
		lines := s.open(done.Path)
		if len(lines) != done.Rows {
			s.t.Errorf("%s: %d lines, the command said %d", done.Path, len(lines), done.Rows)
		}
		all = append(all, lines...)
	}
	return all
}

// opened is a report line as the monitoring centre reads it.
type opened struct {
	line       reportfile.Line
	supplement string
	site       *site
}

// terminal is the terminal string, "" if the key does not open it.
func (o *opened) terminal() string { return o.site.sealed.open(o.line.Terminal) }

// sealedTexts is a firm's key that knows what the test's terminals have encrypted by it, and what was opened, since an opening takes a
// millisecond of the processor: a ciphertext that is the same, byte for byte, holds the same text.
type sealedTexts struct {
	supplement.Encrypter
	texts sync.Map // ciphertext: text, "" where the key does not open it
}

func (k *sealedTexts) Encrypt(dst, plaintext []byte) ([]byte, error) {
	sealed, err := k.Encrypter.Encrypt(dst, plaintext)
	if err == nil {
		k.texts.Store(string(sealed[len(dst):]), string(plaintext))
	}
	return sealed, err
}

// many is the number of ciphertexts for which a process that opens them costs less than opening them here.
const many = 16

// know opens what is not known yet.
func (k *sealedTexts) know(t testing.TB, private *rsa.PrivateKey, ciphertexts [][]byte) {
	t.Helper()
	unknown := slices.DeleteFunc(ciphertexts, func(c []byte) bool {
		_, known := k.texts.Load(string(c))
		return known
	})
	if len(unknown) < many {
		for _, c := range unknown {
			text, _ := rsa.DecryptPKCS1v15(nil, private, c)
			k.texts.Store(string(c), string(text))
		}
		return
	}
	for i, text := range opener.Open(t, private, unknown) {
		k.texts.Store(string(unknown[i]), string(text))
	}
}

// open is "" where the key does not open the ciphertext, which know has been given.
func (k *sealedTexts) open(ciphertext []byte) string {
	text, _ := k.texts.Load(string(ciphertext))
	return text.(string)
}

func (s *site) open(path string) []opened {
	s.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	var lines []opened
	var ciphertexts [][]byte
	for scan := bufio.NewScanner(f); scan.Scan(); {
		line, err := reportfile.ParseLine(scan.Bytes())
		if err != nil {
			s.t.Fatalf("%s line %d: %v", path, len(lines)+1, err)
		}
		lines = append(lines, opened{line: line, site: s})
		ciphertexts = append(ciphertexts, line.Supplement, line.Terminal)
	}
	s.sealed.know(s.t, s.private, ciphertexts)
	for i := range lines {
		o := &lines[i]
		if o.supplement = s.sealed.open(o.line.Supplement); o.supplement == "" {
			s.t.Fatalf("%s line %d: the test key does not open the supplement", path, i+1)
		}
	}
	return lines
}

// checkInvariant: answered ⊆ stored, none twice, each stored answer as the terminal was.
// Lines of logins that were not answered are allowed: their terminals were cut off.
func (s *site) checkInvariant(answers []*demo.Was) {
	s.t.Helper()
	lines := s.export(s.days(answers)...)
	byText := make(map[string][]opened, len(lines))
	ciphertexts := make(map[string]int, len(lines))
	for _, o := range lines {
		byText[o.supplement] = append(byText[o.supplement], o)
		ciphertexts[string(o.line.Supplement)]++
	}
	var lost, doubled, untrue int
	for _, a := range answers {
		same := byText[a.Supplement]
		switch {
		case len(same) == 0:
			lost++
			s.t.Logf("lost: %s", a.Supplement)
		case same[0].terminal() != a.Terminal:
			untrue++
		default:
			byText[a.Supplement] = same[1:]
		}
	}
	for _, n := range ciphertexts {
		doubled += n - 1
	}
	s.t.Logf("%d answered, %d reported, %d lost, %d doubled, %d untrue", len(answers), len(lines), lost, doubled, untrue)
	if lost+doubled+untrue > 0 {
		s.t.Errorf("%d lost, %d doubled, %d untrue", lost, doubled, untrue)
	}
}

// days are the trading days of the answers, and the one that it is now: what was cut off
// may have fallen on it.
func (s *site) days(answers []*demo.Was) []string {
	s.t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		s.t.Fatal(err)
	}
	now, _ := cal.TradingDayOf(time.Now())
	days := []string{now.String()}
	for _, a := range answers {
		if !slices.Contains(days, a.TradingDay) {
			days = append(days, a.TradingDay)
		}
	}
	return days
}
