package tour

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/testmain"
)

// newTour is a short tour, and what it prints.
func newTour(postgres string) (*Tour, *strings.Builder) {
	out := new(strings.Builder)
	return &Tour{
		Postgres: postgres, Listen: "127.0.0.1:0", Logins: 120, Crowd: 8, Exit: true, Build: ops.Build{Version: "test"}, Out: out,
		Progress: func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} },
	}, out
}

// shown runs a short tour to its end and returns what it printed.
func shown(t *testing.T, postgres string) (*Tour, string) {
	t.Helper()
	tour, out := newTour(postgres)
	if err := tour.Run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return tour, out.String()
}

// told are an address, a port and a time as a relay tells them.
const told = `(203\.0\.113\.|2001:0DB8:)[^@]+@[0-9]+@[^@]+`

// A stranger sees an order, its answer and its fill, the fill that the seller missed, a line of each way to the front, and
// that every answered login is reported.
func TestTheTourShowsTheCoreLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		postgres func(t *testing.T) string
	}{
		{"embedded", func(*testing.T) string { return "" }},
		{"postgres", func(t *testing.T) string { return pgtest.Database(t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, out := shown(t, c.postgres(t))
			for _, want := range []string{
				`core-sim, which is no trading core`,
				`seller 88880000 +sends +0x0003 +OrderInsert +0 +1 +OrderRef=seller-1 .*Direction=sell Price=3500 Volume=3\n`,
				`seller 88880000 +gets +0x0003 +OrderInsert +0 +1 +0 正确, OrderID=1\n`,
				`buyer 88880001 +gets +0x1001 +TradeInsertSingle +2 +1 +TradeID=1 OrderID=2 Direction=buy Price=3500 Volume=2 Remaining=0\n`,
				`seller 88880000 +sends +0x0016 +UserLogin .*series 1, all after number 1\n` +
					`seller .*LastIP=127\..*\n` +
					`seller 88880000 +gets +0x1001 +TradeInsertSingle +1 +2 +TradeID=2 OrderID=1 Direction=sell Price=3500 Volume=1 Remaining=0\n`,
				`order to core-sim and back +[1-9]`,
				`-- 直连 direct.* --\n.*\nsupplement  0@[^@]+@127\.[0-9.]+@[0-9]+@[^@]+@@@@@88880000@1\n`,
				`-- 多对多中继 many-to-many relay.* --\n.*\nsupplement  0@[^@]+@` + told + `@demo_invrelay_1.0@127\.9\.9\.2@[0-9]+@[^@]+@8888[0-9]+@1\n`,
				`-- 一对多中继 operator relay.* --\n.*\nsupplement  0@[^@]+@` + told + `@demo_oprelay_1.0@127\.9\.9\.3@[0-9]+@[^@]+@8888[0-9]+@2\n`,
				`-- 中继自身 .* --\n.*\nsupplement  0@demo_oprelay_1.0@127\.9\.9\.3@[0-9]+@[^@]+@@@@@88880007@2\n`,
				`\n[1-9][0-9]* +多对多中继 many-to-many relay\n[1-9][0-9]* +一对多中继 operator relay\n1 +中继自身`,
				`\n1 +本机 this machine`,
				`-- 本机 this machine.* --\n.*\nsupplement  [03]@[^@]+@127\.[0-9.]+@[0-9]+@[^@]+@@@@@88880002@1\n  it was .*\nterminal    2@`,
				`\ndevice_name +present +` + regexp.QuoteMeta(hostname(t)) + ` +` + regexp.QuoteMeta(hostname(t)) + ` +uname\n`,
				`, 0 answered but not reported\n`,
				`and 0 breaches of the link's contract\n`,
			} {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("no %s in:\n%s", want, out)
				}
			}
		})
	}
}

// hostname is this machine's as an item has it.
func hostname(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	item, _ := terminalinfo.Clean(name, terminalinfo.DeviceName.MaxLen())
	return item
}

// What core-sim saw and the terminals did not, or the other way round, is a fault.
func TestCompareCoreFindsEachFault(t *testing.T) {
	t.Parallel()
	tour, _ := shown(t, "")
	saw := tour.core.Report().Now()
	answers := make([]*demo.Was, 0, saw.Opens+saw.VisitsClosed)
	for _, id := range tour.core.Records() {
		answers = append(answers, &demo.Was{RecordID: id})
	}
	opened := len(answers)
	for range saw.VisitsClosed {
		answers = append(answers, &demo.Was{Way: demo.OneToMany})
	}
	orders := int(saw.Orders)
	if len(answers) == opened {
		t.Fatal("core-sim heard of no terminal of the operator relay")
	}
	if faults := tour.compareCore(answers, orders); len(faults) != 0 {
		t.Fatalf("%q", faults)
	}
	altered := append([]*demo.Was{{RecordID: "another"}}, answers[1:]...)
	unheard := slices.Concat(answers, []*demo.Was{{Way: demo.OneToMany}})
	for _, c := range []struct {
		name   string
		faults []string
	}{
		{"a login that is open nowhere", tour.compareCore(altered, orders)},
		{"a session that was not answered", tour.compareCore(answers[1:], orders)},
		{"a reported terminal the core did not hear of", tour.compareCore(unheard, orders)},
		{"a reported terminal that was not answered", tour.compareCore(answers[:len(answers)-1], orders)},
		{"an order lost", tour.compareCore(answers, orders+1)},
		{"an order of no terminal", tour.compareCore(answers, orders-1)},
	} {
		if len(c.faults) != 1 {
			t.Errorf("%s: %q", c.name, c.faults)
		}
	}
}

// A front that finds no core is said so, and the tour ends.
func TestAwaitCoreEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testmain.ShortDir(t), "a firm's") // a short path: that of the core's socket in it is bounded
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tour, out := newTour("")
	made, err := site.NewLinked(dir, "", "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tour.site = made
	if err := made.Enrol(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tour.startFront(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tour.daemon.Stop(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tour.awaitCore(ctx); err == nil || !strings.Contains(err.Error(), "does not use its core-sim") {
		t.Errorf("%v", err)
	}
	made.Firm.Address = tour.daemon.Addrs()[0].String()
	tour.invite()
	checkInvitation(t, out.String(), made)
}

// checkInvitation: a reader finds the status page, and a shell takes each command line for the words that are meant.
func checkInvitation(t *testing.T, out string, made *site.Site) {
	t.Helper()
	if !regexp.MustCompile(`status page, for a browser: http://127\.0\.0\.1:[0-9]+/\n`).MatchString(out) {
		t.Errorf("no URL of the status page in:\n%s", out)
	}
	told := 0
	for line := range strings.Lines(out) {
		line, indented := strings.CutPrefix(line, "  ")
		if !indented || strings.HasPrefix(line, "#") {
			continue
		}
		told++
		words, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+line).Output()
		all := strings.Split(string(words), "\n")
		if err != nil || !slices.Contains(all, made.Path) && !slices.Contains(all, made.PasswordFile()) {
			t.Errorf("a shell takes %sfor %q (%v)", line, all, err)
		}
	}
	if told != 4 {
		t.Errorf("%d command lines in:\n%s", told, out)
	}
}
