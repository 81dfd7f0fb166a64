package session

import (
	"crypto/sha256"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
)

// AuthAttempt is an answer to a challenge.
type AuthAttempt struct {
	BrokerID  []byte
	AppID     []byte
	Challenge *[ftd.ChallengeLen]byte
	Answer    *[ftd.ChallengeLen]byte
}

// LoginAttempt is a customer's login as the terminal sent it: well-formed, its strings
// checked, nothing verified.
type LoginAttempt struct {
	Arrived  time.Time // when its frame was taken from the socket
	AppID    []byte    // authenticated
	AppType  byte      // as authenticated
	UserID   []byte
	Request  []byte // the LoginRequest field as it came, for a trading core; the password is in it
	Password []byte // the password alone, a copy of its own after Clone
	Terminal TerminalInfo
	Resume   ftd.ResumePoints // Count 0 if it asked for no flow
	Relayed  *RelayedTerminal // what a many-to-many relay told; nil in direct mode, and of an operator's own login
	Line     core.Terminal    // where the core's messages go; the driver of the dialogue sets it
	Gone     *atomic.Bool     // the terminal's connection has ended; the driver sets it too. nil if that is not known
}

// TerminalInfo is what a terminal sent of its collection, as ftd.TerminalInfo has it.
type TerminalInfo struct {
	KeyVersion []byte // the version of the key that it encrypted under, at most 8 bytes
	Flag       byte   // its own 异常标识: any byte, the gateway judges it
	Ciphertext []byte // its terminal string, encrypted; empty if it sent none
}

// RelayedTerminal is what a relay told of one terminal: the fields as they came, of which nothing is judged but their
// length.
type RelayedTerminal struct {
	Told   ftd.RelayedTerminal
	Field  []byte          // the 94 bytes of RelayedTerminal as the relay sent them
	Tag    ftd.TerminalTag // personal data; empty if none was sent
	Tagged bool
	// Illegal names the first item of RelayedTerminal or TerminalTag that is not of its type on the wire, or has an
	// illegal character, as RelayedTerminal.PublicIP; "" if all are. Whether PublicIP is an address and LoginTime a time
	// the gateway says.
	Illegal string
}

// SubmitAttempt is an operator relay's report of one terminal, as the relay sent it (TerminalSubmit): nothing is judged
// but that the relay may submit at all. After Clone its slices belong to it.
type SubmitAttempt struct {
	Arrived  time.Time // when its frame was taken from the socket
	AppID    []byte    // the RelayAppID, authenticated
	Operator []byte    // who is logged in on the connection
	LoggedIn time.Time // when: the relay login time, item 9
	BrokerID []byte    // that the connection authenticated for

	Request ftd.SubmitRequest
	Content []byte // SubmitRequest without Attempt, RelayedTerminal, TerminalInfo: the bytes that the RecordID is made of
	Visit   RelayedTerminal
	Info    TerminalInfo
	// Illegal names the first item of SubmitRequest or TerminalInfo that is not of its type, or has an illegal character;
	// "" if all are. Whether SubmitID is a UUIDv7 the gateway says.
	Illegal string

	request, terminal []byte // the fields as they came, until Clone puts Content together
}

// Peer is one session and where its terminal is: as the front saw it at accept, or as the load
// balancer before the front told it.
type Peer struct {
	SessionID int32          // unique while the front runs; another after a login that a core may still answer
	Addr      netip.AddrPort // the terminal's address and port; invalid if there is no usable one
	Proxy     netip.Addr     // the load balancer that told Addr; invalid if Addr is the connection's own
	Relays    bool           // it came to a listener that admits relays and nothing else
	// Certificate is the SHA-256 of the TLS certificate that the load balancer verified; nil if it told none. Of relays only.
	Certificate *[sha256.Size]byte
}

// Clone copies what aliases the frame and the session, in one allocation; what a relay told in another.
func (a *LoginAttempt) Clone() *LoginAttempt {
	c := *a
	parts := [...]*[]byte{
		&c.AppID, &c.UserID, &c.Request, &c.Password, &c.Terminal.KeyVersion, &c.Terminal.Ciphertext,
	}
	if c.Relayed != nil {
		c.Relayed = c.Relayed.clone()
	}
	moveInto(make([]byte, 0, lengthOf(parts[:])), parts[:])
	return &c
}

// clone copies what aliases the frame, in one allocation.
func (t *RelayedTerminal) clone() *RelayedTerminal {
	c := *t
	parts := [...]*[]byte{&c.Field, &c.Told.AppID, &c.Told.PublicIP, &c.Told.LoginTime, &c.Tag.MAC, &c.Tag.Tag}
	moveInto(make([]byte, 0, lengthOf(parts[:])), parts[:])
	return &c
}

// lengthOf is how many bytes the parts have together.
func lengthOf(parts []*[]byte) (total int) {
	for _, p := range parts {
		total += len(*p)
	}
	return total
}

// moveInto copies the parts behind what is in buf, which has room for them, and lets each part be its copy there.
func moveInto(buf []byte, parts []*[]byte) {
	for _, p := range parts {
		start := len(buf)
		buf = append(buf, *p...)
		*p = buf[start:len(buf):len(buf)]
	}
}
