package daemon

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/test/await"
)

// operatedFront is a front with accounts of its own, whose operator relay is logged in. It looks at its directory when a test says so.
type operatedFront struct {
	*site.Site
	daemon *Daemon
	relay  *client.Relay
	own    *directory.Directory
	exits  chan client.RelayEvent
}

func startOperated(t *testing.T) *operatedFront {
	t.Helper()
	made, err := site.NewLinked(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	made.Config.Core.Driver = assemble.DriverLocal
	made.Config.Auth.Refresh = time.Hour
	made.Config.Relay.TerminalExits = config.AppIDs{site.OperatorRelay}
	if err := made.Enrol(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &operatedFront{Site: made, exits: make(chan client.RelayEvent, 100)}
	if f.daemon, err = Start(t.Context(), made.Config, Options{Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.daemon.Stop(); err != nil {
			t.Error(err)
		}
	})
	f.own = directory.New(f.daemon.path.Journal.Tables())
	r := made.Firm.Relays
	f.relay, err = client.DialRelay(t.Context(), client.RelayOptions{
		Addresses: []string{f.daemon.Addrs()[1].String()}, AuthCode: r.Operator.AuthCode, RefusedRetry: -1,
		Identity: client.Identity{BrokerID: "9999", AppID: string(r.Operator.AppID), Cipher: r.Operator.Cipher},
		Login:    client.LoginRequest{BrokerID: "9999", UserID: string(r.As.Account), Password: r.As.Password, KeyVersion: "1.0", AbnormalFlag: '1'},
		OnEvent: func(e client.RelayEvent) {
			if e.Kind == client.RelayTerminalExit {
				f.exits <- e
			}
		},
		Dial: []client.Option{client.WithSourceAddr(demo.OperatorHost)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.relay.Close() })
	return f
}

func endedContext(t *testing.T) context.Context {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	return over
}

// TestWithdrawnRelaysAreTriedAgain: where the connections of a relay that was disabled could not be ended, the next look ends them,
// though nothing has changed since.
func TestWithdrawnRelaysAreTriedAgain(t *testing.T) {
	t.Parallel()
	f := startOperated(t)
	if err := f.own.SetAppEnabled(t.Context(), site.OperatorRelay, false); err != nil {
		t.Fatal(err)
	}
	if !f.daemon.path.FollowDirectory(t.Context()) {
		t.Fatal("no change was seen")
	}
	f.daemon.endWithdrawnRelays(endedContext(t))
	if !f.relay.Stats().Up {
		t.Fatal("the connection was ended without a loop")
	}
	f.daemon.refresh(t.Context())
	<-f.relay.Done()
	if exit, is := errors.AsType[*client.ForceExit](f.relay.Err()); !is || exit.Code != '3' {
		t.Errorf("the relay ended with %v", f.relay.Err())
	}
	if f.daemon.withdrawn.Load() {
		t.Error("all connections were ended, and are tried again")
	}
}

// TestBarredTerminalsAreTriedAgain: a terminal of a disabled account that could not be come to is not taken for one whose relay cannot be
// told. The next look ends it.
func TestBarredTerminalsAreTriedAgain(t *testing.T) {
	t.Parallel()
	f := startOperated(t)
	customer := f.Firm.Accounts[0].Account
	got, err := f.relay.Submit(t.Context(), client.Submission{
		UserID: string(customer), KeyVersion: "1.0", AbnormalFlag: '1',
		Terminal: client.RelayedTerminal{
			AppID: string(f.Firm.Apps[0].AppID), PublicAddr: netip.MustParseAddrPort("203.0.113.9:50001"), LoginTime: time.Now(),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.own.SetAccountState(t.Context(), customer, local.Disabled); err != nil {
		t.Fatal(err)
	}
	f.daemon.path.FollowDirectory(t.Context())
	if ended, err := f.daemon.endBarredTerminals(endedContext(t)); ended != 0 || err == nil {
		t.Errorf("%d terminals ended without a loop, %v", ended, err)
	}
	f.daemon.endBarred(t.Context())
	if e := <-f.exits; e.Terminal != got.SubmitID {
		t.Errorf("the front ended %v, not %v", e.Terminal, got.SubmitID)
	}
	await.True(t, "the front to know no terminal of the account", func() bool {
		ended, err := f.daemon.endBarredTerminals(t.Context())
		return ended == 0 && err == nil
	})
}
