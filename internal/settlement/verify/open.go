package verify

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

const (
	// headerLen is what the field's incumbent puts before a terminal's ciphertext, in bytes.
	headerLen = 8
	// collectedApart is how far collection and login may lie apart before it is told: a
	// terminal collects at each login (4.3.1), but clocks of customers are wrong.
	collectedApart = time.Hour
)

// open opens both ciphertexts of a line and judges what is in them.
func (w *worker) open(l *line) error {
	v := l.version
	if v.Decrypter == nil {
		w.found.add(KeyMissing, l.number, "version "+v.Name)
		return nil
	}
	text, err := v.Decrypter.Decrypt(l.supplement)
	if err != nil {
		w.found.add(SupplementUnopened, l.number, "")
		if failed := v.failed.Add(1); failed >= patience && v.opened.Load() == 0 {
			return w.rules.misfit(v, l.supplement)
		}
		return nil
	}
	v.opened.Add(1)
	w.shares.opened.lines++
	login := w.judgeLogin(l, string(text))
	if !v.validAt(login.keyTime) {
		w.found.add(KeyVersionOther, l.number, "the login was when that key was not valid")
	}
	w.judgeFlag(l, login)
	w.openTerminal(l, login)
	return nil
}

// judgeFlag holds 异常标识 to what can be seen of the terminal item: nothing is 1, and what
// cannot be a ciphertext is 3, or 2 if the version was wrong as well.
func (w *worker) judgeFlag(l *line, in login) {
	n := len(l.terminal)
	switch {
	case !in.flag.Valid():
	case n == 0 && in.flag != regulation.FlagTerminalEmpty:
		w.found.add(FlagMismatch, l.number, "flag "+in.flag.String()+", and the terminal item is empty: want 1")
	case n > 0 && !l.version.carries(n) && in.flag < regulation.FlagKeyVersion:
		w.found.add(FlagMismatch, l.number, "flag "+in.flag.String()+", and the terminal item has "+plural(n, "byte")+": want 3")
	case n > 0 && in.flag == regulation.FlagTerminalEmpty:
		w.found.add(FlagOwn, l.number, "")
	}
}

// carries reports whether n bytes can hold a ciphertext: fits, or with the incumbent's header.
func (v *version) carries(n int) bool { return v.fits(n) || n == headerLen+RSALen }

// openTerminal opens the terminal item. What the flag confesses is no fault.
func (w *worker) openTerminal(l *line, in login) {
	states := &w.shares.opened.terminal
	n := len(l.terminal)
	switch {
	case n == 0:
		states[terminalAbsent]++
		return
	case !l.version.carries(n):
		states[terminalWrongLength]++
		return
	}
	ciphertext := l.terminal
	if !l.version.fits(n) {
		ciphertext = ciphertext[headerLen:]
	}
	text, err := l.version.Decrypter.Decrypt(ciphertext)
	if err != nil {
		states[terminalUnopened]++
		if in.flag == regulation.FlagNormal {
			w.found.add(TerminalUnopened, l.number, "")
		}
		return
	}
	items, err := parseTerminal(string(text))
	if err != nil {
		states[terminalMalformed]++
		if in.flag == regulation.FlagNormal {
			w.found.add(TerminalString, l.number, err.Error())
		}
		return
	}
	states[terminalGood]++
	w.countTerminal(l.number, items, in)
}

// parseTerminal is terminalinfo.Parse, and the form of the addresses.
func parseTerminal(text string) ([]terminalinfo.Item, error) {
	items, err := terminalinfo.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		switch it.Name {
		case "私网IP1", "私网IP2", "移动终端IP":
			if it.Value != "" && !isAddress(it.Value) {
				return nil, &regulation.ItemError{Item: it.Name, Problem: "not an IP address"}
			}
		}
	}
	return items, nil
}

// countTerminal counts type and missing items of a good terminal string.
func (w *worker) countTerminal(number int64, items []terminalinfo.Item, in login) {
	kind := regulation.TerminalType(items[0].Value[0])
	w.shares.opened.types[kind-regulation.TerminalWindows]++
	for _, it := range items {
		if it.Value == "" {
			w.shares.opened.missing.add(missingItem{kind, it.Name})
		}
	}
	if in.offline && kind != regulation.TerminalOffline {
		w.found.add(Address, number, "empty, and the terminal is not of type "+string(rune(regulation.TerminalOffline)))
	}
	// Offline and WeChat orders are collected when they are given, whenever the login was.
	if in.at.IsZero() || kind >= regulation.TerminalOffline {
		return
	}
	collected, _ := parseTime(items[1].Value) // Parse has checked it
	if apart := collected.Sub(in.at).Abs(); apart > collectedApart {
		w.found.add(CollectedTime, number, apart.String()+" apart")
	}
}
