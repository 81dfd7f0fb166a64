package demo

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/test/keypair"
)

// testKey and otherKey are two monitoring centres.
var (
	testKey  = func() *rsa.PrivateKey { return keypair.RSA(0).RSA }
	otherKey = func() *rsa.PrivateKey { return keypair.RSA(1).RSA }
)

func seal(t *testing.T, key *rsa.PrivateKey, text string) []byte {
	t.Helper()
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// answered are logins as terminals remember them; the third collected nothing.
func answered() []*Was {
	return []*Was{
		{Supplement: "0@a_b_1@127.0.0.1@1001@2026-01-05 12:00:00@@@@@88880001@1", Terminal: "1@first"},
		{Supplement: "3@a_b_1@127.0.0.1@1002@2026-01-05 12:00:00@@@@@88880002@2", Terminal: "2@second"},
		{Supplement: "1@a_b_1@127.0.0.1@1003@2026-01-05 12:00:00@@@@@88880003@1"},
	}
}

// report has a line for each login, as an honest front writes it.
func report(t *testing.T, answers []*Was) []string {
	t.Helper()
	lines := make([]string, len(answers))
	for i, a := range answers {
		lines[i] = line(t, testKey(), a.Supplement, a.Terminal)
	}
	return lines
}

func line(t *testing.T, key *rsa.PrivateKey, supplement, terminal string) string {
	t.Helper()
	l := reportfile.Line{VendorID: "TF01", KeyVersion: "1.0", Supplement: seal(t, key, supplement)}
	if terminal != "" {
		l.Terminal = seal(t, testKey(), terminal)
	}
	return string(l.Append(nil))
}

func check(t *testing.T, lines []string, answers []*Was) *Verdict {
	t.Helper()
	v, err := Check([]io.Reader{strings.NewReader(strings.Join(lines, "\n"))}, testKey(), answers, 2)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCheckOfAnHonestReport(t *testing.T) {
	answers := answered()
	lines := report(t, answers)
	lines[0], lines[1] = lines[1], lines[0] // the order does not matter
	v := check(t, lines, answers)
	if !v.Good() || v.Lines != 3 || v.Equal != 3 {
		t.Fatalf("%+v", v)
	}
	want := map[regulation.AbnormalFlag]int{'0': 1, '1': 1, '3': 1}
	for flag, n := range want {
		if v.Flags[flag] != n {
			t.Errorf("flags %v, want %v", v.Flags, want)
		}
	}
	if len(v.Shown) != 1 || len(v.Shown[Direct]) != 2 || v.Ways[Direct] != 3 { // the one that collected nothing shows nothing
		t.Fatalf("shown %v, ways %v", v.Shown, v.Ways)
	}
	for _, o := range v.Shown[Direct] {
		if o.Supplement != o.Was.Supplement || o.Terminal != o.Was.Terminal || len(o.Line) != shortened || !strings.HasPrefix(lines[0]+lines[1], "TF01@1.0@") {
			t.Errorf("shown %+v", o)
		}
	}
}

func TestCheckFindsEachFault(t *testing.T) {
	answers := answered()
	altered := strings.Replace(answers[0].Supplement, "1001", "1009", 1)
	for _, c := range []struct {
		name    string
		spoil   func(lines []string) []string
		missing int
		fault   string // "" if only something is missing
	}{
		{"a line missing", func(l []string) []string { return l[:2] }, 1, ""},
		{"no line at all", func([]string) []string { return nil }, 3, ""},
		{"a line doubled", func(l []string) []string { return append(l, l[0]) }, 0, "line 4: no answered login was"},
		{"a login doubled", func(l []string) []string {
			return append(l, line(t, testKey(), answers[0].Supplement, answers[0].Terminal))
		}, 0, "line 4: no answered login was"},
		{"an altered supplement", func(l []string) []string {
			l[0] = line(t, testKey(), altered, answers[0].Terminal)
			return l
		}, 1, fmt.Sprintf("line 1: no answered login was %q", altered)},
		{"an altered terminal", func(l []string) []string {
			l[0] = line(t, testKey(), answers[0].Supplement, "1@another")
			return l
		}, 1, `line 1: the terminal string is "1@another", the terminal was "1@first"`},
		{"a lost terminal", func(l []string) []string {
			l[0] = line(t, testKey(), answers[0].Supplement, "")
			return l
		}, 1, `line 1: the terminal string is "", the terminal was "1@first"`},
		{"an invented terminal", func(l []string) []string {
			l[2] = line(t, testKey(), answers[2].Supplement, "1@first")
			return l
		}, 1, `line 3: the terminal string is "1@first", the terminal was ""`},
		{"two terminals exchanged", func(l []string) []string {
			l[0] = line(t, testKey(), answers[0].Supplement, answers[1].Terminal)
			l[1] = line(t, testKey(), answers[1].Supplement, answers[0].Terminal)
			return l
		}, 2, `line 1: the terminal string is "2@second"`},
		{"a foreign line", func(l []string) []string {
			return append(l, line(t, testKey(), "0@x_y_1@127.0.0.9@9@2026-01-05 12:00:00@@@@@99@1", ""))
		}, 0, "line 4: no answered login was"},
		{"broken base64", func(l []string) []string {
			l[1] = l[1][:len(l[1])-1] + "!"
			return l
		}, 1, "line 2: supplement: not base64"},
		{"a line of another key", func(l []string) []string {
			l[0] = line(t, otherKey(), answers[0].Supplement, answers[0].Terminal)
			return l
		}, 1, "line 1: the private key does not open the supplement"},
		{"a supplement of no bytes", func(l []string) []string {
			l[0] = line(t, testKey(), "", answers[0].Terminal)
			return l
		}, 1, "line 1: the supplement is empty"},
		{"no supplement", func(l []string) []string {
			l[0] = l[0][:strings.LastIndex(l[0], "@")+1]
			return l
		}, 1, "line 1: supplement: empty"},
		{"an item too few", func(l []string) []string {
			l[0] = l[0][:strings.LastIndex(l[0], "@")]
			return l
		}, 1, "line 1: 3 items, want 4"},
		{"an empty line", func(l []string) []string { return append([]string{""}, l...) }, 0, "line 1: 1 items, want 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := check(t, c.spoil(report(t, answers)), answers)
			if v.Good() {
				t.Error("passed for good")
			}
			if v.Missing != c.missing {
				t.Errorf("%d missing, want %d", v.Missing, c.missing)
			}
			if (c.fault == "") != (len(v.Faults) == 0) || c.fault != "" && !strings.HasPrefix(v.Faults[0], c.fault) {
				t.Errorf("faults %q, want %q", v.Faults, c.fault)
			}
		})
	}
}

// Logins that differ in the terminal only may be in any order.
func TestCheckOfEqualSupplements(t *testing.T) {
	same := answered()[0].Supplement
	answers := []*Was{{Supplement: same, Terminal: "1@a"}, {Supplement: same, Terminal: "1@b"}}
	b, a := line(t, testKey(), same, "1@b"), line(t, testKey(), same, "1@a")
	if v := check(t, []string{b, a}, answers); !v.Good() || v.Equal != 2 {
		t.Errorf("%+v", v)
	}
	if v := check(t, []string{b, b}, answers); v.Good() || v.Missing != 1 || len(v.Faults) != 1 {
		t.Errorf("one of them twice: %+v", v)
	}
}

// Faults in words are bounded; the verdict is not mistaken all the same.
func TestCheckOfRubbish(t *testing.T) {
	v := check(t, strings.Split(strings.Repeat("rubbish\n", 3*maxFaults), "\n")[:3*maxFaults], nil)
	if v.Good() || len(v.Faults) != maxFaults || v.Lines != 3*maxFaults || v.Equal != 0 {
		t.Errorf("%+v", v)
	}
}

func TestCheckOfSeveralReports(t *testing.T) {
	answers := answered()
	lines := report(t, answers)
	parts := []io.Reader{strings.NewReader(lines[0] + "\n"), strings.NewReader(""), strings.NewReader(lines[1] + "\n" + lines[2] + "\n")}
	v, err := Check(parts, testKey(), answers, 0)
	if err != nil || !v.Good() || v.Lines != 3 || len(v.Shown) != 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// A report that cannot be read to its end has no verdict.
func TestCheckOfAnUnreadableReport(t *testing.T) {
	endless := bytes.NewReader(bytes.Repeat([]byte{'A'}, maxLineLen+1))
	if v, err := Check([]io.Reader{endless}, testKey(), nil, 0); err == nil {
		t.Errorf("%+v", v)
	}
}
