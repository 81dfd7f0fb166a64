package session_test

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// TestAnyDialogue plays terminals that say anything in any order, with any bytes, while
// verdicts and time come as they like. It never panics, and what must hold always holds.
func TestAnyDialogue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) { play(t, drawn{r}) })
}

// FuzzSession is the same play, with a fuzzer's bytes as its choices: the first says where
// the dialogue begins, then each action is a byte, followed by what it needs.
func FuzzSession(f *testing.F) {
	for begun := range int(session.Closed) {
		for action := range len(moves) {
			f.Add([]byte{byte(begun), byte(action), 200, 1, 2, 3, byte(action), 90, 1, 2, 3})
		}
	}
	f.Add([]byte("\x00\x00\x01\x02\x0b\x00\x03"))         // in, and out again
	f.Add([]byte("\x00\x00\x00\x00\x00\x00"))             // a challenge too many
	f.Add([]byte("\x03\x02\x02\x02\x02\x02\x02\x02\x02")) // a flood while a login is on its way
	f.Fuzz(func(t *testing.T, data []byte) {
		play(t, &bytesOf{data})
	})
}

// chance makes the choices of a play.
type chance interface {
	upTo(highest int, what string) int // 0 to highest
	bytes(longest int) []byte
	over() bool
}

type drawn struct{ *rapid.T }

func (d drawn) upTo(highest int, what string) int {
	return rapid.IntRange(0, highest).Draw(d.T, what)
}

func (d drawn) bytes(longest int) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, longest).Draw(d.T, "bytes")
}

func (d drawn) over() bool { return rapid.IntRange(0, 39).Draw(d.T, "over") == 0 }

// bytesOf chooses by the bytes that it has; without any left, 0.
type bytesOf struct{ data []byte }

func (b *bytesOf) upTo(highest int, _ string) int {
	if len(b.data) == 0 {
		return 0
	}
	n := int(b.data[0])
	b.data = b.data[1:]
	if highest > 255 {
		n = n<<8 | b.upTo(255, "")
	}
	return n % (highest + 1)
}

func (b *bytesOf) bytes(longest int) []byte {
	n := min(b.upTo(longest, ""), len(b.data))
	defer func() { b.data = b.data[n:] }()
	return b.data[:n]
}

func (b *bytesOf) over() bool { return len(b.data) == 0 }

// moves are what can happen to a session.
var moves = []func(d *dialogue, c chance){
	func(d *dialogue, _ chance) { d.askChallenge() },
	func(d *dialogue, _ chance) { d.answer() },
	func(d *dialogue, _ chance) { d.sendLogin() },
	func(d *dialogue, _ chance) { d.sendLogout() },
	func(d *dialogue, _ chance) { d.message(0x7777) },
	func(d *dialogue, _ chance) { d.frame(ftd.AppendHeartbeat(nil)) },
	func(d *dialogue, c chance) { d.tick(time.Duration(c.upTo(40, "after")) * time.Second) },
	func(d *dialogue, c chance) { d.verdict = reason.Reason(c.upTo(4, "verdict")) },
	func(d *dialogue, c chance) { // a body of any bytes
		d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: ftd.Frame{
			Type: ftd.FrameType(c.upTo(3, "type")), Body: c.bytes(d.s.BodyLimit()),
		}})
	},
	func(d *dialogue, c chance) { // a message of any fields
		body := make([]byte, ftd.MessageHeaderLen, 512)
		body[0], body[5], body[13] = 2, 'S', byte(c.upTo(3, "fields"))
		binary.BigEndian.PutUint32(body[1:], uint32(tids[c.upTo(len(tids)-1, "tid")]))
		for range body[13] {
			data := c.bytes(150)
			body = binary.BigEndian.AppendUint32(body, uint32(fids[c.upTo(len(fids)-1, "fid")]))
			body = append(binary.BigEndian.AppendUint16(body, uint16(len(data))), data...)
		}
		binary.BigEndian.PutUint16(body[14:], uint16(len(body)-ftd.MessageHeaderLen))
		d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: ftd.Frame{Type: ftd.FrameFTDC, Body: body}})
	},
	func(d *dialogue, c chance) { // a good message with some bytes changed
		frame := goodFrames[c.upTo(len(goodFrames)-1, "which")](d.t)
		for range c.upTo(4, "bits") {
			frame[ftd.FrameHeaderLen+c.upTo(len(frame)-ftd.FrameHeaderLen-1, "at")] ^= byte(c.upTo(255, "bits"))
		}
		if len(frame) <= ftd.FrameHeaderLen+d.s.BodyLimit() {
			d.frame(frame)
		}
	},
	func(d *dialogue, c chance) { // the gateway's word on a login
		if d.attempt != nil && d.close == reason.StayOpen {
			why := reason.Reason(c.upTo(len(reason.Words())-1, "outcome"))
			d.accepted = d.accepted || why == reason.OK
			d.finish(why)
		}
	},
}

var (
	tids = []ftd.TID{ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDError, 0x7777}
	fids = []ftd.FID{
		ftd.FIDAuthIdentity, ftd.FIDAuthInfo, ftd.FIDLoginRequest, ftd.FIDTerminalInfo, ftd.FIDLogoutRequest, ftd.FIDError, 0x7777,
	}
	goodFrames = []func(testing.TB) []byte{
		identityFrame,
		func(t testing.TB) []byte { return encode(t, ftd.TIDAuthenticate, identity(app), authInfo) },
		loginFrame,
		func(t testing.TB) []byte { return encode(t, ftd.TIDUserLogout, logoutRequest("9999", "88888888")) },
	}
)

// slowSettings let a challenge grow old before the connection does.
var slowSettings = session.Settings{
	AuthTimeout: time.Minute, LoginTimeout: time.Minute, ChallengeTTL: 15 * time.Second,
	BodyBeforeAuth: 512, PendingFrames: 8, Refusals: 20,
}

// play begins anywhere (chance alone seldom gets beyond the authentication) and looks after
// each move whether what must hold does. What a challenge is good for, dialogue looks at.
func play(t *testing.T, c chance) {
	d := newDialogueWith(t, &slowSettings)
	begun := session.State(c.upTo(int(session.LoggedIn), "begun"))
	d.reach(begun)
	d.accepted = begun == session.LoggedIn
	for n := 0; d.close == reason.StayOpen && n < 200 && !c.over(); n++ {
		attempt, answers, before := d.attempt, len(d.sent), d.s.State()
		moves[c.upTo(len(moves)-1, "move")](d, c)
		switch state := d.s.State(); {
		case attempt != nil && d.attempt != nil && attempt != d.attempt:
			t.Fatal("a second login was begun while one is on its way")
		case state == session.LoggedIn && !d.accepted:
			t.Fatal("logged in without the gateway's word")
		case before < session.Authenticated && state >= session.Authenticated && state != session.Closed && d.verdict != reason.OK:
			t.Fatal("authenticated without the gateway's word")
		case before < session.Authenticated && state > session.Authenticated && state != session.Closed:
			t.Fatalf("from %v to %v at once", before, state)
		case (d.attempt != nil) != (state == session.LoggingIn) && d.close == reason.StayOpen:
			t.Fatalf("state %v, login on its way: %v", state, d.attempt != nil)
		case d.close == reason.Malformed && (len(d.sent) > answers || d.fault == 0):
			t.Fatalf("malformed: %d answers, fault %d", len(d.sent)-answers, d.fault)
		case before < session.Authenticated && len(d.sent) > answers && d.sent[answers].code == reason.UnknownRequest.Code():
			t.Fatal("a stranger was told which requests there are")
		case len(d.sent) > answers+1:
			t.Fatalf("%d answers to one event", len(d.sent)-answers)
		case begun < session.Authenticated && state < session.Authenticated && d.refused() > 3:
			t.Fatalf("%d refusals before authentication", d.refused())
		}
	}
}

// refused counts the answers of an error.
func (d *dialogue) refused() (n int) {
	for _, a := range d.sent {
		if a.code > 0 {
			n++
		}
	}
	return n
}
