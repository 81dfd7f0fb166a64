package main

import (
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/test/await"
)

// A reload that is under way when SIGTERM comes is waited for before the stores are closed.
func TestHangupWhileStopping(t *testing.T) {
	bareSite(t)
	play(t, []step{{"masterkey create" + onC, "", 0, "created …", ""}})
	var calls atomic.Int32
	reading, goOn := make(chan struct{}), make(chan struct{})
	front := serve(t, func(e *command.Env) {
		e.Load = func(path string, environ []string) (*config.Config, error) {
			if calls.Add(1) == 2 { // the first is that of the start
				close(reading)
				<-goOn
			}
			return config.Load(path, environ)
		}
	})
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-reading
	status := make(chan int, 1)
	go func() { status <- front.stop() }()
	await.True(t, "the front to say that it stops", func() bool {
		return strings.Contains(front.errOut.String(), "stopping: no new logins")
	})
	for range 200 { // a front without logins would have closed its listeners meanwhile
		c, err := net.Dial("tcp", front.address)
		if err != nil {
			t.Errorf("the front did not wait for the reload: %v", err)
			break
		}
		_ = c.Close()
	}
	close(goOn)
	if status := <-status; status != exitDone {
		t.Errorf("exit status %d", status)
	}
	said := front.errOut.String()
	if !strings.Contains(said, "the configuration was reloaded") || strings.Contains(said, `"level":"error"`) {
		t.Errorf("the log said:\n%s", said)
	}
}
