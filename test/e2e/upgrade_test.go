package e2e

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/store/schema"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/terminaltest"
	"github.com/tradefront/tradefront/test/testmain"
)

const (
	tookOver = "this process has taken the place of another"
	goesOn   = "the new process did not take over"
)

var successor = regexp.MustCompile(`the new process has everything.*"pid":\s*(\d+)`)

// upgraded is a daemon whose place other processes take, one after the other.
type upgraded struct {
	*daemon
	t     testing.TB
	pid   int // of the one that serves
	times int
}

func (d *daemon) upgradable(t testing.TB) *upgraded {
	u := &upgraded{daemon: d, t: t, pid: d.cmd.Process.Pid}
	t.Cleanup(func() {
		// Of a test that failed, u.pid may be one before. d's own cleanup, which comes next, waits until none has d's log open.
		pids := []int{u.pid}
		if all := successor.FindAllStringSubmatch(d.log.String(), -1); len(all) > 0 {
			pid, _ := strconv.Atoi(all[len(all)-1][1])
			pids = append(pids, pid)
		}
		for _, pid := range pids {
			if pid != d.cmd.Process.Pid {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return u
}

// ask sends SIGUSR2, and waits until the log has that text once more.
func (u *upgraded) ask(text string) {
	u.t.Helper()
	if got := u.try(); got != text {
		u.t.Fatalf("the log says %q, want %q", got, text)
	}
}

// try sends SIGUSR2, and returns what became of it.
func (u *upgraded) try() (text string) {
	u.t.Helper()
	count := func(text string) int { return strings.Count(u.log.String(), text) }
	took, stayed := count(tookOver), count(goesOn)
	if err := syscall.Kill(u.pid, syscall.SIGUSR2); err != nil {
		u.t.Fatal(err)
	}
	await.True(u.t, "the upgrade to succeed or fail", func() bool {
		switch {
		case count(tookOver) > took:
			text = tookOver
		case count(goesOn) > stayed:
			text = goesOn
		}
		return text != ""
	})
	return text
}

// lastWith is the last line of a log that has the text.
func lastWith(log, text string) (line string) {
	for l := range strings.Lines(log) {
		if strings.Contains(l, text) {
			line = l
		}
	}
	return line
}

// upgrade wants another process to take over. On a busy machine a login may be on its way for longer than the front waits, which then
// gives up: it is asked again.
func (u *upgraded) upgrade() {
	u.t.Helper()
	for u.try() != tookOver {
		if _, why, _ := strings.Cut(lastWith(u.log.String(), goesOn), goesOn); !strings.Contains(why, "not answered yet") {
			u.t.Fatalf("no other process took over: %s", why)
		}
	}
	u.times++
	all := successor.FindAllStringSubmatch(u.log.String(), -1)
	if len(all) != u.times {
		u.t.Fatalf("%d processes named a successor, want %d", len(all), u.times)
	}
	u.pid, _ = strconv.Atoi(all[u.times-1][1])
}

// end stops the process that serves, and wants that the first had ended with status 0.
func (u *upgraded) end() {
	u.t.Helper()
	if err := syscall.Kill(u.pid, syscall.SIGTERM); err != nil {
		u.t.Fatal(err)
	}
	if err := u.exited.wait(); err != nil {
		u.t.Errorf("the first process: %v", err)
	}
}

// TestLiveUpgrade: while customers log in and others stay logged in, another process takes the front over, and then another. No
// session ends, no login fails, what a terminal had sent by halves is whole, and every answered login is in the report, once.
func TestLiveUpgrade(t *testing.T) {
	t.Parallel()
	s := newSite(t, firmDatabase(t), "timers: {authenticate: 1h}\n") // one terminal authenticates by halves, with two upgrades between
	s.addCustomers(7000000, comers+sitters)
	d := s.serve()
	u := d.upgradable(t)
	l := s.queue(t, d.address)
	l.until(20)
	half := terminaltest.Dial(t, d.address, nil)
	id := client.Identity{BrokerID: "9999", AppID: appID}
	half.Send(terminaltest.Ask(id))
	answer := terminaltest.Answer(id, terminaltest.Respond(s.apps[0].AuthCode, half.Next().Challenge()))
	half.Send(answer[:len(answer)/2])
	for range 2 {
		u.upgrade()
		l.until(l.done.Load() + 20)
	}
	half.Send(answer[len(answer)/2:])
	half.ExpectCode(0)
	u.awaitReady(http.StatusOK)
	if _, page := u.get(t, "/status"); !regexp.MustCompile(`"last_signal": *{\s*"number": *1,\s*"fault": *""`).MatchString(page) {
		t.Errorf("a process that took over has that as the outcome of the signal: %s", page)
	}
	if thrown, again := l.thrown.Load(), l.again.Load(); thrown+again > 0 {
		t.Errorf("%d sessions ended and %d logins failed, want none", thrown, again)
	}
	answers := l.end()
	u.end()
	s.checkInvariant(answers)
}

// TestUpgradeThatFails: while a fault keeps the new process from serving, the old one serves on with all its sessions.
func TestUpgradeThatFails(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	d := s.serve()
	u := d.upgradable(t)
	m := d.trade(t)
	if _, err := m.login(s, account, password, terminalText); err != nil {
		t.Fatal(err)
	}
	good := s.read("tradefront.yaml")
	for _, c := range []struct{ what, from, to string }{
		{"a configuration that is none", "broker_id:", "brokers_id:"},
		{"another front.id", "  id: 1", "  id: 7"},
		{"another listener", "127.0.0.1:0", "127.0.0.2:0"},
		{"another admin.address", "admin:\n  address: \"127.0.0.1:", "admin:\n  address: \"127.0.0.2:"},
		{"another store", "store:\n", "store:\n  path: other.db\n"},
	} {
		s.write("tradefront.yaml", []byte(strings.Replace(string(good), c.from, c.to, 1)))
		u.ask(goesOn)
		select {
		case <-m.Done():
			t.Fatalf("after %s the session is over: %v", c.what, m.Err())
		default:
		}
		s.logInOnce(t, d)
	}
	s.write("tradefront.yaml", good)
	u.upgrade()
	s.logInOnce(t, d)
	if err := m.Logout(t.Context()); err != nil {
		t.Errorf("the session that was there before: %v", err)
	}
	u.end()
}

// TestUpgradeWaitsForTheSchema: while PostgreSQL does not have the new program's schema, no process takes over; once it was migrated, one
// does, and the session that is open stays.
func TestUpgradeWaitsForTheSchema(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "")
	d := s.serve()
	u := d.upgradable(t)
	m := d.trade(t)
	if _, err := m.login(s, account, password, terminalText); err != nil {
		t.Fatal(err)
	}
	latest, err := schema.Latest("postgres")
	if err != nil {
		t.Fatal(err)
	}
	cluster.SQL(fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id = %d", latest))
	u.ask(goesOn)
	if why := lastWith(u.log.String(), goesOn); !strings.Contains(why, fmt.Sprintf("this binary needs %d: run `tradefront migrate", latest)) {
		t.Errorf("before the migration: %s", why)
	}
	s.logInOnce(t, d)
	cluster.SQL(fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)", latest))
	u.upgrade()
	s.logInOnce(t, d)
	if err := m.Logout(t.Context()); err != nil {
		t.Errorf("the session that was there before: %v", err)
	}
	u.end()
}

// TestUpgradeOnAFullDisk: a disk that takes no byte more keeps no process from taking over, and ends no session. With room again the next
// process logs terminals in and PostgreSQL hears of it: the limit of a file's length, which takes the place of the full disk here, is to
// SQLite a failure of the file, after which a process takes no commits until the file is opened anew.
func TestUpgradeOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t, firmDatabase(t), "")
	d := s.serve()
	u := d.upgradable(t)
	m := d.trade(t)
	if _, err := m.login(s, account, password, terminalText); err != nil {
		t.Fatal(err)
	}
	room := func(bytes uint64) { // see fillDisk
		t.Helper()
		if err := unix.Prlimit(u.pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
			t.Fatal(err)
		}
	}
	enter := func() error {
		_, err := d.trade(t).login(s, account, password, terminalText)
		return err
	}
	room(0)
	if got := code(t, enter()); got != 8 && got != 90 { // by what met the full disk first
		t.Errorf("a login at the full disk: %d, want 8 or 90", got)
	}
	before := s.frontList()
	u.upgrade() // the new process inherits the limit
	select {
	case <-m.Done():
		t.Fatalf("the session is over: %v", m.Err())
	default:
	}
	room(unix.RLIM_INFINITY)
	u.upgrade()
	if err := enter(); err != nil {
		t.Errorf("a login with room again: %v", err)
	}
	await.Every(t, 100*time.Millisecond, "PostgreSQL to hear of the new process", func() bool {
		list := s.frontList()
		return len(list) == 1 && list[0].State == "running" && list[0].Started.After(before[0].Started)
	})
	if err := m.Logout(t.Context()); err != nil {
		t.Errorf("the session that was there before: %v", err)
	}
	u.end()
}

// logInOnce wants the front to log a terminal in.
func (s *site) logInOnce(t *testing.T, d *daemon) {
	t.Helper()
	m := d.trade(t)
	if _, err := m.login(s, account, password, terminalText); err != nil {
		t.Fatalf("a login: %v", err)
	}
	_ = m.Close()
}

// TestUpgradeCrash: one of the two processes is killed at each step. Then the other serves with all sessions; or none is left, as
// after any crash, and a front can be started again at once. Every answered login is in the report, once.
func TestUpgradeCrash(t *testing.T) {
	t.Parallel()
	steps := []struct {
		at     string
		serves string // old, new, or none
	}{
		{"parked", "none"}, // the old one is killed before it has given anything
		{"leaving", "new"},
		{"prepared", "old"}, // the new one is killed
		{"given", "new"},
		{"alone", "none"}, // when the old one has ended
		{"ready", "none"},
		{"held", "none"},
	}
	for _, c := range steps[:testmain.Fewer(len(steps), 3)] {
		t.Run(c.at, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "", "")
			d := s.startWith([]string{"TRADEFRONT_TEST_CRASH_AT=" + c.at}, "serve")
			u := d.upgradable(t)
			m := d.trade(t)
			was, err := m.login(s, account, password, terminalText)
			if err != nil {
				t.Fatal(err)
			}
			switch c.serves {
			case "old":
				u.ask(goesOn)
			case "new":
				u.crash(tookOver)
			default:
				u.crash("")
				_ = u.exited.wait() // both have closed the log
				d = s.serve()
			}
			ended := c.serves == "none"
			if ended {
				<-m.Done()
			} else if err := m.Logout(t.Context()); err != nil {
				t.Errorf("the session: %v", err)
			}
			s.logInOnce(t, d)
			if lines := s.records(); len(lines) != 2 || lines[0].terminal() == "" {
				t.Errorf("%d records after %s, want 2", len(lines), was.RecordID)
			}
		})
	}
}

// crash asks for an upgrade that kills one of both processes. With text it wants the other to say so, and finds its number.
func (u *upgraded) crash(text string) {
	u.t.Helper()
	if text == "" {
		if err := syscall.Kill(u.pid, syscall.SIGUSR2); err != nil {
			u.t.Fatal(err)
		}
		return
	}
	u.ask(text)
	if _, err := fmt.Sscan(string(u.s.read("tradefront.db.front")), &u.pid); err != nil {
		u.t.Fatal(err)
	}
}

// TestUpgradeUnderOrders: traders send to the core and are sent by it without a pause while other processes take the front over.
// Every message is answered once, in its order.
func TestUpgradeUnderOrders(t *testing.T) {
	t.Parallel()
	var accounts strings.Builder
	accounts.WriteString("accounts:\n")
	traders := testmain.Fewer(40, 10)
	for i := range traders {
		fmt.Fprintf(&accounts, "  - {user: %q, password: %q}\n", fmt.Sprint(10001+i), password)
	}
	core := newCore(t, "a", accounts.String(), "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	u := d.upgradable(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	var answered atomic.Int64
	for i := range traders {
		m := d.tradeAs(t, fmt.Sprint(10001+i))
		all.Go(func() {
			for n := uint32(1); ctx.Err() == nil; n++ {
				if sent := m.echo(); sent != n {
					t.Errorf("request %d has number %d", n, sent)
				}
				select {
				case got := <-m.messages:
					if got.TID != echoTID || got.Number != n || got.Err() != nil {
						t.Errorf("to request %d: TID %#x, number %d, %v", n, got.TID, got.Number, got.Err())
						return
					}
				case <-m.Done():
					t.Errorf("the session ended: %v", m.Err())
					return
				case <-time.After(20 * time.Second):
					t.Errorf("request %d has no answer", n)
					return
				}
				answered.Add(1)
			}
		})
	}
	for range 2 {
		u.upgrade()
		more := answered.Load() + int64(10*traders)
		await.True(t, "answers after the upgrade", func() bool { return answered.Load() > more || t.Failed() })
	}
	cancel()
	all.Wait()
	core.wantNoViolation()
	t.Logf("%d messages were answered", answered.Load())
	u.end()
}
