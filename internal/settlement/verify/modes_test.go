package verify

import (
	"strings"
	"testing"
)

// TestModes: each line counts in one mode, an operator relay's own login among the direct ones.
func TestModes(t *testing.T) {
	s := newSealer()
	own := strings.Replace(goodSupplement, "88888888@1", "8000admin@2", 1)
	content := s.good() + s.record(own, goodTerminal) + s.record(manyLine, goodTerminal)
	for range 3 {
		content += s.record(operatorLine, goodTerminal)
	}
	r := mustVerify(t, options(t, write(t, reportName, content), s))
	expect(t, r, []string{}, "")
	for i, want := range []Share{{Name: "direct", Count: 2}, {Name: "many_to_many", Count: 1}, {Name: "operator", Count: 3}} {
		if m := r.Opened.Modes[i]; m.Name != want.Name || m.Count != want.Count {
			t.Errorf("%+v, want %+v", m, want)
		}
	}
}

// TestReportedAgain: a relay that connects anew reports the terminal's ciphertext of the morning again, and its own items
// are others then. That is no repeat; the same ciphertext of another account, terminal, address or relay, or in direct mode, is one.
func TestReportedAgain(t *testing.T) {
	for _, c := range []struct {
		name, other string
		repeats     int
	}{
		{"over another connection", strings.Replace(operatorLine, "41022@2026-01-05 08:30:00", "41999@2026-01-05 10:30:00", 1), 0},
		{"with the flag reset", "3" + operatorLine[1:], 0},
		{"another account", strings.Replace(operatorLine, "88888888", "88888889", 1), 1},
		{"another port", strings.Replace(operatorLine, "37768", "37769", 1), 1},
		{"another address", strings.Replace(operatorLine, "52.10", "52.12", 1), 1},
		{"another relay", strings.Replace(operatorLine, "relay_r_1.0", "relay_s_1.0", 1), 1},
		{"another login at the relay", strings.Replace(operatorLine, morning, "2026-01-05 09:00:01", 1), 1},
		{"direct", goodSupplement, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSealer()
			terminal := text64(s.seal(goodTerminal))
			line := func(supplement string) string {
				return "TF01@1.0@" + terminal + "@" + text64(s.seal(supplement)) + "\n"
			}
			o := options(t, write(t, reportName, line(operatorLine)+line(c.other)+line(operatorLine)), s)
			if got := repeated(mustVerify(t, o)); got != c.repeats {
				t.Errorf("%d repeats, want %d", got, c.repeats)
			}
			o.Versions = []Version{{Name: "1.0"}} // unopened lines say nothing of a visit
			if got := repeated(mustVerify(t, o)); got != 2 {
				t.Errorf("without a key: %d repeats, want each line after the first", got)
			}
		})
	}
}

// repeated counts the findings; there is no other.
func repeated(r *Report) int {
	n := 0
	for _, found := range told(r) {
		if !strings.HasPrefix(found, "terminal_twice:") {
			return -1
		}
		n++
	}
	return n
}
