package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
)

// deed is what a command changes, and the audit log that is told.
type deed struct {
	action  *store.Action
	path    string // of the audit log
	frontID int32
}

// auditPatience bounds how long a command waits for its line of the audit log.
const auditPatience = 5 * time.Second

// act begins an action of that command on a subject. It is written down with the change (directory.As) or by actions.Write; the audit
// log gets its line when the command ends.
func (e *env) act(c *cobra.Command, cfg *config.Config, subject, why string) (*store.Action, error) {
	who, err := actions.Who(e.environ)
	if err != nil {
		return nil, err
	}
	a, err := actions.New(who, commandName(c), subject, why)
	if err != nil {
		return nil, err
	}
	e.deeds = append(e.deeds, deed{a, cfg.AuditLog, cfg.Front.ID})
	return a, nil
}

// whyFlag is of commands whose reason an operator may be asked for later.
func whyFlag(c *cobra.Command, why *string) {
	c.Flags().StringVar(why, "why", "", "why; it is kept with the change, see tradefront actions list")
}

// commandName is the command without the program.
func commandName(c *cobra.Command) string {
	_, name, _ := strings.Cut(c.CommandPath(), " ")
	return name
}

// logDeeds adds a line to the audit log of each action that the store has. It ends in time also if the command was interrupted.
func (e *env) logDeeds(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditPatience)
	defer cancel()
	for _, d := range e.deeds {
		if !d.action.Written {
			continue
		}
		if err := actions.Log(ctx, d.path, d.frontID, d.action); err != nil {
			e.warn("the change is made, and the store says by whom; the audit log of this machine has no line of it: %v", err)
		}
	}
	e.deeds = nil
}
