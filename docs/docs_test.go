package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/proxyheader"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/supplement"
)

var errorPages = []string{"errors.md", "errors.zh-CN.md"}

// TestErrorPages: both pages have one row for each code, reason, problem, close reason and fault, a
// reason's row has its code, and no row is about something that does not exist.
func TestErrorPages(t *testing.T) {
	reasons, codes := make(map[string]string), make(map[string]string)
	for i, word := range reason.Words() {
		code := strconv.Itoa(reason.Reason(i).Code())
		reasons[word], codes[code] = code, ""
	}
	problems, closes := make(map[string]string), make(map[string]string)
	for p := supplement.NoProblem + 1; p.String() != "invalid"; p++ {
		problems[p.String()] = ""
	}
	for _, word := range reason.CloseWords() {
		closes[word] = ""
	}
	faults := make(map[string]string)
	for _, f := range ftd.Faults() {
		faults[f.Word()] = ""
	}
	headers := make(map[string]string)
	for _, f := range proxyheader.Faults() {
		headers[f.Word()] = ""
	}
	for _, page := range errorPages {
		tables := tablesOf(t, page)
		if len(tables) != 6 {
			t.Fatalf("%s has %d tables, want 6: codes, reasons, problems, close reasons, faults, faults of PROXY headers", page, len(tables))
		}
		for i, want := range []map[string]string{codes, reasons, problems, closes, faults, headers} {
			compare(t, page, tables[i], want)
		}
	}
}

// TestErrorTextsStand: the code table quotes what the terminal is really sent.
func TestErrorTextsStand(t *testing.T) {
	for _, page := range errorPages {
		for _, row := range tablesOf(t, page)[0] {
			code, err := strconv.Atoi(row[0])
			if err != nil {
				t.Fatalf("%s: %q is no code", page, row[0])
			}
			if sent := sentText(t, code); strings.TrimSuffix(sent, " [ref ABCDEF]") != row[1] {
				t.Errorf("%s: code %d: the page says %q, the terminal gets %q", page, code, row[1], sent)
			}
		}
	}
}

// sentText is the ErrorText of an answer with that code, out of a session's own bytes.
func sentText(t *testing.T, code int) string {
	t.Helper()
	why := reason.OK
	for why.Code() != code {
		why++
	}
	now := time.Now()
	s := session.New(&session.Settings{}, now)
	var fx session.Effects
	s.Step(&session.Event{
		Kind: session.OutcomeKnown, Now: now, Do: session.DoNotifyDecision, Op: session.OpRequest,
		Outcome: &session.Outcome{Reason: why, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}},
	}, &fx)
	frame, _, err := ftd.DecodeFrame(fx.Wire, ftd.MaxBodyLen)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := m.Field(ftd.FIDError)
	var e ftd.Error
	if err := e.Decode(raw); err != nil {
		t.Fatal(err)
	}
	return string(e.Text)
}

// compare holds the rows of a table to what it must have; a value that is not empty is
// what the row's second cell must be.
func compare(t *testing.T, page string, rows [][]string, want map[string]string) {
	t.Helper()
	seen := make(map[string]bool)
	for _, row := range rows {
		word := strings.Trim(row[0], "`")
		second, known := want[word]
		switch {
		case !known:
			t.Errorf("%s has a row on %q, which does not exist", page, word)
		case seen[word]:
			t.Errorf("%s has two rows on %q", page, word)
		case second != "" && row[1] != second:
			t.Errorf("%s: %q has code %s, the page says %s", page, word, second, row[1])
		}
		seen[word] = true
	}
	for word := range want {
		if !seen[word] {
			t.Errorf("%s has no row on %q", page, word)
		}
	}
}

// TestOperationsNamesEveryCheck: the table of /readyz has each check with its severity, and none else.
func TestOperationsNamesEveryCheck(t *testing.T) {
	for _, table := range tablesOf(t, "operations.md") {
		if table[0][0] != "front" {
			continue
		}
		there := make(map[string]string)
		for _, row := range table {
			there[row[0]] = row[1]
		}
		for _, c := range daemon.NewCatalog().Checks {
			if !strings.HasPrefix(there[c.Name], string(c.Severity)) {
				t.Errorf("check %s is %q in operations.md, want %s", c.Name, there[c.Name], c.Severity)
			}
			delete(there, c.Name)
		}
		for name := range there {
			t.Errorf("operations.md has a check %s that no front has", name)
		}
		return
	}
	t.Error("operations.md has no table of checks")
}

var testName = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")

// TestPagesNameTestsThatExist keeps the proofs that pages give true.
func TestPagesNameTestsThatExist(t *testing.T) {
	there := testFunctions(t)
	for _, page := range []string{"regulation.md", "security.md"} {
		names := testName.FindAllStringSubmatch(read(t, page), -1)
		if len(names) == 0 {
			t.Errorf("%s names no test", page)
		}
		for _, name := range names {
			if !there[name[1]] {
				t.Errorf("%s names %s, which does not exist", page, name[1])
			}
		}
	}
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	there := make(map[string]bool)
	walk(t, "_test.go", func(path string) {
		for _, m := range testFunction.FindAllStringSubmatch(read(t, path), -1) {
			there[m[1]] = true
		}
	})
	return there
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)

// TestLinks: every relative link of every page leads to a file.
func TestLinks(t *testing.T) {
	pages := 0
	walk(t, ".md", func(path string) {
		pages++
		for _, m := range link.FindAllStringSubmatch(read(t, path), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
	})
	if pages < 8 {
		t.Errorf("only %d pages were found", pages)
	}
}

// walk visits the repository's files with that suffix.
func walk(t *testing.T, suffix string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, suffix):
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tablesOf are the Markdown tables of a page: rows of cells, without head and rule.
func tablesOf(t *testing.T, page string) (tables [][][]string) {
	t.Helper()
	inside := false
	for line := range strings.Lines(read(t, page)) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case strings.HasPrefix(line, "|---"):
			inside = true
			tables = append(tables, nil)
		case inside:
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			tables[len(tables)-1] = append(tables[len(tables)-1], cells)
		}
	}
	return tables
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var adminPage = regexp.MustCompile(`\.Page(?:Of)?\("([^"]+)"`)

// TestEveryAdminPageIsInTheTableOfDataProtection: who adds a page says there what it has of a customer.
func TestEveryAdminPageIsInTheTableOfDataProtection(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "security.md"), "\n## Data protection\n")
	section, _, _ = strings.Cut(section, "\n## ")
	pages := 0
	walk(t, ".go", func(path string) {
		if !strings.Contains(filepath.ToSlash(path), "internal/daemon/") {
			return
		}
		for _, m := range adminPage.FindAllStringSubmatch(read(t, path), -1) {
			pages++
			if !strings.Contains(section, "`/"+m[1]+"`") && !strings.HasSuffix(m[1], "/full") {
				t.Errorf("%s adds /%s, which the table of security.md does not have", path, m[1])
			}
		}
	})
	if pages < 8 {
		t.Errorf("only %d pages were found", pages)
	}
}
