package demo

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/ports"
)

// firm is one whose front is at address.
func firm(t *testing.T, address string) *Firm {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&testKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := supplement.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return &Firm{
		Address: address, BrokerID: "9999", KeyVersion: "1.0", Key: key,
		Apps:     []App{{AppID: "client_xsb_1.0", AuthCode: "DAGET0Q2VRCT1B0J"}},
		Accounts: []Account{{Account: "88888888", UserType: regulation.UserCustomer, Password: "password"}},
	}
}

// deafFront takes connections, reads what comes first and closes.
func deafFront(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			_, _ = conn.Read(make([]byte, 8192))
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// Every visit is counted, none is called answered, and all but those that expect to be
// thrown out are surprises: a front that says nothing cannot pass the demo.
func TestPlayAgainstADeafFront(t *testing.T) {
	const visits = 400
	var last atomic.Int64
	tally, err := Play(t.Context(), firm(t, deafFront(t)), visits, 8, func(done int64) { last.Store(done) })
	if err != nil {
		t.Fatal(err)
	}
	if tally.Visits != visits || last.Load() != visits || tally.Codes[Closed] != visits || len(tally.Answers) != 0 {
		t.Errorf("%d visits, progress %d, codes %v, %d answers", tally.Visits, last.Load(), tally.Codes, len(tally.Answers))
	}
	total := 0
	for _, k := range kinds {
		total += tally.Kinds[k.name]
		if tally.Kinds[k.name] == 0 {
			t.Errorf("%s was not played", k.name)
		}
	}
	if total != visits || tally.Surprises != visits-tally.Kinds["not our protocol"] {
		t.Errorf("%d visits of known kinds, %d surprises", total, tally.Surprises)
	}
	if len(tally.Examples) != maxExamples || !strings.Contains(tally.Examples[0], "the front's last word was -1, not ") {
		t.Errorf("%q", tally.Examples)
	}
}

// A front that is not there ends the play at once, and the error says at which visit.
func TestPlayWithoutAFront(t *testing.T) {
	tally, err := Play(t.Context(), firm(t, ports.Address(t)), 1000, 2, func(int64) {})
	if err == nil || !strings.HasPrefix(err.Error(), "visit ") || tally.Visits > 10 {
		t.Errorf("%d visits, %v", tally.Visits, err)
	}
}

func TestPlayEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tally, err := Play(ctx, firm(t, "127.0.0.1:1"), 10, 2, func(int64) {})
	if !errors.Is(err, context.Canceled) || tally.Visits != 0 {
		t.Errorf("%d visits, %v", tally.Visits, err)
	}
}

// A visit that logs in and then logs in again ends with 5, and its first login is in the
// report: who compares the two tables of the demo must find it.
func TestLoginsAreCountedByTheLastAnswer(t *testing.T) {
	tally := &Tally{Codes: map[int]int{}, Logins: map[int]int{}, Kinds: map[string]int{}}
	twice := &visitor{kind: &kind{name: "logs in twice", code: 5}, answers: []*Was{{}}}
	refused := &visitor{kind: &kind{name: "refused", code: 5}}
	tally.note(twice, &client.Error{Code: 5})
	tally.note(refused, &client.Error{Code: 5})
	if tally.Codes[5] != 2 || tally.Logins[5] != 1 || len(tally.Answers) != 1 {
		t.Errorf("codes %v, logins %v, %d answers", tally.Codes, tally.Logins, len(tally.Answers))
	}
}
