package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
	firm "github.com/tradefront/tradefront/test/site"
)

// breakHost has a front whose last report is missing and an older one lacks records, whose terminals send what they should not; then its
// process has no more open files, and its disk takes nothing more.
func (w *watched) breakHost(t *testing.T) {
	s := lonely(t, w.host, firm.Options{
		Listeners: "    - address: \"127.0.0.1:0\"\n    - {address: \"127.0.0.1:0\", client_address: proxy, trusted_proxies: [127.0.0.1]}\n",
		More:      floodLimits[:len(floodLimits)-2] + ", seen_terminals: 1000}\n",
	})
	s.serve().stop() // the records name front 1, which has to be known
	recs := ofThisFirm(3)
	s.put("", recs[:2])
	s.cli("", "report", "export", "--day", "20260105", "--out", s.dir)
	s.put("", append(recs[2:], unreported(t)...))
	d := s.startWith([]string{"GOMEMLIMIT=32MiB"}, "serve")
	w.scrapes(t, w.host)
	w.fires(t, w.host, "TradefrontMemoryNearLimit")
	w.fires(t, "", "TradefrontLateRecords", "TradefrontReportNotMade")
	w.quiet(t, w.host, "TradefrontTerminalInfoReplayed", "TradefrontFlagsMany", "TradefrontClientsHidden", "TradefrontSeenTerminalsFull",
		"TradefrontAcceptErrors", "TradefrontFilesNearLimit", "TradefrontLocalStoreFails", "TradefrontAuditEntriesLost")

	for range 55 { // from a private address, each time with the same terminal information, which is none that a terminal collects
		conn, err := net.Dial("tcp", d.all[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("PROXY TCP4 10.1.2.3 192.0.2.1 50123 41205\r\n")); err != nil {
			t.Fatal(err)
		}
		c, err := client.Dial(t.Context(), "", client.WithConn(conn))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode); err != nil {
			t.Fatal(err)
		}
		if _, err := login(t, c, password, nil); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	w.fires(t, w.host, "TradefrontTerminalInfoReplayed", "TradefrontFlagsMany", "TradefrontClientsHidden")
	l := d.storm(t) // more terminals than the front may remember
	l.until(1100)
	l.end()
	w.fires(t, w.host, "TradefrontSeenTerminalsFull")
	w.growFile(t, s)
	w.exhaustFiles(t, d)
	w.fillDisk(t, d)
	d.kill()
}

// unreported is a record of the last closed day, and one of the day that is open now, should its window close meanwhile.
func unreported(t *testing.T) (recs []store.Record) {
	t.Helper()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	open, _ := cal.TradingDayOf(time.Now())
	for _, day := range []calendar.TradingDay{open, cal.Prev(open)} {
		recs = append(recs, storetest.Records(day, 1)...)
	}
	return recs
}

// growFile has another file eat the audit log's disk up, faster than it could for six hours.
func (w *watched) growFile(t *testing.T, s *site) {
	t.Helper()
	var disk unix.Statfs_t
	if err := unix.Statfs(s.dir, &disk); err != nil {
		t.Fatal(err)
	}
	// A large disk would last for six hours at a small step; what is allocated is not written. As a rule a few steps do: it is many where
	// tests beside this one give back more of the disk meanwhile.
	free := int64(disk.Bavail) * disk.Bsize
	step := max(32<<20, free/800)
	most := min(40, free/2/step)
	file, err := os.Create(filepath.Join(s.dir, "another-program"))
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	for n := int64(0); n < most && !w.firing(t, "TradefrontAuditDiskFills", w.host); n++ {
		if err := unix.Fallocate(int(file.Fd()), 0, n*step, step); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond) // the pace at which the file grows
	}
	w.fires(t, w.host, "TradefrontAuditDiskFills")
}

// exhaustFiles lowers the limit of open files below what the process has, and then to a little more.
func (w *watched) exhaustFiles(t *testing.T, d *daemon) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Prlimit(d.cmd.Process.Pid, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(files uint64) {
		if err := unix.Prlimit(d.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: before.Max}, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(3)
	var open []net.Conn
	await.Every(t, 20*time.Millisecond, "the front to fail to accept a connection", func() bool {
		c, err := net.Dial("tcp", d.address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		return strings.Contains(d.log.String(), "connections cannot be accepted")
	})
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	limit(uint64(len(entries)+len(open)) + 4)
	w.fires(t, w.host, "TradefrontAcceptErrors", "TradefrontFilesNearLimit")
	for _, c := range open {
		_ = c.Close()
	}
	limit(before.Cur)
}

// fillDisk has the disk take no byte more. The kernel says EFBIG where a full disk says ENOSPC: SQLite takes that for a write that failed, after
// which the record may be there.
func (w *watched) fillDisk(t *testing.T, d *daemon) {
	t.Helper()
	c, err := d.enter(t, d.s.apps[0].AuthCode)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(d.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Max: unix.RLIM_INFINITY}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := login(t, c, password, nil); code(t, err) != 8 {
		t.Errorf("a login at the full disk: %v, want 8", err)
	}
	w.fires(t, w.host, "TradefrontLocalStoreFails", "TradefrontAuditEntriesLost")
}

// lastYear is a calendar that has ended.
func lastYear() []byte {
	return fmt.Appendf(nil, "years:\n  - {year: %[1]d, provisional: false, source: \"a test\", closed: [{from: %[1]d-01-01, to: %[1]d-01-01, name: a day}]}\n", calendarYear()-1)
}

func calendarYear() int { return time.Now().Year() }

// breakWreck starts a front that no operator has looked after: its keys and its calendar end, its disk is nearly full, its local store is
// damaged, and what read its log has ended.
func (w *watched) breakWreck(t *testing.T) {
	s := lonely(t, w.wreck, firm.Options{Store: fmt.Sprintf("  min_free: %d\n", 1<<49)})
	s.write("calendar.yaml", lastYear())
	s.replaceConfig("    public_key_file: \"public.pem\"\n",
		"    public_key_file: \"public.pem\"\n    not_after: "+time.Now().AddDate(0, 0, 3).Format(time.DateOnly)+"\n")
	path := filepath.Join(s.dir, "tradefront.db")
	data := s.read("tradefront.db")
	for i := 4096; i < len(data); i++ {
		data[i] = 'x'
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	d, deaf := s.serveDeaf(t)
	w.scrapes(t, w.wreck)
	w.fires(t, w.wreck, "TradefrontKeyEnds", "TradefrontKeyEndsNow", "TradefrontCalendarEnds", "TradefrontCalendarEndsNow", "TradefrontNotReady",
		"TradefrontAuditSparing", "TradefrontLocalStoreNearBound", "TradefrontLocalStoreSetAside", "TradefrontCheckFails")
	w.quiet(t, w.wreck, "TradefrontLogLinesLost", "TradefrontAuditSuppressed")
	deaf()
	if _, err := d.enter(t, s.apps[0].AuthCode); code(t, err) != 63 {
		t.Errorf("an AppID of the damaged store: %v, want 63", err)
	}
	w.fires(t, w.wreck, "TradefrontLogLinesLost", "TradefrontAuditSuppressed")
}

// serveDeaf starts the front with a reader of its log; the function ends the reader, and has the front log.
func (s *site) serveDeaf(t *testing.T) (*daemon, func()) {
	t.Helper()
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := s.startInto(wr)
	_ = wr.Close()
	lines := bufio.NewScanner(r)
	for d.admin == "" && lines.Scan() {
		if found := banner.FindStringSubmatch(lines.Text()); found != nil {
			d.address, d.admin = found[1], found[2]
		}
	}
	return d, func() {
		_ = r.Close()
		if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
}
