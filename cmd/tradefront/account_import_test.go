package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/accountfile"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestAccountImport: all accounts of a file or none, in either database, and every wrong line at once.
func TestAccountImport(t *testing.T) {
	for name, url := range map[string]func() string{"embedded": func() string { return "" }, "postgres": func() string { return pgtest.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			newSite(t)
			d := storeOfSite(t, url())
			write(t, "a.csv", "account,user_type,password\n1001,1,right\n1002,2,\"of an, operator\"\n1003,,third\n")
			write(t, "b.csv", "account,password\n1003,again\n1004,new\n1001,again\n")
			write(t, "c.csv", "account,password\n1005,x\n?,x\n1006,\n")
			play(t, []step{
				{"account import -c tradefront.yaml c.csv", "", 1, "", "tradefront: 2 wrong lines, and nothing was changed:\n  line 3: account…\n  line 4: account 1006: password: empty"},
				{"account import -c tradefront.yaml --check a.csv", "", 0, "3 accounts can be imported; nothing was changed", ""},
				{"account import -c tradefront.yaml a.csv", "", 0, "added 3 accounts (1 operators): 3 passwords hashed in …\na.csv holds passwords: delete it", ""},
				{"account import -c tradefront.yaml b.csv", "", 1, "", "tradefront: 2 wrong lines, and nothing was changed:\n  line 2: account 1003 is there already;…\n  line 4: account 1001…"},
				{
					"account import -c tradefront.yaml - -o json", "account,password\n1003,again\n?,x\n1004,\n1001,again\n", 1,
					`{
  "wrong": 4,
  "lines": [
    {
      "line": 2,…"line": 3,…"line": 4,…"line": 5,…}`,
					"tradefront: 4 wrong lines, and nothing was changed:\n  line 2: account 1003 is there already;…\n  line 3: account…\n  line 4: account 1004…\n  line 5: account 1001 is…",
				},
				{"account import -c tradefront.yaml -", "account,password\n1004,new\n", 0, "added 1 accounts (0 operators): 1 passwords hashed in …within seconds", ""},
				{"account import -c tradefront.yaml nosuch.csv", "", 1, "", "…nosuch.csv: no such file…"},
				{"account export -c tradefront.yaml", "", 0, "account,user_type,created,changed,last_unlocked\n1001,1,20…\n1002,2,20…\n1003,1,20…\n1004,1,20…", ""},
				{"account export -c tradefront.yaml --out out.csv", "", 0, "", ""},
				{"account import -c tradefront.yaml out.csv", "", 1, "", "…what `account export` wrote, which has no passwords"},
			})
			wantAcceptedAs(t, d, "1002", "of an, operator", regulation.UserOperator)
			if text := read(t, "out.csv"); strings.Contains(text, "argon2") || strings.Count(text, "\n") != 5 {
				t.Errorf("exported %q", text)
			}
			wantHashesTaken(t, d)
		})
	}
}

// wantHashesTaken: a column with hashes is taken unchanged.
func wantHashesTaken(t *testing.T, d *directory.Directory) {
	t.Helper()
	hash, err := local.HashPassword([]byte("elsewhere"), local.Params{MemoryKiB: 1024, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	write(t, "d.csv", "account,password_hash\n2001,\""+hash+"\"\n")
	play(t, []step{{"account import -c tradefront.yaml d.csv", "", 0, "added 1 accounts (0 operators): 0 passwords hashed in …within seconds", ""}})
	wantAcceptedAs(t, d, "2001", "elsewhere", regulation.UserCustomer)
}

// TestAccountImportAsJSON: wrong lines are for programs too, and a file that others may read is refused.
func TestAccountImportAsJSON(t *testing.T) {
	newSite(t)
	write(t, "c.csv", "account,password\n1005,x\n?,x\n1006,\n")
	got := tradefront("", "account", "import", "-c", "tradefront.yaml", "-o", "json", "c.csv")
	var shown struct {
		Wrong int
		Lines []struct {
			Line    int
			Problem string
		}
	}
	if err := json.Unmarshal([]byte(got.out), &shown); err != nil || got.status != 1 || shown.Wrong != 2 || shown.Lines[1].Line != 4 {
		t.Errorf("%v, %+v", err, got)
	}
	if err := os.Chmod("c.csv", 0o644); err != nil {
		t.Fatal(err)
	}
	play(t, []step{{"account import -c tradefront.yaml c.csv", "", 1, "", "…its mode 0644 lets other users in; change it with: chmod 600 c.csv"}})
}

// TestImportSaysHowManyWrongLinesItNames: the help and the manual, in both languages, have the bound of the message.
func TestImportSaysHowManyWrongLinesItNames(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{
		"--help": commandAt(t, "account import").Long, "--help --lang zh": commandIn(t, show.Chinese, "account import").Long,
		"operations.md": read(t, "../../docs/operations.md"), "operations.zh-CN.md": read(t, "../../docs/operations.zh-CN.md"),
	} {
		english, chinese := fmt.Sprintf("names the first %d and how many more", accountfile.MaxShown), fmt.Sprintf("列出前 %d 行和其余的行数", accountfile.MaxShown)
		if !strings.Contains(text, english) && !strings.Contains(text, chinese) {
			t.Errorf("%s does not say that the message names %d wrong lines", place, accountfile.MaxShown)
		}
	}
}
