package docs

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// submitRows are the rows of the order of checks of a submission: number, what is looked at, reason, code, connection.
func submitRows(t *testing.T) [][]string {
	t.Helper()
	for _, table := range tablesOf(t, "protocol.md") {
		if len(table[0]) == 5 && strings.HasPrefix(table[0][1], "frame, message and fields") {
			return table
		}
	}
	t.Fatal("protocol.md has no order of checks of a submission")
	return nil
}

// TestOrderOfChecks: the page's order of checks of a submission is that of the code, and each reason has the code that it
// is answered by.
func TestOrderOfChecks(t *testing.T) {
	codes := make(map[string][]string) // of each word
	for r := reason.OK; r <= reason.DisabledCustomer; r++ {
		codes[r.String()] = append(codes[r.String()], strconv.Itoa(r.Code()))
	}
	var own, gateways []string // those of the session, and of the gateway but for the store's
	last := 0
	for i, row := range submitRows(t) {
		number, err := strconv.Atoi(row[0])
		if err != nil || number < last || number > last+1 {
			t.Errorf("row %d has the number %q behind %d", i+1, row[0], last)
		}
		last = number
		word := strings.Trim(row[2], "`")
		if row[3] == "none" {
			if row[4] != "closes" {
				t.Errorf("%s: nothing is answered, and the connection %s", word, row[4])
			}
			continue
		}
		if !strings.HasPrefix(row[4], "stays") {
			t.Errorf("%s: the connection %s", word, row[4])
		}
		if number <= 6 {
			own = append(own, word)
		} else if number < 17 {
			gateways = append(gateways, row[0]+" "+word)
		}
		if _, known := codes[word]; known && !slices.Contains(codes[word], row[3]) {
			t.Errorf("%s has the codes %v, the page says %s", word, codes[word], row[3])
		} else if !known && number != 17 {
			t.Errorf("%s is no reason", word)
		}
	}
	if last != 17 {
		t.Errorf("the last row is %d", last)
	}
	want := make([]string, 0, len(own))
	for _, why := range session.SubmitChecks() {
		want = append(want, why.String())
	}
	if !slices.Equal(own, want) {
		t.Errorf("the session looks for %v, the page says %v", want, own)
	}
	want = want[:0]
	for _, c := range gateway.SubmitChecks() {
		if c.Number < 17 {
			want = append(want, strconv.Itoa(c.Number)+" "+c.Reason.String())
		}
	}
	if !slices.Equal(gateways, want) {
		t.Errorf("the gateway looks for %v, the page says %v", want, gateways)
	}
}

// TestRelaysKnowEachCode: what a relay does at each code that a submission can be answered by is on its page.
func TestRelaysKnowEachCode(t *testing.T) {
	for page, words := range map[string][]string{"relay.md": {"submission", "any"}, "relay.zh-CN.md": {"上报", "任何"}} {
		known := make(map[string]bool)
		for _, table := range tablesOf(t, page) {
			for _, row := range table {
				if len(row) == 4 && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(row[1], w) }) {
					for code := range strings.SplitSeq(strings.ReplaceAll(row[0], "、", ", "), ", ") {
						known[code] = true
					}
				}
			}
		}
		for _, row := range submitRows(t) {
			for code := range strings.SplitSeq(row[3], ", ") {
				if code != "none" && !known[code] {
					t.Errorf("%s: what a relay does with a submission that is answered by %s (%s) is not said", page, code, row[2])
				}
			}
		}
	}
}
