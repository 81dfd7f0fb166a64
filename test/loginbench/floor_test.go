//go:build linux

package loginbench

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

// floorConfig is the first line of the floor's standard input.
type floorConfig struct {
	Firm firm
	RSA  bool
}

// floor is the least that a server on an event loop does for a login: gnet accepts, the loop answers. It verifies and
// stores nothing.
type floor struct {
	gnet.BuiltinEventEngine
	answers
	key      supplement.Encrypter // nil: no encryption
	booted   chan netip.AddrPort
	sessions atomic.Int32
}

func serveFloor() error {
	var cfg floorConfig
	in := commands()
	if err := in.Decode(&cfg); err != nil {
		return err
	}
	f := &floor{answers: answers{cfg.Firm}, booted: make(chan netip.AddrPort, 1)}
	if cfg.RSA {
		key, err := supplement.ParsePublicKey(cfg.Firm.PublicKey)
		if err != nil {
			return err
		}
		f.key = key
	}
	ended := make(chan error, 1)
	go func() {
		ended <- gnet.Run(f, "tcp://127.0.0.1:0", gnet.WithMulticore(true), gnet.WithTCPNoDelay(gnet.TCPNoDelay),
			gnet.WithReadBufferCap(64<<10), gnet.WithWriteBufferCap(64<<10), gnet.WithLogger(zap.NewNop().Sugar()))
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("floor: %w", err)
	case addr := <-f.booted:
		return untilInputEnds(in, addr.String())
	}
}

// OnBoot asks the kernel for the port that port 0 became. Connections inherit the keep-alive of the listening socket, as the
// front's do.
func (f *floor) OnBoot(engine gnet.Engine) gnet.Action {
	fd, err := engine.Dup()
	if err != nil {
		return gnet.Shutdown
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return gnet.Shutdown
	}
	addr, err := unix.Getsockname(fd)
	in4, is := addr.(*unix.SockaddrInet4)
	if err != nil || !is {
		return gnet.Shutdown
	}
	f.booted <- netip.AddrPortFrom(netip.AddrFrom4(in4.Addr), uint16(in4.Port))
	return gnet.None
}

// OnTraffic answers each whole frame.
func (f *floor) OnTraffic(c gnet.Conn) gnet.Action {
	var out [1024]byte
	for {
		buf, err := c.Peek(-1)
		if err != nil {
			return gnet.None // nothing is left
		}
		n, r, err := readRequest(buf)
		switch {
		case err != nil:
			return gnet.Close
		case n == 0:
			return gnet.None
		}
		answer, err := f.answer(out[:0], &r, c.RemoteAddr())
		if err != nil {
			return gnet.Close
		}
		if _, err := c.Discard(n); err != nil {
			return gnet.Close
		}
		if len(answer) > 0 {
			if _, err := c.Write(answer); err != nil {
				return gnet.Close
			}
		}
	}
}

func (f *floor) answer(dst []byte, r *request, peer net.Addr) ([]byte, error) {
	switch r.ask {
	case challenge:
		var random [ftd.ChallengeLen]byte
		_, _ = rand.Read(random[:]) // never fails
		return f.challenge(dst, &random)
	case admission:
		return f.admitted(dst, time.Now())
	case login:
		addr, now := peer.(*net.TCPAddr).AddrPort(), time.Now()
		if f.key != nil {
			if err := encrypted(f.key, r, &f.firm, addr, now); err != nil {
				return dst, err
			}
		}
		return f.loggedIn(dst, r, now, addr, f.sessions.Add(1), []byte(recordID))
	}
	return dst, nil
}

// encrypted builds the supplement string of a login and encrypts it; the result is thrown away.
func encrypted(key supplement.Encrypter, r *request, firm *firm, addr netip.AddrPort, now time.Time) error {
	var plain [supplement.MaxDirectLen]byte
	var cipher [supplement.CiphertextLen]byte
	s := supplement.Supplement{
		Flag: '0', AppID: regulation.AppID(firm.AppID), Public: addr, LoginTime: now, Account: regulation.Account(r.login.UserID), UserType: '1',
	}
	text, err := s.Append(plain[:0])
	if err == nil {
		_, err = key.Encrypt(cipher[:0], text)
	}
	return err
}
