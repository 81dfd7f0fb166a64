package loadtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

func identity(broker string, app *population.App) client.Identity {
	id := client.Identity{BrokerID: broker, AppID: string(app.AppID), ProductInfo: "loadtest"} // by AES, as the zero Cipher is
	if app.Cipher == auth.SM4 {
		id.Cipher = client.SM4
	}
	return id
}

// begin starts a visit of the next account.
func (e *engine) begin(due time.Duration) error {
	if c, is := e.later.take(due); is {
		return e.beginAgain(c)
	}
	account := (e.plan.First + e.plan.index(e.begun)) % e.plan.People.Accounts
	if e.plan.operators() {
		account = e.plan.index(e.begun) % len(e.apps) // one relay after the other
	}
	if e.returning >= 0 {
		account, e.returning = e.returning, -1
	}
	e.begun++
	login := e.strings.next()
	if login < 0 {
		return &lackError{e.begun, errNoStrings}
	}
	kind := e.draw()
	return e.connect(kind, &comeAgain{due: due, account: e.accountOf(kind, account), login: login})
}

// beginAgain starts a visit that comes again. One for which no string is there waits for it, since the sealer makes them all the time.
func (e *engine) beginAgain(c comeAgain) error {
	if c.login < 0 {
		ended := false
		if c.login, ended = e.strings.nextAgain(); ended {
			e.measured.failed(result.NoString)
			return nil
		}
	}
	if c.login < 0 {
		e.later.wait(c, e.now, e.random)
		return nil
	}
	return e.connect(honest, &c)
}

// lackError ends a run in which the generator ran out of something; what was found until then is kept.
type lackError struct {
	visit int
	cause error
}

func (e *lackError) Error() string {
	return fmt.Sprintf("no connection for visit %d: %v", e.visit, e.cause)
}

var errNoStrings = errors.New("no terminal string was prepared for it")

// connect begins a connection. What it may fail by is counted, and what the generator lacks ends the run.
func (e *engine) connect(kind kind, c *comeAgain) error {
	target := e.plan.target(c.account, c.tries)
	domain := unix.AF_INET
	if target.Addr().Is6() {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return &lackError{e.begun, err}
	}
	v := e.take(fd)
	v.state, v.kind, v.due, v.began, v.step = connecting, kind, c.due, e.now, e.now
	v.account, v.login, v.tries = int32(c.account), c.login, c.tries
	if c.tries > 0 {
		e.measured.returns(c.waited, e.open)
	} else {
		e.measured.begins(e.lateness(c.due), e.open)
	}
	if err := e.bind(v); err != nil {
		return &lackError{e.begun, err}
	}
	if err := e.watchFor(fd, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET, v.slot, v.generation); err != nil {
		return &lackError{e.begun, err}
	}
	err = unix.Connect(fd, sockaddr(target))
	if errors.Is(err, unix.EADDRNOTAVAIL) {
		return &lackError{e.begun, fmt.Errorf("%w: no port is left at this source address: more --sources", err)}
	}
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		e.notConnected(v, err)
	}
	return nil
}

// notConnected has a visit come again whose connection failed, or counts it.
func (e *engine) notConnected(v *visit, err error) {
	if why := result.NotConnected + ": " + err.Error(); !e.comesAgain(v, why) {
		e.fail(v, why)
	}
}

// lateness is how far the generator is behind. Visits that are due all at once are not late.
func (e *engine) lateness(due time.Duration) time.Duration {
	if e.plan.Scenario == Reconnect {
		return 0
	}
	return e.now - due
}

func sockaddr(target netip.AddrPort) unix.Sockaddr {
	port, addr := int(target.Port()), target.Addr()
	if addr.Is6() {
		return &unix.SockaddrInet6{Port: port, Addr: addr.As16()}
	}
	return &unix.SockaddrInet4{Port: port, Addr: addr.As4()}
}

// bind gives the visit its source address; the port is chosen when it connects, so that ports in use elsewhere do not matter.
func (e *engine) bind(v *visit) error {
	source, chosen := e.plan.source(v.kind, int(v.account))
	if !chosen || e.plan.Proxy {
		return nil
	}
	if err := unix.SetsockoptInt(int(v.fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("IP_BIND_ADDRESS_NO_PORT: %w", err)
	}
	if err := unix.Bind(int(v.fd), &unix.SockaddrInet4{Addr: source}); err != nil {
		return fmt.Errorf("bind to source address %v: %w", netip.AddrFrom4(source), err)
	}
	return nil
}

// take is a visit that is not in use.
func (e *engine) take(fd int) *visit {
	if len(e.spare) == 0 {
		e.spare = append(e.spare, int32(len(e.visits)))
		e.visits = append(e.visits, visit{})
	}
	last := len(e.spare) - 1
	slot := e.spare[last]
	v := &e.visits[slot]
	e.spare = e.spare[:last]
	*v = visit{fd: int32(fd), slot: slot, generation: v.generation + 1, in: v.in[:0], unsent: v.unsent[:0]}
	e.under++
	e.open++
	return v
}

// accountOf keeps those apart whose passwords are wrong: they lock the accounts that they try, at the address that they come from.
func (e *engine) accountOf(k kind, account int) int {
	half := e.plan.People.Accounts / 2
	switch {
	case e.plan.Scenario != Hostile || half == 0:
		return account
	case k == wrongPassword:
		return half + account%half
	}
	return account % half
}

// draw says what the next visitor is.
func (e *engine) draw() kind {
	if e.plan.Scenario != Hostile || e.random.Float64() >= e.plan.Attackers {
		return honest
	}
	return honest + 1 + kind(e.random.IntN(int(kinds)-1))
}

// connected goes on once the connection is there, or has failed.
func (e *engine) connected(v *visit) {
	code, err := unix.GetsockoptInt(int(v.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && v.kind != honest && resets(unix.Errno(code)) {
		e.closedByFront(v) // at accept, before the connection was looked at here
		return
	}
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		e.notConnected(v, err)
		return
	}
	e.measured.step(stepConnect, e.now-v.step)
	v.step = e.now
	e.out = e.out[:0]
	if e.plan.Proxy {
		e.out = e.appendProxyHeader(e.out, v)
	}
	switch v.kind {
	case silent:
		v.state = waiting
		return
	case notOurProtocol:
		v.state = waiting
		e.out = append(e.out, "GET / HTTP/1.1\r\nHost: front\r\n\r\n"...)
	case malformed:
		v.state = waiting
		e.out, err = e.appendMalformed(e.out, v)
	case slow:
		v.state = waiting
		v.drip, err = v.machine.AppendAsk(nil, e.appOf(v))
	default:
		v.state = asking
		e.out, err = v.machine.AppendAsk(e.out, e.appOf(v))
	}
	e.say(v, err)
}

// appendMalformed appends a question that says that it has one field more than it has.
func (e *engine) appendMalformed(b []byte, v *visit) ([]byte, error) {
	frame := len(b)
	b, err := v.machine.AppendAsk(b, e.appOf(v))
	if err == nil {
		message := frame + ftd.FrameHeaderLen + int(b[frame+1]) // behind the extension, whose length is the second byte
		fields := b[message+fieldCountAt:]
		binary.BigEndian.PutUint16(fields, binary.BigEndian.Uint16(fields)+1)
	}
	return b, err
}

// fieldCountAt is where the header of a message has its number of fields.
const fieldCountAt = 12

// dripOn sends a slow attacker's next byte, but for the last.
func (e *engine) dripOn(v *visit) {
	if len(v.drip) < 2 {
		return
	}
	e.out = append(e.out[:0], v.drip[0])
	v.drip = v.drip[1:]
	e.send(v)
}

func (e *engine) appOf(v *visit) *client.Identity { return &e.apps[int(v.account)%len(e.apps)] }

// say sends what was appended to e.out.
func (e *engine) say(v *visit, err error) {
	if err != nil {
		e.fail(v, result.NotEncoded+": "+err.Error())
		return
	}
	e.send(v)
}

// receive takes the frames that came.
func (e *engine) receive(v *visit, b []byte) {
	if len(v.in) > 0 {
		v.in = append(v.in, b...)
		b = v.in
	}
	generation := v.generation
	for len(b) > 0 {
		n, event, err := v.machine.Receive(b)
		if err != nil {
			e.broken(v, err)
			return
		}
		if n == 0 {
			break
		}
		b = b[n:]
		e.happened(v, &event)
		if v.state == unused || v.generation != generation {
			return
		}
	}
	v.in = append(v.in[:0], b...)
}

// happened takes the next step.
func (e *engine) happened(v *visit, event *client.Event) {
	var err error
	e.out = e.out[:0]
	switch event.Kind {
	case client.Challenged:
		v.state = answering
		challenge, code := event.Challenge(), e.codes[int(v.account)%len(e.codes)]
		if v.kind == wrongAuthCode {
			code = spoiled(code)
		}
		e.out, err = v.machine.AppendAnswer(e.out, e.appOf(v), code, &challenge)
	case client.Authenticated:
		e.measured.step(stepAuthenticate, e.now-v.step)
		v.state, v.step = loggingIn, e.now
		e.out, err = e.appendLogin(v)
	case client.LoggedIn:
		e.loggedIn(v, event)
		return
	case client.LoggedOut:
		e.decided(v)
		e.end(v)
		return
	case client.Refused:
		e.refused(v, event.Refusal.Code)
		return
	case client.Submitted, client.SubmitRefused:
		e.submitted(v, event)
		return
	case client.TerminalExit:
		e.measured.lost(result.TerminalEnded)
		return
	case client.Arrived:
		e.arrived(v, event)
		return
	default: // a heartbeat
		return
	}
	e.say(v, err)
}

// spoiled is another authcode.
func spoiled(code string) string {
	if code[0] == 'A' {
		return "B" + code[1:]
	}
	return "A" + code[1:]
}

func (e *engine) appendLogin(v *visit) ([]byte, error) {
	if e.plan.throughRelays() {
		terminal := e.relayed(int(v.account), int(v.login))
		return v.machine.AppendLoginVia(e.out, e.request(v), &terminal)
	}
	return v.machine.AppendLogin(e.out, e.request(v))
}

func (e *engine) request(v *visit) *client.LoginRequest {
	user := e.plan.People.Account(int(v.account))
	if e.plan.operators() {
		user = e.operators[v.account].Operator
	}
	password := e.plan.People.Password
	if v.kind == wrongPassword {
		password = "not-" + password[:min(len(password), 30)]
	}
	return &client.LoginRequest{
		BrokerID: e.plan.People.BrokerID, UserID: string(user), Password: password, Remark: "loadtest",
		HeartbeatSeconds: e.plan.Heartbeat, KeyVersion: e.plan.KeyVersion, AbnormalFlag: '0', Ciphertext: e.strings.at(v.login),
	}
}

// loggedIn counts a login, and stays or leaves.
func (e *engine) loggedIn(v *visit, event *client.Event) {
	if v.kind != honest {
		e.measured.letIn()
		e.fail(v, result.AttackerLetIn+": "+kindNames[v.kind])
		return
	}
	if e.plan.operators() {
		if err := v.mayReport(event.LoginResult().Terms); err != nil {
			e.fail(v, err.Error())
			return
		}
	}
	e.measured.step(stepUserLogin, e.now-v.step)
	e.measured.loggedIn(e.now-v.due, e.now-v.began)
	if e.hooks.Answered != nil {
		e.hooks.Answered(e.answer(v, event))
	}
	if e.plan.stays() {
		e.decided(v)
		v.state = staying
		return
	}
	v.state, v.step = leaving, e.now
	var err error
	e.out, err = v.machine.AppendLogout(e.out[:0])
	e.say(v, err)
}

func (e *engine) answer(v *visit, event *client.Event) *Answer {
	r := event.LoginResult()
	return &Answer{
		RecordID: r.RecordID, TradingDay: r.TradingDay, LoginTime: r.LoginTime, Account: r.UserID, AppID: e.terminalApp(v),
		FrontID: r.FrontID, SessionID: r.SessionID, Address: r.PublicAddr, Own: e.ownAddress(v), Flag: string(rune(r.AbnormalFlag)),
		Ciphertext: e.strings.at(v.login),
	}
}

// terminalApp is the AppID of the terminal, which a relay names beside its own.
func (e *engine) terminalApp(v *visit) string {
	if e.plan.throughRelays() {
		return string(e.plan.People.AppOf(int(v.account)).AppID)
	}
	return e.appOf(v).AppID
}

// ownAddress is what the front must see of the visit, as far as the generator knows: between machines others may translate addresses.
func (e *engine) ownAddress(v *visit) netip.AddrPort {
	if e.plan.Proxy && !e.plan.throughRelays() {
		return e.proxied(v)
	}
	if e.plan.Proxy || e.plan.throughRelays() || !e.plan.target(int(v.account), v.tries).Addr().IsLoopback() {
		return netip.AddrPort{}
	}
	switch own, _ := unix.Getsockname(int(v.fd)); own := own.(type) { // on failure it is nil
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(own.Addr), uint16(own.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(own.Addr), uint16(own.Port))
	}
	return netip.AddrPort{}
}

// proxied is the address that the visit's PROXY header names.
func (e *engine) proxied(v *visit) netip.AddrPort {
	source, _ := e.plan.source(v.kind, int(v.account)) // with a PROXY header each has one
	return netip.AddrPortFrom(netip.AddrFrom4(source), uint16(1024+int(v.login)%60000))
}

// appendProxyHeader appends a PROXY v2 header by which the visit comes from an address of 10.0.0.0/8.
func (e *engine) appendProxyHeader(b []byte, v *visit) []byte {
	from := e.proxied(v)
	source := from.Addr().As4()
	b = append(b, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"...)
	b = append(b, source[:]...)
	b = append(b, 127, 0, 0, 1)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	return binary.BigEndian.AppendUint16(b, e.plan.target(int(v.account), v.tries).Port())
}
