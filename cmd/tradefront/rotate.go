package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
)

// rotateOnHangup lets log rotation work: it moves the audit log away and sends SIGHUP, and
// the next entry begins a new file of the old name. The returned function ends it.
//
// The signal is caught from the return on; before, it would end the process.
func rotateOnHangup(audit *ops.Audit, logger *zap.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	var running sync.WaitGroup
	running.Go(func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				reopen(audit, logger)
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

func reopen(audit *ops.Audit, logger *zap.Logger) {
	if err := audit.Reopen(); err != nil {
		logger.Error("SIGHUP: the audit log was not reopened, entries go on into the old file", zap.Error(err))
		return
	}
	logger.Info("SIGHUP: the audit log was reopened")
}
