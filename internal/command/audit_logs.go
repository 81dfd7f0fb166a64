package command

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tradefront/tradefront/internal/config"
)

// AuditLogsOf are the audit log of a configuration and what logrotate made of it.
func AuditLogsOf(cfg *config.Config) ([]string, error) {
	if cfg.AuditLog == "" {
		return nil, errors.New("audit_log: \"\" writes to standard error, so there is no file to read: name the logs with --audit")
	}
	rotated, err := filepath.Glob(strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(cfg.AuditLog) + "*")
	if err != nil {
		return nil, fmt.Errorf("audit_log: %w", err)
	}
	if len(rotated) == 0 {
		return nil, fmt.Errorf("audit_log: %s is not there", cfg.AuditLog)
	}
	return rotated, nil
}

// AuditLogCount is how many audit logs were read, in words.
func AuditLogCount(n int) string {
	if n == 1 {
		return "1 audit log"
	}
	return fmt.Sprintf("%d audit logs", n)
}
