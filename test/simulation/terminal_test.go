package simulation

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
)

// terminal is a model of a terminal: it remembers what it said and was told, and how to be
// honest; how often it is not is the plan's.
type terminal struct {
	w       *world
	number  int
	wire    *wire // nil while it has none
	account string
	app     string

	phase     phase
	challenge *auth.Challenge
	inbox     []byte // read, less than a frame

	overheard *[auth.ChallengeLen]byte // an answer that was right once
	welcome   int                      // successes since the healing
}

// phase is how far the terminal thinks it is. It may run ahead of the answers.
type phase int

const (
	fresh phase = iota
	asked
	challenged
	answered
	admitted
	entering
	inside
	leaving
)

func (t *terminal) open(c *wire) {
	t.wire, t.phase, t.challenge, t.inbox = c, fresh, nil, nil
}

// read takes n bytes from the wire and acts on whole frames.
func (t *terminal) read(n int) {
	c := t.wire
	t.inbox = append(t.inbox, c.toTerminal[:n]...)
	c.toTerminal = c.toTerminal[n:]
	for {
		frame, n, err := ftd.DecodeFrame(t.inbox, ftd.MaxBodyLen)
		if err != nil || n == 0 {
			break
		}
		if frame.Type == ftd.FrameFTDC {
			if m, err := ftd.DecodeMessage(frame.Body); err == nil {
				t.hear(m)
			}
		}
		t.inbox = t.inbox[n:]
	}
	if c.dialogue.Ended() && len(c.toTerminal) == 0 {
		t.wire = nil
	}
}

func (t *terminal) hear(m ftd.Message) {
	code := codeOf(m)
	switch m.TID {
	case ftd.TIDAuthenticate:
		if raw, ok := m.Field(ftd.FIDAuthChallenge); ok {
			var ch ftd.AuthChallenge
			if ch.Decode(raw) == nil {
				t.challenge = (*auth.Challenge)(bytes.Clone(ch.TimeStamp[:]))
				t.phase = challenged
			}
		} else if code == 0 {
			t.phase = max(t.phase, admitted)
		}
	case ftd.TIDUserLogin:
		switch {
		case code == 0:
			t.phase = inside
			t.welcome++
		case t.phase == entering && code != 5:
			t.phase = admitted
		}
	}
}

// speak says the next thing of an honest terminal, or something else.
func (t *terminal) speak() string {
	if !t.w.healed && t.w.random.IntN(100) < t.w.plan.mischief {
		return t.misbehave()
	}
	switch t.phase {
	case fresh:
		return t.ask(t.app)
	case challenged:
		return t.answer(t.app)
	case answered, admitted:
		return t.logIn()
	case inside:
		if t.w.random.IntN(2) == 0 {
			return t.say("heartbeat", ftd.AppendHeartbeat(nil))
		}
		return t.logOut(t.account)
	}
	return t.say("heartbeat", ftd.AppendHeartbeat(nil))
}

// eagerness is the weight of the terminal's saying something now. Honest ones wait for
// answers; others run ahead of them.
func (t *terminal) eagerness() int {
	if len(t.wire.toFront) > 2000 {
		return 0
	}
	switch t.phase {
	case fresh, challenged, admitted:
		return 60
	case inside:
		return 20
	}
	if t.w.healed {
		return 0
	}
	return 5
}

func (t *terminal) say(what string, b []byte) string {
	t.wire.toFront = append(t.wire.toFront, b...)
	t.wire.said += len(b)
	return what
}

func (t *terminal) ask(app string) string {
	t.phase = asked
	t.challenge = nil
	return t.say("asks for a challenge as "+app, message(ftd.TIDAuthenticate, identity(app)))
}

// answer is right if the terminal has a challenge and app is its own.
func (t *terminal) answer(app string) string {
	if t.challenge == nil {
		return t.replay()
	}
	result, err := auth.Respond(shelf().codes[app], t.challenge)
	must(err)
	t.phase = answered
	if app != disabledApp {
		t.wire.honest = true // whatever else is wrong, it has the authcode
		t.overheard = &result
	}
	return t.say("answers as "+app, message(ftd.TIDAuthenticate, identity(app), info(result)))
}

func (t *terminal) logIn() string {
	t.phase = entering
	return t.enter(t.newAttempt())
}

func (t *terminal) logOut(account string) string {
	t.phase = leaving
	return t.say("logs out "+account, message(ftd.TIDUserLogout, func(e *ftd.Encoder) {
		e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte(broker), UserID: []byte(account)})
	}))
}

// newAttempt is an honest login. No two have the same ciphertext.
func (t *terminal) newAttempt() *attempt {
	w := t.w
	a := &attempt{
		number: len(w.attempts), wire: t.wire, account: t.account, app: t.app, password: passwordOf + t.account,
		version: pick(w.random, "1.0", "1.0", "2.0"), flag: '0', ciphertext: make([]byte, 256), right: true,
		poison: w.plan.poison > 0 && w.random.IntN(100) < w.plan.poison,
	}
	for i := range a.ciphertext {
		a.ciphertext[i] = byte(w.random.Uint32())
	}
	w.attempts = append(w.attempts, a)
	t.wire.attempts = append(t.wire.attempts, a)
	return a
}

// enter says the attempt.
func (t *terminal) enter(a *attempt) string {
	b := message(ftd.TIDUserLogin, func(e *ftd.Encoder) {
		e.LoginRequest(&ftd.LoginRequest{
			BrokerID: []byte(broker), UserID: []byte(a.account), Password: []byte(a.password),
			HeartbeatSeconds: t.w.random.IntN(40), Remark: []byte("simulated"),
		})
	}, func(e *ftd.Encoder) {
		e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte(a.version), AbnormalFlag: a.flag, Ciphertext: a.ciphertext})
	})
	a.end = t.wire.said + len(b)
	return t.say("logs in "+a.String(), b)
}

func message(tid ftd.TID, fields ...func(*ftd.Encoder)) []byte {
	e := ftd.Begin(nil, tid)
	for _, f := range fields {
		f(&e)
	}
	b, err := e.End()
	must(err)
	return b
}

func identity(app string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte(broker), AppID: []byte(app), ProductInfo: []byte("sim")})
	}
}

func info(answer [auth.ChallengeLen]byte) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) { e.AuthInfo(&ftd.AuthInfo{AuthInfo: answer}) }
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// sortedAccounts is the same in every run.
func sortedAccounts() []string {
	names := make([]string, 0, len(accounts))
	for a := range accounts {
		names = append(names, a)
	}
	slices.Sort(names)
	return names
}
