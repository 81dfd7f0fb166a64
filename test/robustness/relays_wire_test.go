package robustness

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/cutproxy"
)

// wire sees every byte between HAProxy and the fronts' listeners for relays: from where each relay came, as HAProxy's
// kernel says, what passed to which front, and what was answered. What it knows of a record does not come from the front.
type wire struct {
	mu        sync.Mutex
	seen      map[string][]*sighting // by what is one visit's alone, see visitKey
	answered  map[string]string      // RecordID of each success: what it answered
	read      map[string]bool        // SubmitIDs of which a success may have been read by the relay
	count     wired
	wrong     []string
	connected int
}

// wired are the wire's counts. The last two must be 0.
type wired struct {
	Submissions int `json:"submissions"` // each time that one passed
	Resubmitted int `json:"resubmitted"` // of these, with Attempt '1'
	Relayed     int `json:"relayed"`     // logins through many-to-many relays
	Operators   int `json:"operators"`   // logins of relay operators
	Moved       int `json:"moved"`       // submissions that passed on more than one connection
	BothFronts  int `json:"both_fronts"` // of these, to both fronts
	Unreadable  int `json:"unreadable"`  // frames
	DrawnAnew   int `json:"drawn_anew"`  // a terminal with two SubmitIDs on one connection
}

// sighting is one login or submission on its way to a front.
type sighting struct {
	conn, front     int
	relay           string         // RelayAppID, as it authenticated on that connection
	source          netip.AddrPort // the relay, as HAProxy saw it
	told            *ftd.RelayedTerminal
	account, submit string
	record          uuid.UUID  // of a submission: what its RecordID must be
	from, until     *time.Time // between these the relay logged in: items 9, and 5 of an operator's own line
}

func newWire() *wire {
	return &wire{seen: map[string][]*sighting{}, answered: map[string]string{}, read: map[string]bool{}}
}

// visitKey names a visit: its ciphertext, which no two share, or without one the terminal's address.
func visitKey(sealed []byte, app, addr string, port int) string {
	if len(sealed) > 0 {
		return string(sealed)
	}
	if at, err := netip.ParseAddr(addr); err == nil {
		addr = at.Unmap().String()
	}
	return fmt.Sprintf("%s %s %d", app, addr, port)
}

// watch is the Watcher of one more connection to that front.
func (w *wire) watch(front int) cutproxy.Watcher {
	l := &relayLine{w: w, front: front}
	w.mu.Lock()
	w.connected++
	l.number = w.connected
	w.mu.Unlock()
	return func(up bool, b []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if up {
			l.up = l.frames(l.header(append(l.up, b...)), true)
		} else {
			l.down = l.frames(append(l.down, b...), false)
		}
	}
}

// relayLine is one connection of a relay. Its fields are guarded by the wire's mutex.
type relayLine struct {
	w             *wire
	number, front int
	up, down      []byte // that is not whole yet
	broken        bool
	source        netip.AddrPort // of the PROXY header; invalid until that was read
	relay         string
	from, until   *time.Time // of the login
	operator      bool
}

// header takes the PROXY header of version 2, https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt: 12 bytes of
// signature, version and command, family, length of the rest; then both addresses and both ports.
func (l *relayLine) header(b []byte) []byte {
	const signature = "\r\n\r\n\x00\r\nQUIT\n"
	if l.source.IsValid() || len(b) < 16 {
		return b
	}
	rest := int(binary.BigEndian.Uint16(b[14:]))
	if !bytes.HasPrefix(b, []byte(signature)) || b[12] != 0x21 || b[13] != 0x11 || rest < 12 {
		l.fail("no PROXY header of TCP over IPv4: %x", b[:16])
		return nil
	}
	if len(b) < 16+rest {
		return b
	}
	l.source = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:20])), binary.BigEndian.Uint16(b[24:]))
	return b[16+rest:]
}

func (l *relayLine) fail(format string, args ...any) {
	l.broken = true
	l.w.find(&l.w.count.Unreadable, format, args...)
}

// frames takes the whole frames and returns what is left.
func (l *relayLine) frames(b []byte, up bool) []byte {
	for !l.broken && (!up || l.source.IsValid()) {
		f, n, err := ftd.DecodeFrame(b, ftd.MaxBodyLen)
		if err != nil {
			l.fail("a frame of a relay, up %v: %v", up, err)
		}
		if n == 0 {
			break
		}
		if f.Type == ftd.FrameFTDC {
			l.message(f.Body, up)
		}
		b = b[n:]
	}
	return append([]byte(nil), b...)
}

func (l *relayLine) message(body []byte, up bool) {
	m, err := ftd.DecodeMessage(body)
	if err != nil {
		l.fail("a message of a relay, up %v: %v", up, err)
		return
	}
	switch {
	case up && m.TID == ftd.TIDAuthenticate:
		var id ftd.AuthIdentity
		if data, has := m.Field(ftd.FIDAuthIdentity); has && id.Decode(data) == nil {
			l.relay = string(id.AppID)
		}
	case up && m.TID == ftd.TIDUserLogin:
		l.login(&m)
	case up && m.TID == ftd.TIDTerminalSubmit:
		l.submission(&m)
	case !up && (m.TID == ftd.TIDUserLogin || m.TID == ftd.TIDTerminalSubmit):
		l.answer(&m)
	}
}

func (l *relayLine) login(m *ftd.Message) {
	var request ftd.LoginRequest
	var info ftd.TerminalInfo
	raw, _ := m.Field(ftd.FIDLoginRequest)
	data, _ := m.Field(ftd.FIDTerminalInfo)
	if request.Decode(raw) != nil || info.Decode(data) != nil {
		l.fail("a login of a relay that cannot be read")
		return
	}
	now := time.Now()
	l.from, l.until = &now, new(time.Time)
	s := l.sighting(m)
	s.account = string(request.UserID)
	key := visitKey(info.Ciphertext, l.relay, l.source.Addr().String(), int(l.source.Port()))
	if l.operator = s.told == nil; l.operator {
		l.w.count.Operators++
	} else {
		l.w.count.Relayed++
		key = visitKey(info.Ciphertext, string(s.told.AppID), string(s.told.PublicIP), s.told.PublicPort)
	}
	l.w.seen[key] = append(l.w.seen[key], s)
}

func (l *relayLine) sighting(m *ftd.Message) *sighting {
	s := &sighting{conn: l.number, front: l.front, relay: l.relay, source: l.source, from: l.from, until: l.until}
	if data, has := m.Field(ftd.FIDRelayedTerminal); has {
		var told ftd.RelayedTerminal
		if told.Decode(bytes.Clone(data)) != nil {
			l.fail("a RelayedTerminal that cannot be read: %q", data)
		}
		s.told = &told
	}
	return s
}

func (l *relayLine) submission(m *ftd.Message) {
	var request ftd.SubmitRequest
	var info ftd.TerminalInfo
	raw, _ := m.Field(ftd.FIDSubmitRequest)
	terminal, _ := m.Field(ftd.FIDRelayedTerminal)
	data, _ := m.Field(ftd.FIDTerminalInfo)
	s := l.sighting(m)
	if request.Decode(raw) != nil || info.Decode(data) != nil || s.told == nil || l.from == nil {
		l.fail("a submission that cannot be read, or before a login")
		return
	}
	s.account, s.submit = string(request.UserID), string(request.SubmitID)
	s.record = recordIDOf(l.relay, s.submit, raw[:64], terminal, data)
	l.w.count.Submissions++
	if request.Attempt == ftd.AttemptAgain {
		l.w.count.Resubmitted++
	}
	key := visitKey(info.Ciphertext, string(s.told.AppID), string(s.told.PublicIP), s.told.PublicPort)
	moved, both := false, false
	for _, before := range l.w.seen[key] {
		switch {
		case before.submit == s.submit:
			moved = moved || before.conn != s.conn
			both = both || before.front != s.front
		case before.conn == s.conn && !s.passedOn():
			l.w.find(&l.w.count.DrawnAnew, "a terminal of %s was submitted on one connection as %s and as %s", s.account, before.submit, s.submit)
		case !l.w.read[before.submit]:
			l.w.find(&l.w.count.DrawnAnew, "a terminal of %s was submitted as %s, without an answer, and then as %s", s.account, before.submit, s.submit)
		}
	}
	if moved {
		l.w.count.Moved++
	}
	if both {
		l.w.count.BothFronts++
	}
	l.w.seen[key] = append(l.w.seen[key], s)
}

// passedOn reports whether the agent had it from a relay below, which may have connected to it again meanwhile: what an
// agent saw itself it tells without a type.
func (s *sighting) passedOn() bool { return s.relay == agentDesk && s.told.TerminalType != '0' }

// recordIDOf is the RecordID of a submission, as docs/relay.md has it under "Sending again".
func recordIDOf(relay, submitID string, content ...[]byte) uuid.UUID {
	h := sha256.New()
	fmt.Fprintf(h, "tradefront relay record 1\x00%-30s", relay)
	for _, part := range content {
		h.Write(part)
	}
	id, err := uuid.Parse(submitID)
	if err != nil {
		return uuid.Nil
	}
	copy(id[6:], h.Sum(nil)[:10])
	id[6] = 0x80 | id[6]&0x0F
	id[8] = 0x80 | id[8]&0x3F
	return id
}

func (l *relayLine) answer(m *ftd.Message) {
	var status ftd.Error
	if data, _ := m.Field(ftd.FIDError); status.Decode(data) != nil {
		l.fail("an answer without Error")
		return
	}
	if m.TID == ftd.TIDUserLogin && l.until != nil {
		*l.until = time.Now()
	}
	if status.Code != 0 {
		return
	}
	var login ftd.LoginResponse
	var submit ftd.SubmitResponse
	if data, has := m.Field(ftd.FIDLoginResponse); has && login.Decode(data) == nil {
		l.w.answered[string(login.RecordID)] = fmt.Sprintf("login of %s through %s at %s", login.UserID, l.relay, l.source)
	}
	if data, has := m.Field(ftd.FIDSubmitResponse); has && submit.Decode(data) == nil {
		l.w.read[string(submit.SubmitID)] = true
		l.w.answered[string(submit.RecordID)] = fmt.Sprintf("submission %s of %s through %s at %s", submit.SubmitID, submit.UserID, l.relay, l.source)
	}
}

// unread takes back that the relay read the answers in b, which did not pass.
func (w *wire) unread(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.read {
		if bytes.Contains(b, []byte(id)) {
			delete(w.read, id)
		}
	}
}

// find counts a finding and keeps the first ones. mu is held.
func (w *wire) find(n *int, format string, args ...any) {
	*n++
	if len(w.wrong) < maxExamples {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	}
}

// What passes where a connection of a relay is cut.
var (
	aSubmission   = []byte{0, 0, 0x80, 0x02, ftd.ChainSingle}
	aRelayedLogin = []byte{0, 0, 0, 0x16, ftd.ChainSingle}
)

// passes matches bytes that hold such a message on its way up, or the answer to one on its way down.
func (w *wire) passes(wantUp bool, messages ...[]byte) cutproxy.Match {
	return func(up bool, b []byte) bool {
		if up != wantUp || !slices.ContainsFunc(messages, func(m []byte) bool { return bytes.Contains(b, m) }) {
			return false
		}
		if !up {
			w.unread(b)
		}
		return true
	}
}
