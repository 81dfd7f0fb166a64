package handbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/site"
)

// recipe is what a page's commands need that the page does not type. Keys are how commands begin; the longest one that
// fits counts.
type recipe struct {
	postgres bool
	prepare  func(b *bench)            // before the first command
	first    map[string]func(b *bench) // before such a command
	ends     map[string]int            // exit statuses other than 0; anyStatus for either
	unseen   string                    // how a line of the page begins that this firm has no reason to print
	moved    map[string]string         // what of the page's text is another here
}

const anyStatus = -1

// bench is a firm in a folder, and the shell in it.
type bench struct {
	t       *testing.T
	recipe  recipe
	shell   *shell
	site    *site.Site
	url     string // of PostgreSQL
	address string // for terminals
	relays  string // for relays
	admin   string
	agent   string // of a relay agent, for terminals
	day     string // the last trading day whose window has closed
	names   map[string]string
}

func newBench(t *testing.T, r recipe) *bench {
	t.Helper()
	site.AwayFromTheClose(t)
	b := &bench{t: t, recipe: r, names: make(map[string]string), day: lastDay(t)}
	if r.postgres {
		b.url = pgtest.Start(t).URL() // a server of its own: the page makes roles, which are the whole server's
	}
	b.firm()
	if r.prepare != nil {
		r.prepare(b)
	}
	return b
}

// firm makes another firm, in a folder and a shell of its own.
func (b *bench) firm() {
	b.address, b.relays, b.admin = ports.Address(b.t), ports.Address(b.t), ports.Address(b.t)
	b.site = site.New(b.t, site.Options{
		Binary: filepath.Join(programsDir, "tradefront"), URL: b.url, Admin: b.admin,
		Listeners: fmt.Sprintf("    - address: %q\n    - {address: %q, admits: relays}\nrelay: {enabled: true}\nlimits: {connections_per_source: 0}\n", b.address, b.relays),
	})
	tree, err := filepath.Abs(root)
	if err != nil {
		b.t.Fatal(err)
	}
	b.shell = newShell(b.t, b.site.Dir, "PATH="+programsDir+":"+os.Getenv("PATH"), "TREE="+tree, "URL="+b.url,
		"TRADEFRONT_CONFIG=tradefront.yaml", "TRADEFRONT_RELAY_CONFIG=relay.yaml")
}

// before does what the recipe has for such a command.
func (b *bench) before(text string) {
	if f := longest(b.recipe.first, text); f != nil {
		(*f)(b)
	}
}

// status is how a command must end; either says that it may end either way.
func (r recipe) status(text string) (want int, either bool) {
	if s := longest(r.ends, text); s != nil {
		return *s, *s == anyStatus
	}
	return 0, false
}

func longest[T any](m map[string]T, text string) (found *T) {
	best := -1
	for begin, v := range m {
		if strings.HasPrefix(text, begin) && len(begin) > best {
			best, found = len(begin), &v
		}
	}
	return found
}

// moved is a command as it runs here: other ports, folders, days and numbers than the page's examples.
func (b *bench) moved(text string) string {
	pairs := []string{
		"127.0.0.1:41205", b.address, "127.0.0.1:41206", b.relays, "20260105", b.day,
		"/etc/tradefront/", "", "/var/log/tradefront/", "", "-c FILE", "-c tradefront.yaml", "-c F ", "-c tradefront.yaml ",
		"sudo -u tradefront ", "", "1m", "1s",
	}
	for from, to := range b.recipe.moved {
		pairs = append([]string{from, to}, pairs...)
	}
	for from, to := range b.names {
		pairs = append([]string{from, to}, pairs...)
	}
	return strings.NewReplacer(pairs...).Replace(text + " ")
}

// banner is what the page's servers have printed.
func (b *bench) banner() string {
	files, _ := filepath.Glob(filepath.Join(b.shell.dir, ".typed-*"))
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			b.t.Fatal(err)
		}
		if strings.Contains(string(text), "accepts connections") {
			all.Write(text)
		}
	}
	return all.String()
}

// serve starts the firm's front, with an AppID and an account, and the files that pages call authcode and password.
func serve(b *bench) {
	customer(b)
	b.shell.must("tradefront serve -c tradefront.yaml")
}

func customer(b *bench) {
	b.site.AddApp("client_demo_1.0")
	b.site.AddAccount("88888888", "Secret123", "1")
	b.site.Write("authcode", []byte(b.site.Apps[0].AuthCode))
	b.site.Write("password", []byte("Secret123"))
	b.site.Write("code.txt", []byte("WRONGWRONGWRONG1"))
}

// lastDay is the last trading day of the sample calendar whose window has closed.
func lastDay(t *testing.T) string {
	t.Helper()
	cal, err := calendar.Load(filepath.Join(root, "configs", "calendar.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	current, _ := cal.TradingDayOf(time.Now())
	return cal.Prev(current).String()
}
