package collect

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// member is a file of a machine in testdata/machines: its name may end in " (hex)", or in " -> " and where a link leads.
type member struct{ name, text string }

var memberLine = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// members takes a file in the form of txtar apart: a comment, then files, each after a line with its name.
func members(text string) []member {
	var all []member
	at := memberLine.FindAllStringSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		all = append(all, member{text[m[2]:m[3]], text[m[1]:end]})
	}
	return all
}

// unpack makes a folder of the members and returns it with the member "want".
func unpack(t testing.TB, all []member) (root, want string) {
	t.Helper()
	root = t.TempDir()
	for _, m := range all {
		if m.name == "want" {
			want = m.text
			continue
		}
		if err := m.put(root); err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
	}
	return root, want
}

func (m member) put(root string) error {
	name, target, link := strings.Cut(m.name, " -> ")
	name, binary := strings.CutSuffix(name, " (hex)")
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if link {
		return os.Symlink(target, path)
	}
	content := []byte(m.text)
	if binary {
		var err error
		if content, err = hex.DecodeString(strings.Join(strings.Fields(m.text), "")); err != nil {
			return err
		}
	}
	return os.WriteFile(path, content, 0o644)
}

// collected collects a folder as if it were a machine.
func collected(t testing.TB, root string, o Options) *Result {
	t.Helper()
	o.Root = root
	r, err := Collect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is the outcome in the form of the member "want": the string, the items that are not present, the flag, the surroundings.
func told(r *Result) string {
	lines := []string{r.Text()}
	for _, it := range r.Items {
		if it.State != Present {
			lines = append(lines, it.Word+" "+it.State.String())
		}
	}
	lines = append(lines, fmt.Sprintf("flag %c", r.Flag()))
	if r.Environment.Container != "" {
		lines = append(lines, "container "+r.Environment.Container)
	}
	if r.Environment.VM != "" {
		lines = append(lines, "vm "+r.Environment.VM)
	}
	return strings.Join(lines, "\n") + "\n"
}

// Each machine of testdata/machines gives the string and the states that its file names.
func TestMachines(t *testing.T) {
	files, err := filepath.Glob("testdata/machines/*.txtar")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d machines, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			root, want := unpack(t, members(string(text)))
			r := collected(t, root, Options{})
			if got := told(r); got != want {
				t.Errorf("got\n%swant\n%s%s", got, want, r.ExplainClear(English))
			}
			if _, err := terminalinfo.Parse(r.Text()); err != nil {
				t.Error(err)
			}
			adviseEach(t, r)
		})
	}
}

// adviseEach wants a source of each item, and advice in both languages for each that is missing, and for no other.
func adviseEach(t *testing.T, r *Result) {
	t.Helper()
	for _, it := range r.Items {
		if it.Source == "" {
			t.Errorf("%s: no source", it.Word)
		}
		given := it.Advice.Chinese != "" && it.Advice.English != ""
		if given != it.State.Missing() {
			t.Errorf("%s is %s, the advice is %+v", it.Word, it.State, it.Advice)
		}
	}
}

// The machines cover every state.
func TestMachinesCoverStates(t *testing.T) {
	var seen []State
	files, _ := filepath.Glob("testdata/machines/*.txtar")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, _ := unpack(t, members(string(text)))
		for _, it := range collected(t, root, Options{}).Items {
			seen = append(seen, it.State)
		}
	}
	for s := Present; s <= NotApplicable; s++ {
		if !slices.Contains(seen, s) {
			t.Errorf("no machine has an item that is %s", s)
		}
	}
}
