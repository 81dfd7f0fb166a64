package daemon

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/front"
)

// Between the moment when the admin listener answers and that when terminals are accepted a
// front may wait for PostgreSQL: a load balancer must not send terminals meanwhile.
func TestNotReadyBeforeItServes(t *testing.T) {
	health := newDaemon(new(config.Config), new(assemble.Assets), Options{Log: io.Discard}).health.Report()
	if health.Ready || len(health.Reasons) != 1 || health.Reasons[0].Reason != "the front is starting" {
		t.Errorf("%+v", health)
	}
}

// TestSocketsAreHandedIn: a front serves on a socket that was bound before it, and does not try its
// address.
func TestSocketsAreHandedIn(t *testing.T) {
	t.Parallel()
	bound, err := front.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	made, err := site.New(t.TempDir(), "", bound.Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), made.Config, Options{Log: io.Discard, Listen: func(string) (*net.TCPListener, error) { return bound, nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.Dial(t.Context(), bound.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Authenticate(t.Context(), client.Identity{BrokerID: "9999", AppID: "not_admitted_1"}, "0123456789abcdef")
	if answer := (*client.Error)(nil); !errors.As(err, &answer) || answer.Code != 63 {
		t.Errorf("the front on that socket answers %v, want 63", err)
	}
}
