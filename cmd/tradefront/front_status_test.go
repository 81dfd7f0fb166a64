package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/ports"
)

// stranger connects and says nothing.
func stranger(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// turnedAway waits until the front closes the connection.
func turnedAway(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("read: %v, want that the front closed", err)
	}
}

// frontWith serves a site with these limits.
func frontWith(t *testing.T, limits string) *served {
	t.Helper()
	newSite(t)
	// A terminal that says nothing stays for as long as a busy machine takes for a test.
	write(t, "tradefront.yaml", siteConfig+"timers: {authenticate: 1h}\nlimits: {"+limits+"}\n")
	return serve(t)
}

func TestFrontStatus(t *testing.T) {
	front := frontWith(t, "connections: 100, connections_per_source: 2")
	defer front.stop()
	ask := func(more ...string) outcome {
		return tradefront("", append([]string{"front", "status", "-c", "tradefront.yaml", "--front", front.admin}, more...)...)
	}
	// Two connect and stay, one over their bound is turned away.
	stranger(t, front.address)
	stranger(t, front.address)
	turnedAway(t, stranger(t, front.address))
	want := `front 1, tradefront …, serving since …
connections 2 of 100, unauthenticated 2, from 1 sources
logins in flight 0, users online 0
refused since the start: front_full 0, source_banned 0, source_full 1, source_penalized 0, unauthenticated_full 0; evicted 0
penalties: 0 sources refused, 0 in debt

SOURCE     CONNECTIONS  UNAUTHENTICATED  EXEMPT
127.0.0.*  2            2                false

NOT READY
CHECK …
front …true …required  2 connections, 0 users online
…
registry …false …required  no AppID is admitted…`
	var got outcome
	defer func() {
		if t.Failed() {
			t.Logf("status %d\n%s%s\nwant\n%s", got.status, got.out, got.err, want)
		}
	}()
	await.True(t, "the two connections to be shown", func() bool { // a connection is counted a moment before its dialogue has begun
		got = ask()
		return got.status == exitDone && got.err == "" && like(want, got.out)
	})
	if got := ask("--full"); !strings.Contains(got.out, "127.0.0.1  2") {
		t.Errorf("whole addresses:\n%s", got.out)
	}
	var s daemon.Status
	if err := json.Unmarshal([]byte(ask("-o", "json", "--full").out), &s); err != nil {
		t.Fatal(err)
	}
	if s.State != "serving" || s.Ready || s.Open != 2 || s.Heaviest[0] != (daemon.HeavySource{Source: "127.0.0.1", Open: 2, Unauth: 2}) || s.Refused["source_full"] != 1 {
		t.Errorf("%+v", s)
	}
}

// Penalties are listed, and who owes them is not shown without being asked for.
func TestFrontStatusListsPenalties(t *testing.T) {
	front := frontWith(t, "penalties: {malformed: 1h, max: 2h}")
	defer front.stop()
	bad := stranger(t, front.address)
	if _, err := bad.Write([]byte{1, 255, 0, 0}); err != nil {
		t.Fatal(err)
	}
	turnedAway(t, bad)
	turnedAway(t, stranger(t, front.address))
	got := tradefront("", "front", "status", "-c", "tradefront.yaml", "--front", front.admin, "-o", "json")
	var s daemon.Status
	if err := json.Unmarshal([]byte(got.out), &s); err != nil {
		t.Fatal(err)
	}
	if s.Shut != 1 || len(s.Longest) != 1 || s.Longest[0].Source != "127.0.0.*" || s.Longest[0].Left < 3500 || s.Refused["source_penalized"] != 1 {
		t.Errorf("%+v", s)
	}
	text := tradefront("", "front", "status", "-c", "tradefront.yaml", "--front", front.admin).out
	if !like("…\nREFUSED SOURCE  FOR ANOTHER\n127.0.0.*       …m…s\n…", text) && !like("…127.0.0.*       1h0m0s\n…", text) {
		t.Error(text)
	}
}

func TestFrontStatusOfNoFront(t *testing.T) {
	newSite(t)
	free := ports.Address(t)
	play(t, []step{
		{"front status -c tradefront.yaml --front " + free, "", 1, "", `tradefront: ask the front at "` + free + `": …connection refused; is it running, and is that its admin.address? --front names another`},
		{"front status -c tradefront.yaml", "", 1, "", `tradefront: ask the front at "127.0.0.1:0": want host:port of an admin listener; is it…`},
		{"front status", "", 2, "", "…"},
	})
}
