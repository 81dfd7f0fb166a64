package main

import (
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/config"
)

// Between the moment when the admin listener answers and that when terminals are accepted a
// front may wait for PostgreSQL: a load balancer must not send terminals meanwhile.
func TestNotReadyBeforeItServes(t *testing.T) {
	health := newDaemon(new(config.Config), new(assets), zap.InfoLevel, io.Discard).health.Report()
	if health.Ready || len(health.Reasons) != 1 || health.Reasons[0].Reason != "the front is starting" {
		t.Errorf("%+v", health)
	}
}

// A reload that is under way when SIGTERM comes is waited for before the stores are closed.
// The configuration is a pipe here, so that it is read for as long as the test likes.
func TestHangupWhileStopping(t *testing.T) {
	bareSite(t)
	play(t, []step{{"masterkey create" + onC, "", 0, "created …", ""}})
	front := serve(t)
	if err := os.Remove("tradefront.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("tradefront.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile("tradefront.yaml", os.O_WRONLY, 0) // returns once it is read
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(300 * time.Millisecond) // long enough for a front without logins to have stopped
		if c, err := net.Dial("tcp", front.address); err != nil {
			t.Errorf("the front did not wait for the reload: %v", err)
		} else {
			_ = c.Close()
		}
		_, _ = pipe.WriteString(siteConfig)
		_ = pipe.Close()
	}()
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d", status)
	}
	said := front.errOut.String()
	if !strings.Contains(said, "the configuration was reloaded") || strings.Contains(said, `"level":"error"`) {
		t.Errorf("the log said:\n%s", said)
	}
}
