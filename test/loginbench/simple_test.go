//go:build linux

package loginbench

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

// simpleConfig is the first line of the simple server's standard input.
type simpleConfig struct {
	Firm firm
	URL  string // of PostgreSQL
}

// simpleConnections to PostgreSQL: with 8 and fewer a login costs more processor time, with 16 to 64 the same within the noise.
const simpleConnections = 32

// simple is what a firm would write: a goroutine a connection, Go's crypto/rsa, and one INSERT a login. It keeps the
// password's hash in memory, and has no bounds, no audit log and no admission.
type simple struct {
	answers
	pool     *pgxpool.Pool
	key      *rsa.PublicKey
	code     auth.AuthCode
	password [sha256.Size]byte
	sessions atomic.Int32
}

func serveSimple() error {
	var cfg simpleConfig
	in := commands()
	if err := in.Decode(&cfg); err != nil {
		return err
	}
	s, err := newSimple(&cfg)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = s.serve(c) // whose connection it is sees that it ends
			}()
		}
	}()
	return untilInputEnds(in, l.Addr().String())
}

func newSimple(cfg *simpleConfig) (*simple, error) {
	block, _ := pem.Decode(cfg.Firm.PublicKey)
	if block == nil {
		return nil, errors.New("no PEM block in the public key")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	code, err := auth.ParseAuthCode(cfg.Firm.AuthCode)
	if err != nil {
		return nil, err
	}
	c, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	c.MaxConns, c.MinConns = simpleConnections, simpleConnections
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		return nil, err
	}
	_, err = pool.Exec(context.Background(), `CREATE TABLE login (
		record_id uuid PRIMARY KEY, trading_day integer NOT NULL, login_time timestamptz NOT NULL, key_version text NOT NULL,
		terminal bytea NOT NULL, supplement bytea NOT NULL, flag smallint NOT NULL, app_id text NOT NULL, account text NOT NULL,
		user_type smallint NOT NULL, front_id integer NOT NULL, session_id integer NOT NULL)`)
	return &simple{
		answers: answers{cfg.Firm}, pool: pool, key: key.(*rsa.PublicKey), code: code, password: sha256.Sum256([]byte(cfg.Firm.Password)),
	}, err
}

var errRefused = errors.New("refused")

// serve answers a terminal until it goes away.
func (s *simple) serve(c net.Conn) error {
	var sent auth.Challenge
	in, out, filled := make([]byte, ftd.FrameHeaderLen+ftd.MaxExtLen+ftd.MaxBodyLen), make([]byte, 0, 1024), 0
	peer := c.RemoteAddr().(*net.TCPAddr).AddrPort()
	for {
		n, err := c.Read(in[filled:])
		if err != nil {
			return err
		}
		filled += n
		used, r, err := readRequest(in[:filled])
		if err != nil {
			return err
		}
		if used == 0 {
			continue
		}
		if out, err = s.answer(out[:0], &r, &sent, peer); err != nil {
			return err
		}
		filled = copy(in, in[used:filled])
		if _, err := c.Write(out); err != nil {
			return err
		}
	}
}

func (s *simple) answer(dst []byte, r *request, sent *auth.Challenge, peer netip.AddrPort) ([]byte, error) {
	switch r.ask {
	case challenge:
		_, _ = rand.Read(sent[:]) // never fails
		return s.challenge(dst, (*[ftd.ChallengeLen]byte)(sent))
	case admission:
		want, err := auth.Respond(s.code, sent)
		if err != nil || subtle.ConstantTimeCompare(want[:], r.answer) != 1 {
			return dst, errRefused
		}
		return s.admitted(dst, time.Now())
	case login:
		return s.login(dst, r, peer)
	}
	return dst, nil
}

func (s *simple) login(dst []byte, r *request, peer netip.AddrPort) ([]byte, error) {
	given := sha256.Sum256(r.login.Password)
	if subtle.ConstantTimeCompare(given[:], s.password[:]) != 1 {
		return dst, errRefused
	}
	now, session := time.Now(), s.sessions.Add(1)
	told := supplement.Supplement{
		Flag: '0', AppID: regulation.AppID(s.AppID), Public: peer, LoginTime: now, Account: regulation.Account(r.login.UserID), UserType: '1',
	}
	text, err := told.Append(nil)
	if err != nil {
		return dst, err
	}
	cipher, err := rsa.EncryptPKCS1v15(rand.Reader, s.key, text)
	if err != nil {
		return dst, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return dst, err
	}
	year, month, day := now.In(regulation.Zone).Date()
	_, err = s.pool.Exec(context.Background(),
		`INSERT INTO login VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		id, year*10000+int(month)*100+day, now, string(r.terminal.KeyVersion), r.terminal.Ciphertext, cipher, 0, s.AppID,
		string(told.Account), 1, 1, session)
	if err != nil {
		return dst, err
	}
	return s.loggedIn(dst, r, now, peer, session, []byte(id.String()))
}
