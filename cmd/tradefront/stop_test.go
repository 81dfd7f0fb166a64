package main

import (
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/config"
)

// A reload that is under way when SIGTERM comes is waited for before the stores are closed.
func TestHangupWhileStopping(t *testing.T) {
	bareSite(t)
	play(t, []step{{"masterkey create" + onC, "", 0, "created …", ""}})
	var calls atomic.Int32
	reading, goOn := make(chan struct{}), make(chan struct{})
	loadConfig = func(path string, environ []string) (*config.Config, error) {
		if calls.Add(1) == 2 { // the first is that of the start
			close(reading)
			<-goOn
		}
		return config.Load(path, environ)
	}
	defer func() { loadConfig = config.Load }()
	front := serve(t)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-reading
	go func() {
		time.Sleep(300 * time.Millisecond) // long enough for a front without logins to have stopped
		if c, err := net.Dial("tcp", front.address); err != nil {
			t.Errorf("the front did not wait for the reload: %v", err)
		} else {
			_ = c.Close()
		}
		close(goOn)
	}()
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d", status)
	}
	said := front.errOut.String()
	if !strings.Contains(said, "the configuration was reloaded") || strings.Contains(said, `"level":"error"`) {
		t.Errorf("the log said:\n%s", said)
	}
}
