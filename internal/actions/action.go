package actions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

const (
	// MaxWhy bounds a reason, in bytes.
	MaxWhy = 400
	// MaxValue bounds a value of a change, in bytes: a relay may have many networks.
	MaxValue = 1000
)

// New is what a command is about to change. command is its name, subject what it changes.
func New(who Identity, command, subject, why string) (*store.Action, error) {
	why = strings.TrimSpace(why)
	switch {
	case len(why) > MaxWhy:
		return nil, fmt.Errorf("the reason has %d bytes, at most %d are kept", len(why), MaxWhy)
	case !utf8.ValidString(why):
		return nil, errors.New("the reason is no UTF-8")
	case strings.ContainsFunc(why, unicode.IsControl):
		return nil, errors.New("the reason has a control character: write it in one line")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &store.Action{
		ID: id, At: time.Now().Truncate(time.Microsecond), User: who.User, RealUser: who.Real, Host: who.Host,
		Command: command, Subject: cut(subject), Why: why,
	}, nil
}

// Write writes an action whose change is no row of that database.
func Write(ctx context.Context, db *sqlrows.Tables, a *store.Action) error {
	if err := sqlrows.AddAction(ctx, db, db, a); err != nil {
		return err
	}
	a.Written = true
	return nil
}

// Each visits what operators changed at or after that moment, in the order of time.
func Each(ctx context.Context, db *sqlrows.Tables, since time.Time, visit func(*store.Action) error) error {
	return sqlrows.EachAction(ctx, db, since, visit)
}

// Log adds the line of an action to the audit log at path, the one of a front or agent of this machine. Without such a file it does
// nothing: one that a command made would belong to the command's user, and the front could not write it.
func Log(ctx context.Context, path string, frontID int32, a *store.Action) error {
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	log, err := logs.OpenAuditOfDaemon(path)
	if err != nil {
		return err
	}
	return errors.Join(log.LogWritten(ctx, entry(frontID, a)), log.Close(ctx))
}

func entry(frontID int32, a *store.Action) logs.Entry {
	e := logs.Entry{
		Time: a.At, Event: logs.EventOperatorAction, Reason: "ok", FrontID: frontID, By: a.By(),
		Action: &logs.OperatorAction{ID: a.ID, Command: a.Command, Subject: a.Subject, Changes: Changes(a), Why: a.Why},
	}
	switch group, _, _ := strings.Cut(a.Command, " "); group {
	case "account", "subject", "session": // of one session the subject is its number
		if account, err := regulation.ParseAccount(a.Subject); err == nil {
			e.Account = string(account)
		}
	case "app", "relay":
		if id, err := regulation.ParseAppID(a.Subject); err == nil {
			e.AppID = string(id)
		}
	}
	return e
}

// Changes are the changes of an action in one line.
func Changes(a *store.Action) string {
	var b strings.Builder
	for i, c := range a.Changes {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.What)
		switch {
		case c.Old != "" && c.New != "":
			fmt.Fprintf(&b, ": %s → %s", cut(c.Old), cut(c.New))
		case c.New != "":
			fmt.Fprintf(&b, ": %s", cut(c.New))
		case c.Old != "":
			fmt.Fprintf(&b, ": not %s any more", cut(c.Old))
		}
	}
	return b.String()
}

// cut is s with at most MaxValue bytes, whole runes.
func cut(s string) string {
	if len(s) <= MaxValue {
		return s
	}
	n := MaxValue - len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
