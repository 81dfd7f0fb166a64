package session

import (
	"net/netip"
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
	Line     core.Terminal    // where the core's messages go; the driver of the dialogue sets it
}

// TerminalInfo is what a terminal sent of its collection, as ftd.TerminalInfo has it.
type TerminalInfo struct {
	KeyVersion []byte // the version of the key that it encrypted under, at most 8 bytes
	Flag       byte   // its own 异常标识: any byte, the gateway judges it
	Ciphertext []byte // its terminal string, encrypted; empty if it sent none
}

// Peer is one session and where its terminal is: as the front saw it at accept, or as the load
// balancer before the front told it.
type Peer struct {
	SessionID int32          // unique while the front runs
	Addr      netip.AddrPort // the terminal's address and port; invalid if there is no usable one
	Proxy     netip.Addr     // the load balancer that told Addr; invalid if Addr is the connection's own
}

// Clone copies what aliases the frame and the session, in one allocation.
func (a LoginAttempt) Clone() LoginAttempt {
	parts := [...]*[]byte{
		&a.AppID, &a.UserID, &a.Request, &a.Password, &a.Terminal.KeyVersion, &a.Terminal.Ciphertext,
	}
	total := 0
	for _, p := range parts {
		total += len(*p)
	}
	buf := make([]byte, 0, total)
	for _, p := range parts {
		start := len(buf)
		buf = append(buf, *p...)
		*p = buf[start:len(buf):len(buf)]
	}
	return a
}
