package demo

import (
	"bufio"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
)

// Verdict is what the check of a report against the terminals found.
type Verdict struct {
	Lines   int
	Equal   int // lines that equal their terminal in every item
	Flags   map[regulation.AbnormalFlag]int
	Ways    map[Way]int // equal lines by how the terminal came
	Missing int         // answered logins without a line
	Faults  []string
	Shown   map[Way][]Opened // a few lines of each way, for people
}

// Opened is one line beside the truth.
type Opened struct {
	Line       string // as in the file, shortened
	Supplement string // as the private key opens it
	Terminal   string
	Was        *Was
}

const (
	maxFaults  = 20
	shortened  = 100     // bytes of a line that are shown
	maxLineLen = 1 << 20 // bytes
)

// Good reports whether the report has every answered login once, as it was.
func (v *Verdict) Good() bool { return v.Missing == 0 && len(v.Faults) == 0 && v.Lines == v.Equal }

// Check reads reports, opens each line with the test private key, and compares it with
// the answered logins. show is how many lines of each way are kept to be shown.
func Check(reports []io.Reader, private *rsa.PrivateKey, answers []*Was, show int) (*Verdict, error) {
	c := checker{
		private: private, show: show,
		verdict: &Verdict{Flags: map[regulation.AbnormalFlag]int{}, Ways: map[Way]int{}, Shown: map[Way][]Opened{}},
		open:    make(map[string][]*Was, len(answers)),
	}
	for _, a := range answers {
		c.open[a.Supplement] = append(c.open[a.Supplement], a)
	}
	for _, r := range reports {
		if err := c.read(r); err != nil {
			return nil, err
		}
	}
	for _, left := range c.open {
		c.verdict.Missing += len(left)
	}
	return c.verdict, nil
}

// checker keeps the answered logins that no line has accounted for yet, by what their
// supplement must be.
type checker struct {
	private *rsa.PrivateKey
	show    int
	verdict *Verdict
	open    map[string][]*Was
}

func (c *checker) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLineLen), maxLineLen)
	for lines.Scan() {
		c.verdict.Lines++
		if err := c.line(lines.Bytes()); err != nil && len(c.verdict.Faults) < maxFaults {
			c.verdict.Faults = append(c.verdict.Faults, fmt.Sprintf("line %d: %v", c.verdict.Lines, err))
		}
	}
	return lines.Err()
}

func (c *checker) line(b []byte) error {
	line, err := reportfile.ParseLine(b)
	if err != nil {
		return err
	}
	text, err := rsa.DecryptPKCS1v15(nil, c.private, line.Supplement)
	if err != nil {
		return errors.New("the private key does not open the supplement")
	}
	if len(text) == 0 {
		return errors.New("the supplement is empty")
	}
	c.verdict.Flags[regulation.AbnormalFlag(text[0])]++
	same := c.open[string(text)]
	if len(same) == 0 {
		return fmt.Errorf("no answered login was %q", text)
	}
	terminal := ""
	if plain, err := rsa.DecryptPKCS1v15(nil, c.private, line.Terminal); err == nil {
		terminal = string(plain)
	}
	// Two logins can have one supplement, in one second through one port: either will do.
	i := slices.IndexFunc(same, func(w *Was) bool { return w.Terminal == terminal })
	if i < 0 {
		return fmt.Errorf("the terminal string is %q, the terminal was %q", terminal, same[0].Terminal)
	}
	was := same[i]
	c.open[string(text)] = slices.Delete(same, i, i+1)
	c.verdict.Equal++
	c.verdict.Ways[was.Way]++
	if shown := c.verdict.Shown[was.Way]; len(shown) < c.show && terminal != "" {
		c.verdict.Shown[was.Way] = append(shown, Opened{
			Line: string(b[:min(len(b), shortened)]), Supplement: string(text), Terminal: terminal, Was: was,
		})
	}
	return nil
}
