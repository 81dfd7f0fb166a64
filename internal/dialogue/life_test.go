package dialogue

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// live plays a connection that authenticates, logs in and goes, at a driver with that log.
func live(log *zap.Logger, connections int) {
	q := &quick{logins: connections}
	q.ends = make(chan func(), 1)
	driver := New(&session.Settings{
		AuthTimeout: time.Hour, LoginTimeout: time.Hour, ChallengeTTL: time.Hour, PendingFrames: 4, Refusals: 1 << 30, BodyBeforeAuth: 512,
	}, relayLimits, q, q, log)
	id := client.Identity{BrokerID: "9999", AppID: "a_b_1"}
	for range connections {
		d := driver.Begin(q, new(Scratch), session.Peer{SessionID: 1, Proxy: netip.MustParseAddr("198.51.100.9"), Relays: true}, time.Now())
		d.Introduce(home)
		d.Receive(append(terminaltest.Ask(id), terminaltest.Answer(id, [client.ChallengeLen]byte{})...), time.Now())
		d.Receive(terminaltest.Login(client.LoginRequest{
			BrokerID: "9999", UserID: "88888888", Password: "zX9-qW4-vB7-kL2", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
		}), time.Now())
		(<-q.ends)()
		d.End(reason.PeerClosed)
	}
}

// TestDebugLog: a connection has a line a step and one for its life, without address, account or password in clear; at level info it has
// none, and a thousand connections in a second have not a thousand lines of each.
func TestDebugLog(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	live(zap.New(core), 1)
	var steps []string
	for _, line := range logs.All() {
		steps = append(steps, line.Message)
		if text := fmt.Sprint(line.ContextMap()); strings.Contains(text, home.Addr().String()) || strings.Contains(text, "88888888") || strings.Contains(text, "zX9") {
			t.Errorf("%s shows what it should mask: %s", line.Message, text)
		}
	}
	want := []string{
		"a connection was accepted", "a PROXY header named the terminal", "a challenge was sent", "the challenge is spent", "a session is authenticated, and not logged in",
		"a login is on its way", "a session is logged in", "a connection has ended",
	}
	if !slices.Equal(steps, want) {
		t.Fatalf("%q, want %q", steps, want)
	}
	life := logs.All()[len(want)-1].ContextMap()
	for _, key := range []string{
		"session_id", "address", "reason", "lived", "frames_received", "frames_sent", "app_id", "account", "proxy_header_after", "challenged_after",
		"authenticated_after", "login_asked_after", "logged_in_after",
	} {
		if _, there := life[key]; !there {
			t.Errorf("its life has no %s: %v", key, life)
		}
	}
	if life["app_id"] != "a_b_1" || life["reason"] != "peer_closed" {
		t.Errorf("%v", life)
	}

	core, logs = observer.New(zap.InfoLevel)
	live(zap.New(core), 1)
	if logs.Len() != 0 {
		t.Errorf("at level info: %v", logs.All())
	}
	core, logs = observer.New(zap.DebugLevel)
	begun := time.Now()
	live(zap.New(core), 1000)
	seconds := int(time.Since(begun)/time.Second) + 2 // that it may have touched
	if n := logs.FilterMessage("a connection has ended").Len(); n < debugFirst || n > seconds*(debugFirst+1000/debugThereafter) {
		t.Errorf("1,000 connections in %d seconds have %d lines", seconds, n)
	}
}

// TestNoDebugCostsNothing: below level debug the lines of steps and lives allocate nothing.
func TestNoDebugCostsNothing(t *testing.T) {
	core, _ := observer.New(zap.InfoLevel)
	q := new(quick)
	d := q.begin()
	d.driver.steps = sampled(zap.New(core))
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() {
		d.accepted()
		d.introduced()
		d.stepped(session.Challenged, now)
		d.lived()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkNoDebug is what the lines of a connection's steps and life cost at level info.
func BenchmarkNoDebug(b *testing.B) {
	core, _ := observer.New(zap.InfoLevel)
	d := new(quick).begin()
	d.driver.steps = sampled(zap.New(core))
	beat, buf, now := ftd.AppendHeartbeat(nil), make([]byte, 6), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		d.accepted()
		d.stepped(session.Challenged, now)
		d.lived()
		copy(buf, beat)
		d.Receive(buf, now)
	}
}
