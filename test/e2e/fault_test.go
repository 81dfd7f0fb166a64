package e2e

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/pgtest"
)

// load is a storm of visits that a fault interrupts.
type load struct {
	t        *testing.T
	cancel   context.CancelFunc
	wanted   atomic.Int64 // visits that until waits for
	progress chan int64
	done     chan *demo.Tally
}

const (
	// hurry is how many visits of a storm come as fast as the front takes them, as do those for which a test waits. All others come at idlePace: a test
	// whose storm lasts until a database is back would otherwise take both processors from the tests beside it for all that time, and each
	// answer has to be decrypted at the end.
	hurry    = 300
	idlePace = 20 * time.Millisecond
)

// storm begins visits that go on until end, or until the front is gone.
func (d *daemon) storm(t *testing.T) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{t: t, cancel: cancel, progress: make(chan int64, 1), done: make(chan *demo.Tally, 1)}
	go func() {
		clock := time.NewTicker(idlePace)
		defer clock.Stop()
		tally, _ := demo.Play(ctx, d.firm(), 1_000_000, 16, func(n int64) {
			if n > max(hurry, l.wanted.Load()) {
				<-clock.C
			}
			select {
			case <-l.progress:
			default:
			}
			l.progress <- n
		})
		l.done <- tally
	}()
	return l
}

// until waits for so many visits.
func (l *load) until(visits int64) {
	l.t.Helper()
	l.wanted.Store(visits)
	deadline := time.After(time.Minute)
	for {
		select {
		case n := <-l.progress:
			if n >= visits {
				return
			}
		case <-deadline:
			l.t.Fatalf("%d visits did not come about in a minute", visits)
		}
	}
}

// end stops the storm and returns what was answered.
func (l *load) end() []*demo.Was {
	l.cancel()
	return (<-l.done).Answers
}

func TestKillNineLosesNothing(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "")
		var answers []*demo.Was
		for range 3 {
			d := s.serve()
			l := d.storm(t)
			l.until(150)
			d.kill()
			answers = append(answers, l.end()...)
		}
		s.serve().stop() // brings over what the killed ones left
		s.checkInvariant(answers)
	})
}

func TestSIGTERMUnderLoad(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "")
		d := s.serve()
		l := d.storm(t)
		l.until(150)
		d.stop()
		s.checkInvariant(l.end())
	})
}

// TestPostgresStopsAndComesBack: logins go on meanwhile, and every record arrives once.
func TestPostgresStopsAndComesBack(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "")
	d := s.serve()
	l := d.storm(t)
	l.until(200)
	for range 2 {
		cluster.Stop(pgtest.Immediate)
		before := <-l.progress
		l.until(before + 100) // answered from the local store
		if code, ready := d.get(t, "/readyz"); code != 200 {
			t.Errorf("/readyz %d while logins are answered: %s", code, ready)
		}
		cluster.Start()
		l.until(before + 200)
	}
	answers := l.end()
	d.stop()
	s.checkInvariant(answers)
}

// TestAnswerAfterPostgres: with PostgreSQL away a login is answered 8, which means try
// another front; with it back, 0, and the record is there at once.
func TestAnswerAfterPostgres(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := newSite(t, cluster.URL(), "  answer_after: postgres\n  patience: 2s\n")
	d := s.serve()
	logIn := func() (client.LoginResult, error) {
		c, err := d.enter(t, s.apps[0].AuthCode)
		if err != nil {
			return client.LoginResult{}, err
		}
		return login(t, c, password, nil)
	}
	result, err := logIn()
	if err != nil {
		t.Fatal(err)
	}
	if lines := s.export(result.TradingDay); len(lines) != 1 {
		t.Errorf("%d lines right after the answer, want 1", len(lines))
	}
	cluster.Stop(pgtest.Immediate)
	for range 3 {
		if _, err := logIn(); code(t, err) != 8 {
			t.Errorf("PostgreSQL is away: %v, want 8", err)
		}
	}
	// A required check must fail for a while before the front is not ready: see ops.Patience.
	await.Within(t, 30*time.Second, 20*time.Millisecond, "/readyz to be 503 for want of PostgreSQL", func() bool {
		status, page := d.get(t, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(page, "PostgreSQL")
	})
	cluster.Start()
	await.Within(t, 30*time.Second, 20*time.Millisecond, "a login with PostgreSQL back", func() bool {
		_, err := logIn()
		return err == nil
	})
	d.stop()
}

func TestServeRefusesAnOldSchema(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	s.replaceConfig("driver: embedded", "driver: postgres").replaceConfig(`url: ""`, `url: "`+pgtest.Database(t)+`"`)
	_, errOut, err := s.try("", "serve")
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 1 || !strings.Contains(errOut, "tradefront migrate") {
		t.Errorf("%v, %s", err, errOut)
	}
	s.cli("", "migrate")
	s.serve().stop()
}

func TestAdminPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	d := s.serve()
	c, err := d.enter(t, s.apps[0].AuthCode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := login(t, c, password, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.enter(t, "AAAABBBBCCCCDDDD"); code(t, err) != 63 {
		t.Fatalf("wrong authcode: %v", err)
	}
	d.awaitPage(t, "/metrics", "\ntradefront_connections 1\n") // the front closes the other one after it has answered
	_, metrics := d.get(t, "/metrics")
	for _, want := range []string{
		`tradefront_logins_total{reason="ok"} 1`,
		`tradefront_authentications_total{reason="wrong_answer"} 1`,
		`tradefront_authentications_total{reason="unknown_app"} 0`,
		`tradefront_login_flags_total{flag="normal"} 1`,
		`tradefront_login_stage_seconds_count{stage="store"} 1`,
		`tradefront_build_info{`,
		`process_open_fds`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if status, body := d.get(t, "/readyz"); status != 200 || !strings.Contains(body, `"name":"keys"`) {
		t.Errorf("/readyz %d %s", status, body)
	}
	d.stop()
}
