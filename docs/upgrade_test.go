package docs

import (
	"strconv"
	"testing"

	"github.com/tradefront/tradefront/internal/store/schema"
)

// TestUpgradePagesNameTheSchemas: the last line of "What each version changes" has the numbers of the schemas that this program needs,
// in both languages: an operator reads there whether an upgrade can be live.
func TestUpgradePagesNameTheSchemas(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"upgrade.md", "upgrade.zh-CN.md"} {
		versions := tablesOf(t, page)[0]
		last := versions[len(versions)-1]
		for i, folder := range []string{"postgres", "local"} {
			latest, err := schema.Latest(folder)
			if err != nil {
				t.Fatal(err)
			}
			if want := strconv.FormatInt(latest, 10); last[1+i] != want {
				t.Errorf("%s: version %s is said to have %s's schema %s, the program has %s", page, last[0], folder, last[1+i], want)
			}
		}
	}
}
