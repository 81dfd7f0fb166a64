package simulation

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// terminal is a model of a terminal: it knows what it sent and was answered, and how to be honest;
// how often it is not is the plan's. Its requests are encoded by a client.Machine. As long as they
// kept to the protocol the Machine reads the answers too, and to it no answer may be a violation.
type terminal struct {
	w       *world
	number  int
	wire    *wire // nil while it has none
	account string
	app     string

	phase     phase
	challenge *auth.Challenge
	inbox     terminaltest.Inbox
	machine   client.Machine
	strict    bool // nothing but the machine's requests was sent on this wire

	overheard *[auth.ChallengeLen]byte // an answer that was right once
	welcome   int                      // successes since the healing

	// With a trading core.
	dialog  uint32 // the number of the last request
	awaited *order // its last part, until it is answered
	private int32  // the last number of the account's flow
	traded  int    // answers to requests since the healing

	relay *relayActor // nil for a terminal that comes by itself
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
	changing // the password
	changed  // the core has the new one, perhaps
)

func (t *terminal) open(c *wire) {
	t.wire, t.phase, t.challenge = c, fresh, nil
	t.inbox, t.machine, t.strict = terminaltest.Inbox{}, client.Machine{}, true
	t.dialog, t.awaited = 0, nil
	if t.relay != nil {
		t.relay.reopen()
	}
}

// read takes n bytes from the wire and acts on whole frames.
func (t *terminal) read(n int) {
	c := t.wire
	t.inbox.Add(c.toTerminal[:n])
	c.toTerminal = c.toTerminal[n:]
	for {
		reply, ok, err := t.inbox.Next() // the wire has reported what cannot be read
		if !ok || err != nil {
			break
		}
		t.check(reply)
		t.receive(reply)
		if t.relay != nil {
			t.hearRelay(reply)
		}
		t.hear(reply)
	}
	if c.dialogue.Ended() && len(c.toTerminal) == 0 {
		t.wire = nil
	}
}

// check gives the machine an answer to requests that kept to the protocol.
func (t *terminal) check(reply terminaltest.Reply) {
	if !t.strict || reply.TID == flowTID { // the machine is one for logins
		return
	}
	_, _, err := t.machine.Receive(reply.Frame)
	var violation *client.ViolationError
	if errors.As(err, &violation) {
		t.w.violate("%v: %v", t.wire, err)
	}
}

// receive draws from an answer how far the terminal is.
func (t *terminal) receive(reply terminaltest.Reply) {
	switch reply.TID {
	case ftd.TIDAuthenticate:
		if _, ok := reply.Field(ftd.FIDAuthChallenge); ok {
			challenge := auth.Challenge(reply.Challenge())
			t.challenge = &challenge
			t.phase = challenged
		} else if reply.Code == 0 {
			t.phase = max(t.phase, admitted)
		}
	case ftd.TIDUserLogin:
		switch {
		case reply.Code == 0:
			t.phase = inside
			t.welcome++
		case t.phase == entering && reply.Code != 5:
			t.phase = admitted
			t.refused(reply.Code)
		}
	}
}

// speak sends the next message of an honest terminal, or something else.
func (t *terminal) speak() string {
	mischief := t.w.plan.mischief
	if t.relay != nil { // it has misreport besides, and many customers behind it
		mischief /= 4
	}
	if !t.w.healed && t.w.random.IntN(100) < mischief {
		return t.misbehave()
	}
	switch t.phase {
	case fresh:
		return t.ask(t.app)
	case challenged:
		return t.answer(t.app)
	case answered, admitted:
		return t.logIn()
	case changing:
		return t.changePassword()
	case inside:
		if t.isOperator() {
			return t.report()
		}
		if t.w.takesBusiness() && t.awaited == nil && t.w.random.IntN(4) > 0 {
			return t.trade()
		}
		if t.w.takesBusiness() && t.w.random.IntN(10) > 0 {
			return t.say("heartbeat", ftd.AppendHeartbeat(nil))
		}
		if !t.isServed() || t.w.random.IntN(2) == 0 {
			return t.say("heartbeat", ftd.AppendHeartbeat(nil))
		}
		return t.logOut(t.account)
	}
	return t.say("heartbeat", ftd.AppendHeartbeat(nil))
}

// eagerness is the weight of the terminal's sending something now. Honest ones wait for
// answers; others run ahead of them.
func (t *terminal) eagerness() int {
	if len(t.wire.toFront) > 2000 {
		return 0
	}
	switch t.phase {
	case fresh, challenged, admitted, changing:
		return 60
	case inside:
		if t.isOperator() && !t.w.healed {
			return 150
		}
		if t.w.takesBusiness() && t.awaited == nil {
			return 60
		}
		if t.w.takesBusiness() {
			return 5
		}
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
	id := identity(app)
	return t.say("asks for a challenge as "+app, t.encode(func(m *client.Machine) ([]byte, error) { return m.AppendAsk(nil, &id) }))
}

// answer is right if the terminal has a challenge and app is its own.
func (t *terminal) answer(app string) string {
	if t.challenge == nil {
		return t.replay()
	}
	result, err := auth.Respond(shared().codes[app], t.challenge)
	must(err)
	t.phase = answered
	if app != disabledApp {
		t.wire.honest = true // with any other fault, it has the authcode
		t.overheard = &result
	}
	id, challenge := identity(app), client.Challenge(*t.challenge)
	b := t.encode(func(m *client.Machine) ([]byte, error) {
		return m.AppendAnswer(nil, &id, shared().codes[app].Reveal(), &challenge)
	})
	if !bytes.Equal(b, terminaltest.Answer(id, result)) {
		t.w.violate("client and auth answer a challenge differently")
	}
	return t.say("answers as "+app, b)
}

func (t *terminal) logIn() string {
	t.phase = entering
	return t.enter(t.newAttempt())
}

func (t *terminal) logOut(account string) string {
	t.phase = leaving
	b := terminaltest.Logout(broker, account)
	if !bytes.Equal(b, t.encode(func(m *client.Machine) ([]byte, error) { return m.AppendLogout(nil) })) {
		t.strict = false
	}
	return t.say("logs out "+account, b)
}

// newAttempt is an honest login. No two have the same ciphertext.
func (t *terminal) newAttempt() *attempt {
	w := t.w
	a := &attempt{
		number: len(w.attempts), wire: t.wire, account: t.account, app: t.app, password: passwordOf + t.account,
		terminalInfo: terminalInfo{version: pick(w.random, "1.0", "1.0", "2.0"), flag: '0', ciphertext: make([]byte, 256)}, right: true,
		poison: w.plan.poison > 0 && w.random.IntN(100) < w.plan.poison,
	}
	for i := range a.ciphertext {
		a.ciphertext[i] = byte(w.random.Uint32())
	}
	w.attempts = append(w.attempts, a)
	t.wire.attempts = append(t.wire.attempts, a)
	if t.isInvestor() {
		seen := w.newTold()
		a.via, a.app, a.visit = &seen, seen.app, visitOf(a.account, t.app, &seen)
		w.infos = append(w.infos, &a.terminalInfo)
	}
	return a
}

// newInfo is honest terminal information. No two have the same ciphertext.
func (w *world) newInfo() terminalInfo {
	i := terminalInfo{version: pick(w.random, "1.0", "1.0", "2.0"), flag: '0', ciphertext: make([]byte, 256)}
	for n := range i.ciphertext {
		i.ciphertext[n] = byte(w.random.Uint32())
	}
	return i
}

// enter sends the attempt.
func (t *terminal) enter(a *attempt) string {
	req := client.LoginRequest{
		BrokerID: broker, UserID: a.account, Password: a.password,
		HeartbeatSeconds: t.w.random.IntN(40), Remark: "simulated",
		KeyVersion: a.version, AbnormalFlag: a.flag, Ciphertext: a.ciphertext,
	}
	b := t.encode(func(m *client.Machine) ([]byte, error) { return m.AppendLogin(nil, &req) })
	if a.via != nil {
		b = withField(b, wireField(0x8009, a.via.field()))
		t.strict = false // the machine knows of no relay
	}
	if t.w.linked() {
		a.resume = t.resumeOf()
		b = withResume(b, &a.resume)
	}
	a.end = t.wire.said + len(b)
	return t.say("logs in "+a.String(), b)
}

// encode is a request's frame. A request ahead of an answer is one that the machine refuses.
func (t *terminal) encode(request func(*client.Machine) ([]byte, error)) []byte {
	b, err := request(&t.machine)
	if errors.Is(err, client.ErrPending) {
		t.strict = false
		b, err = request(new(client.Machine))
	}
	must(err)
	return b
}

func identity(app string) client.Identity {
	return client.Identity{BrokerID: broker, AppID: app, ProductInfo: "sim"}
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// sortedAccounts is the same in every run.
func sortedAccounts() []string {
	names := make([]string, 0, len(accounts))
	for a := range accounts {
		if a != otherOperator && a != outOfScope {
			names = append(names, a)
		}
	}
	slices.Sort(names)
	return names
}
