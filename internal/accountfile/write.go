package accountfile

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Writer writes accounts, without what a password could be tested by.
type Writer struct{ out *csv.Writer }

// NewWriter writes the first line, which names the columns.
func NewWriter(out io.Writer) (*Writer, error) {
	w := &Writer{csv.NewWriter(out)}
	return w, w.out.Write([]string{"account", "user_type", "created", "changed", "last_unlocked"})
}

// Write writes one account.
func (w *Writer) Write(a *local.Account) error {
	return w.out.Write([]string{string(a.Account), string(rune(a.UserType)), instant(a.Created), instant(a.Changed), instant(a.Unlocked)})
}

// Flush writes what is buffered.
func (w *Writer) Flush() error {
	w.out.Flush()
	return w.out.Error()
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(regulation.Zone).Format(time.RFC3339)
}
