package session_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/session"
)

// TestAnyDialogue plays terminals that say anything in any order, with any bytes, while
// verdicts and time come as they like. It never panics, and what must hold always holds.
func TestAnyDialogue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDialogue(t)
		// Begun anywhere: chance alone seldom gets beyond the authentication.
		begun := session.State(rapid.IntRange(int(session.Connected), int(session.LoggedIn)).Draw(r, "begun"))
		d.reach(begun)
		accepted := begun == session.LoggedIn // the gateway said OK to a login of this session
		reasons := len(session.Reasons())
		actions := map[string]func(){
			"ask": d.askChallenge, "answer": d.answer, "login": d.sendLogin, "logout": d.sendLogout,
			"unknown":   func() { d.message(0x7777) },
			"heartbeat": func() { d.frame(ftd.AppendHeartbeat(nil)) },
			"tick":      func() { d.tick(time.Duration(rapid.Int64Range(0, int64(40*time.Second)).Draw(r, "after"))) },
			"verdict":   func() { d.verdict = session.Reason(rapid.IntRange(0, 4).Draw(r, "verdict")) },
			"bytes": func() {
				body := rapid.SliceOfN(rapid.Byte(), 0, d.s.BodyLimit()).Draw(r, "body")
				d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: ftd.Frame{Type: ftd.FrameFTDC, Body: body}})
			},
			"spoilt login": func() {
				f := loginFrame(t)
				f[rapid.IntRange(ftd.FrameHeaderLen, len(f)-1).Draw(r, "at")] ^= byte(rapid.IntRange(1, 255).Draw(r, "bits"))
				d.frame(f)
			},
			"finish": func() {
				if d.attempt == nil || d.close != session.StayOpen {
					return
				}
				reason := session.Reason(rapid.IntRange(0, reasons-1).Draw(r, "outcome"))
				accepted = accepted || reason == session.OK
				d.finish(reason)
			},
		}
		names := slices.Sorted(maps.Keys(actions)) // sorted, so that a seed means the same dialogue
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			if d.close != session.StayOpen {
				break
			}
			before := d.attempt
			actions[rapid.SampledFrom(names).Draw(r, "action")]()
			switch state := d.s.State(); {
			case before != nil && d.attempt != nil && before != d.attempt:
				r.Fatal("a second login was begun while one is on its way")
			case state == session.LoggedIn && !accepted:
				r.Fatal("logged in without the gateway's word")
			case (d.attempt != nil) != (state == session.LoggingIn) && d.close == session.StayOpen:
				r.Fatalf("state %v, login on its way: %v", state, d.attempt != nil)
			case d.close == session.Malformed && len(d.sent) > 0 && d.sent[len(d.sent)-1].code > 0 && d.fault == 0:
				r.Fatal("malformed without a fault")
			}
		}
	})
}
