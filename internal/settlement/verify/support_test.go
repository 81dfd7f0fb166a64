package verify

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Monday 5 January 2026; its window begins on Wednesday 31 December, before the holiday.
const (
	reportName = "0001clientinfo20260105.txt"
	morning    = "2026-01-05 09:00:00"
)

var checkedAt = time.Date(2026, 1, 5, 16, 0, 0, 0, regulation.Zone)

// sealer takes the place of a key pair: it hides nothing, and costs nothing. Each of its
// ciphertexts is another, as real ones are.
type sealer struct {
	name string
	made uint64
}

func (s *sealer) seal(text string) []byte {
	s.made++
	b := append([]byte(s.name), byte(len(text)))
	b = append(b, text...)
	b = append(b, make([]byte, RSALen-8-len(b))...)
	return binary.BigEndian.AppendUint64(b, s.made)
}

func (s *sealer) Decrypt(c []byte) ([]byte, error) {
	if len(c) != RSALen || !strings.HasPrefix(string(c), s.name) {
		return nil, errors.New("does not fit")
	}
	rest := c[len(s.name):]
	return rest[1 : 1+int(rest[0])], nil
}

func newSealer() *sealer { return &sealer{name: "A"} }

// text64 is a ciphertext as a line has it.
func text64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

const (
	goodSupplement = "0@client_xsb_1.0@116.228.52.10@37768@" + morning + "@@@@@88888888@1"
	relayItems     = "relay_r_1.0@116.228.52.11@41022@2026-01-05 08:30:00"
	manyLine       = "0@client_xsb_1.0@116.228.52.10@37768@" + morning + "@" + relayItems + "@88888888@1"
	operatorLine   = "0@client_xsb_1.0@116.228.52.10@37768@" + morning + "@" + relayItems + "@88888888@2"
	offlineLine    = "0@client_xsb_1.0@@@" + morning + "@" + relayItems + "@88888888@2"
	goodTerminal   = "6@" + morning + "@021-12345678"
)

// record is a line with its LF.
func (s *sealer) record(supplement, terminal string) string {
	return "TF01@1.0@" + text64(s.seal(terminal)) + "@" + text64(s.seal(supplement)) + "\n"
}

func (s *sealer) good() string { return s.record(goodSupplement, goodTerminal) }

func testCalendar(t testing.TB) *calendar.Calendar {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

// write makes a file of that name in a folder of its own.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// options knows everything of the test report; key may be nil.
func options(t testing.TB, path string, key Decrypter) Options {
	return Options{
		Path: path, UnitID: "0001", VendorIDs: []string{"TF01"}, Calendar: testCalendar(t), Complete: true,
		Versions: []Version{{Name: "1.0", Decrypter: key}}, TempDir: t.TempDir(), Now: checkedAt,
	}
}

func mustVerify(t testing.TB, o Options) *Report {
	t.Helper()
	r, err := Verify(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is each finding as "kind:line" or "kind:line:first line", in order.
func told(r *Report) []string {
	all := []string{}
	for _, f := range slices.Concat(r.Faults, r.Warnings) {
		for _, e := range f.Examples {
			s := fmt.Sprintf("%s:%d", f.Kind, e.Line)
			if e.OtherLine > 0 {
				s += fmt.Sprintf(":%d", e.OtherLine)
			}
			all = append(all, s)
		}
	}
	return all
}

// problems is everything that was said of the details.
func problems(r *Report) string {
	var all []string
	for _, f := range slices.Concat(r.Faults, r.Warnings) {
		for _, e := range f.Examples {
			all = append(all, e.Problem)
		}
	}
	return strings.Join(all, "; ")
}
