//go:build linux

package loginbench

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/pgtest"
)

// The floors and the simple server do no less on the wire than the front: the same number of bytes for each step.
func TestAnswersAreAsLong(t *testing.T) {
	t.Parallel()
	front := newFront(t, embeddedName, program, nil, "")
	f := &front.firm
	want := answerLengths(t, front)
	for _, c := range []*contender{
		newOwn(t, floorName, "floor", f, floorConfig{Firm: *f}, nil),
		newOwn(t, rsaName, "floor", f, floorConfig{Firm: *f, RSA: true}, nil),
		newOwn(t, simpleName, "simple", f, simpleConfig{*f, pgtest.Database(t)}, nil),
	} {
		if got := answerLengths(t, c); !slices.Equal(got, want) {
			t.Errorf("%s answers with %v bytes, the front with %v", c.name, got, want)
		}
	}
}

// answerLengths are the bytes of the three answers of a visit.
func answerLengths(t *testing.T, c *contender) (lengths []int) {
	t.Helper()
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(visitPatience)); err != nil {
		t.Fatal(err)
	}
	var machine client.Machine
	id := client.Identity{BrokerID: c.firm.BrokerID, AppID: c.firm.AppID}
	request, err := machine.AppendAsk(nil, &id)
	for {
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		event, n := receiveOne(t, conn, &machine)
		lengths = append(lengths, n)
		switch event.Kind {
		case client.Challenged:
			challenge := event.Challenge()
			request, err = machine.AppendAnswer(nil, &id, c.firm.AuthCode, &challenge)
		case client.Authenticated:
			request, err = machine.AppendLogin(nil, &client.LoginRequest{
				BrokerID: id.BrokerID, UserID: c.firm.Accounts[0], Password: c.firm.Password, KeyVersion: c.firm.KeyVersion, AbnormalFlag: '0',
				Ciphertext: slices.Repeat([]byte{1}, 256),
			})
		case client.LoggedIn:
			return lengths
		default:
			t.Fatalf("%s: %v %v", c.name, event.Kind, event.Refusal)
		}
	}
}

func receiveOne(t *testing.T, conn net.Conn, machine *client.Machine) (client.Event, int) {
	t.Helper()
	var in []byte
	for {
		n, event, err := machine.Receive(in)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return event, n
		}
		part := make([]byte, 2048)
		got, err := conn.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, part[:got]...)
	}
}
