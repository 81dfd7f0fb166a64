// Command stepped is `tradefront serve` with a clock that a test can set: it runs the daemon that ships,
// and hands in another clock. It takes `serve --config FILE` as tradefront does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
)

// stepFile names a file that holds by how much the clock is wrong, as 1h0m0s or -30m.
const stepFile = "STEPCLOCK_FILE"

func main() {
	if len(os.Args) != 4 || os.Args[1] != "serve" || os.Args[2] != "--config" {
		fmt.Fprintln(os.Stderr, "stepped: want serve --config FILE")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	service := daemon.Service{
		Options: daemon.Options{Build: ops.Build{Version: "stepped"}, Log: os.Stderr, Now: now},
		Load:    func() (*config.Config, error) { return config.Load(os.Args[3], os.Environ()) },
		Started: func(d *daemon.Daemon, _ *config.Config) { fmt.Println(d.Banner()) },
	}
	if err := service.Run(ctx); err != nil && !errors.Is(err, daemon.ErrStoppedEarly) {
		fmt.Fprintln(os.Stderr, "stepped:", err)
		os.Exit(1) //nolint:gocritic // exitAfterDefer: stop only gives the signals back
	}
}

// now is the machine's clock as the test has set it. As with a real step only the time of day is another,
// not the time that has passed: what measures durations asks time.Now. A test without the file would test
// nothing, and so the process ends.
func now() time.Time {
	text, err := os.ReadFile(os.Getenv(stepFile))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", stepFile, err))
	}
	step, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", stepFile, err))
	}
	return time.Now().Round(0).Add(step)
}
