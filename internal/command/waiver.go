package command

import (
	"cmp"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/store"
)

// ReasonHelp is of the commands that give something up which a report then lacks.
const ReasonHelp = "why; it is written into the manifest of each report that lacks something for it (default: the command's name)"

// NewWaiver is the waiver of a command that gives something up; command is its reason if the operator gives none.
func (e *Env) NewWaiver(reason, command string) (store.Waiver, error) {
	by, err := e.Operator()
	if err != nil {
		return store.Waiver{}, err
	}
	return store.Waiver{At: time.Now(), By: by, Reason: cmp.Or(strings.TrimSpace(reason), command)}, nil
}

// Operator is who runs this command, as its actions, waivers and notes have it.
func (e *Env) Operator() (string, error) {
	who, err := actions.Who(e.Environ)
	return who.By(), err
}
