package generators

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// Bounds.
const (
	MaxLine     = 64 << 20 // a result of two days is one line
	Silence     = time.Minute
	endPatience = 10 * time.Second
	// goAfter is how far ahead the common instant is: every generator has heard of it by then.
	goAfter = 300 * time.Millisecond
)

// Conn is the way to a generator, or to the coordinator.
type Conn interface {
	io.ReadWriteCloser
	Name() string // for error messages
}

// toGenerator is a line of the coordinator: one of its fields.
type toGenerator struct {
	Plan   *loadtest.Plan `json:"plan,omitempty"`
	People string         `json:"people,omitempty"` // beside Plan: which population it is for
	Go     *goLine        `json:"go,omitempty"`
	Stop   bool           `json:"stop,omitempty"`
}

// goLine names the instant at which all go on: by how far it is away, since clocks differ, and by the coordinator's clock, for the result.
type goLine struct {
	InMs int64     `json:"in_ms"`
	At   time.Time `json:"at"`
}

// toCoordinator is a line of a generator: one of its fields.
type toCoordinator struct {
	Prepared *int             `json:"prepared,omitempty"` // ciphertexts
	Here     bool             `json:"here,omitempty"`     // where all begin together
	Status   *loadtest.Status `json:"status,omitempty"`
	Result   *result.Result   `json:"result,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// Mark tells one population from another without what is secret in it.
func Mark(p *population.Population) string {
	return fmt.Sprintf("%s %s %d %s", p.BrokerID, p.Prefix, p.Accounts, p.Made.UTC().Format(time.RFC3339Nano))
}

// lines writes and reads them. Writing is safe from several goroutines.
type lines struct {
	conn Conn
	scan *bufio.Scanner
	mu   sync.Mutex
}

func newLines(c Conn) *lines {
	scan := bufio.NewScanner(c)
	scan.Buffer(make([]byte, 0, 4<<10), MaxLine)
	return &lines{conn: c, scan: scan}
}

func (l *lines) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", l.conn.Name(), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.conn.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("%s: %w", l.conn.Name(), err)
	}
	return nil
}

func (l *lines) read(v any) error {
	if !l.scan.Scan() {
		if err := l.scan.Err(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return fmt.Errorf("%s: %w", l.conn.Name(), err)
		}
		return io.EOF
	}
	if err := json.Unmarshal(l.scan.Bytes(), v); err != nil {
		return fmt.Errorf("%s: %w", l.conn.Name(), err)
	}
	return nil
}
