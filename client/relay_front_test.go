package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// fronts is what a Relay of a test connects to: by address, what each connection in its turn finds. A connection over
// the list is refused as by a host that is down.
type fronts struct {
	mu      sync.Mutex
	scripts map[string][]script
	dialed  []string
	errs    []error
	running sync.WaitGroup
}

func (f *fronts) dial(_ context.Context, _, addr string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dialed = append(f.dialed, addr)
	if len(f.scripts[addr]) == 0 {
		return nil, errors.New("connection refused")
	}
	play := f.scripts[addr][0]
	f.scripts[addr] = f.scripts[addr][1:]
	here, there := net.Pipe()
	f.running.Go(func() {
		defer there.Close()
		if err := play(&front{conn: there}); err != nil {
			f.mu.Lock()
			f.errs = append(f.errs, err)
			f.mu.Unlock()
		}
	})
	return here, nil
}

// connections is to which addresses the relay has connected, in order.
func (f *fronts) connections() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.dialed)
}

// check fails the test for what a script found; the Relay must be closed.
func (f *fronts) check(t *testing.T) {
	t.Helper()
	f.running.Wait()
	for _, err := range f.errs {
		t.Errorf("front: %v", err)
	}
}

// events keeps what a Relay told.
type events struct {
	mu    sync.Mutex
	all   []client.RelayEvent
	times []time.Time
}

func (e *events) add(x client.RelayEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all, e.times = append(e.all, x), append(e.times, time.Now())
}

// at is when the events of a kind were told.
func (e *events) at(kind client.RelayEventKind) (out []time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, x := range e.all {
		if x.Kind == kind {
			out = append(out, e.times[i])
		}
	}
	return out
}

// of is the events of a kind.
func (e *events) of(kind client.RelayEventKind) (out []client.RelayEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.all {
		if x.Kind == kind {
			out = append(out, x)
		}
	}
	return out
}

// relayOptions are those of a Relay that connects to fr.
func relayOptions(fr *fronts, ev *events, addrs ...string) client.RelayOptions {
	login := loginRequest()
	login.UserID = "8000admin"
	return client.RelayOptions{
		Addresses: addrs, Identity: client.Identity{BrokerID: "9999", AppID: "abcdef_relay_1.6.0"}, AuthCode: authCode,
		Login: login, OnEvent: ev.add, Dial: []client.Option{client.WithDialFunc(fr.dial)},
	}
}

// newRelay makes one of a front "a"; the scripts are what its connections find.
func newRelay(t *testing.T, change func(*client.RelayOptions), scripts ...script) (*client.Relay, *fronts, *events) {
	t.Helper()
	fr, ev := &fronts{scripts: map[string][]script{"a": scripts}}, new(events)
	o := relayOptions(fr, ev, "a")
	if change != nil {
		change(&o)
	}
	r, err := client.NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	return r, fr, ev
}

// report is a TerminalSubmit as a front reads it.
type report struct {
	id, user string
	attempt  byte
}

func readReport(m ftd.Message) (report, error) {
	var req ftd.SubmitRequest
	var via ftd.RelayedTerminal
	var info ftd.TerminalInfo
	rawReq, _ := m.Field(ftd.FIDSubmitRequest)
	rawVia, _ := m.Field(ftd.FIDRelayedTerminal)
	rawInfo, _ := m.Field(ftd.FIDTerminalInfo)
	if err := errors.Join(req.Decode(rawReq), via.Decode(rawVia), info.Decode(rawInfo)); err != nil {
		return report{}, fmt.Errorf("%v: %w", m.TID, err)
	}
	if m.TID != ftd.TIDTerminalSubmit || string(req.BrokerID) != "9999" || string(via.PublicIP) != "203.0.113.7" || len(info.Ciphertext) != 256 {
		return report{}, fmt.Errorf("%v of %s from %s with %d bytes", m.TID, req.BrokerID, via.PublicIP, len(info.Ciphertext))
	}
	return report{string(req.SubmitID), string(req.UserID), req.Attempt}, nil
}

// report reads the next submission.
func (f *front) report() (report, error) {
	m, err := f.message()
	if err != nil {
		return report{}, err
	}
	return readReport(m)
}

// enter lets an operator relay in.
func (f *front) enter(terms ftd.RelayTerms) error {
	return answers(challenge, asRelay, relayLogin(terms))(f)
}

func asRelay(e *ftd.Encoder) {
	e.AuthResult(&ftd.AuthResult{AppID: []byte("abcdef_relay_1.6.0"), AppType: '3'})
	said(0, "正确")(e)
}

// entered is a script that begins with the relay's login.
func entered(s script) script {
	return then(func(f *front) error { return f.enter(goodTerms()) }, s)
}

// accept answers a submission as recorded, its RecordID made of the SubmitID.
func (f *front) accept(r report) error {
	return f.send(ftd.TIDTerminalSubmit, func(e *ftd.Encoder) {
		answer := submitResponse(r.id)
		answer.UserID, answer.RecordID = []byte(r.user), []byte(recordID(r.id))
		e.SubmitResponse(&answer)
		relayRecorded(e)
		said(0, "正确")(e)
	})
}

func recordID(submitID string) string { return submitID[:14] + "8" + submitID[15:] }

func (f *front) refuse(r report, code int) error {
	return f.send(ftd.TIDTerminalSubmit, refusedSubmit(r.id, code, "no [ref AAAAAA]"))
}

// acceptAll answers each submission with 0 and each end, until the relay closes.
func acceptAll(f *front) error { return f.acceptUntilClosed(nil) }

func (f *front) acceptUntilClosed(seen func(report)) error {
	for {
		m, err := f.message()
		switch {
		case err != nil:
			return nil //nolint:nilerr // the relay closed
		case m.TID == ftd.TIDTerminalEnd:
			data, _ := m.Field(ftd.FIDSubmitRef)
			err = f.send(m.TID, func(e *ftd.Encoder) { e.Raw(ftd.FIDSubmitRef, data); said(0, "正确")(e) })
		case m.TID == ftd.TIDUserLogout:
			return f.send(m.TID, said(0, "正确"))
		default:
			var r report
			if r, err = readReport(m); err == nil {
				if seen != nil {
					seen(r)
				}
				err = f.accept(r)
			}
		}
		if err != nil {
			return err
		}
	}
}

// submitAs submits for an account, and waits for a minute at most.
func submitAs(r *client.Relay, user string) (client.Receipt, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := submission()
	s.UserID = user
	return r.Submit(ctx, s)
}

func mustSubmit(t *testing.T, r *client.Relay, user string) client.Receipt {
	t.Helper()
	got, err := submitAs(r, user)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
