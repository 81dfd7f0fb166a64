package e2e

import (
	"bufio"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
)

// TestDeadReaderOfStandardError: `serve 2>&1 | head -1`. What read the log and the banner has ended;
// the front continues to log, logs customers in, its readiness warns, and it ends with status 0.
func TestDeadReaderOfStandardError(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := s.startInto(w)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if found := banner.FindStringSubmatch(lines.Text()); found != nil {
			d.address, d.admin = found[1], found[2]
			break
		}
	}
	if d.address == "" {
		t.Fatal("no banner")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil { // the reload is logged
		t.Fatal(err)
	}
	await.Every(t, 20*time.Millisecond, "readiness to tell", func() bool {
		_, page := d.get(t, "/readyz")
		return strings.Contains(page, "standard error takes no lines")
	})
	l := d.storm(t)
	l.until(30)
	if answers := l.end(); len(answers) == 0 {
		t.Error("no login was answered")
	}
	if status, page := d.get(t, "/readyz"); status != 200 {
		t.Errorf("/readyz %d: %s", status, page)
	}
	d.stop()
}
