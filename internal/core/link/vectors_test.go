package link

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

// linkVector is a file of test/vectors/link.
type linkVector struct {
	name   string
	header map[string]string
	bytes  []byte
}

func readLinkVector(t *testing.T, name string) linkVector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../test/vectors/link", name+".vec"))
	if err != nil {
		t.Fatal(err)
	}
	header, body, _ := strings.Cut(string(text), "\n\n")
	v := linkVector{name: name, header: map[string]string{}}
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		v.header[key] = value
	}
	for line := range strings.Lines(body) {
		digits, _, _ := strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v.bytes = append(v.bytes, b...)
	}
	return v
}

// tid is that of the vector's message, 0 if it has none.
func (v linkVector) tid() ftd.TID {
	f, n, err := ftd.DecodeFrame(v.bytes, ftd.MaxBodyLen)
	if err != nil || n == 0 {
		return 0
	}
	if len(f.Body) < ftd.MessageHeaderLen {
		return 0
	}
	return ftd.TID(uint32(f.Body[1])<<24 | uint32(f.Body[2])<<16 | uint32(f.Body[3])<<8 | uint32(f.Body[4]))
}

// want is what a front must do with the vector: end the link by a fault, discard the frame, or neither.
func (v linkVector) want(t *testing.T) (f Fault, d Discard, discards bool) {
	tid := v.tid()
	switch expect := v.header["expect"]; expect {
	case "ok":
		switch {
		case v.name == "link-refused":
			return LoginRefused, 0, false
		case tid == ftd.TIDSessionResume: // nothing was asked
			return 0, LateResume, true
		}
		return 0, 0, false
	case "no_session":
		return 0, NoSession, true
	case "unknown_audience":
		return 0, UnknownAudience, true
	case "bad_verify":
		return 0, BadVerify, true
	case "bad_accept":
		return BadAccept, 0, false
	case "bad_credit":
		return BadCredit, 0, false
	case "credit":
		return 0, MootCredit, true
	case "field_short", "illegal_item":
		switch tid {
		case ftd.TIDLinkLogin, ftd.TIDStateChange:
			return BadAccept, 0, false
		case ftd.TIDSessionVerify:
			return 0, BadVerify, true
		case ftd.TIDSessionKick:
			return 0, BadKick, true
		}
		return Malformed, 0, false
	default:
		if !slices.ContainsFunc(ftd.Faults(), func(f ftd.Fault) bool { return f.Word() == expect }) {
			t.Fatalf("%s expects %q", v.name, expect)
		}
		return Malformed, 0, false
	}
}

// TestVectors: what test/vectors/link says that a front makes of a core's frames, a front makes of them.
func TestVectors(t *testing.T) {
	paths, err := filepath.Glob("../../../test/vectors/link/*.vec")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, path := range paths {
		v := readLinkVector(t, strings.TrimSuffix(filepath.Base(path), ".vec"))
		if v.header["from"] != "core" || v.header["expect"] == "incomplete" {
			continue
		}
		tried++
		t.Run(v.name, func(t *testing.T) { tryVector(t, v) })
	}
	if tried < 50 {
		t.Errorf("%d vectors are a core's", tried)
	}
}

func tryVector(t *testing.T, v linkVector) {
	saw := newCounts()
	inBubble(t, 1, func(o *Options) {
		o.FrontID, o.Observer = 1, saw
		o.TradingDay = func() calendar.TradingDay { return 20260105 }
	}, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.next(ftd.TIDLinkLogin)
		if v.tid() != ftd.TIDLinkLogin {
			k.send(readLinkVector(t, "link-accept").bytes)
			synctest.Wait()
			setCredit(t, k, v)
			terminal := newTerminal()
			sendToSession(t, l, k, v, terminal)
			synctest.Wait()
			if v.header["expect"] == "ok" && v.header["message"] == "business" && v.header["audience"] != "D" {
				if got := terminal.bodies(); len(got) != 1 || !bytes.HasSuffix(v.bytes, got[0]) {
					t.Errorf("the terminal got % x", got)
				}
			}
		} else {
			k.send(v.bytes)
		}
		synctest.Wait()
		fault, discard, discards := v.want(t)
		for f := DialFailed; f < faultCount; f++ {
			if got := saw.faulted(f); got > 0 != (f == fault) {
				t.Errorf("%d faults %v, want %v", got, f, fault)
			}
		}
		for d := range discardCount {
			if got := saw.discarded(d); got > 0 != (discards && d == discard) {
				t.Errorf("%d frames discarded as %v, want %v %v", got, d, discards, discard)
			}
		}
	})
}

// setCredit makes the front's credit what the vector says that it was.
func setCredit(t *testing.T, k *coreConn, v linkVector) {
	written, ok := v.header["credit"]
	if !ok {
		return
	}
	n, err := strconv.ParseInt(written, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	a := ftd.LinkAccept{
		CoreID: []byte("core-a"), Instance: []byte("0b0c6c3e-52a4-4f43-8f39-8a7de1b6c001"), Term: 7, State: ftd.CoreActive,
		TradingDay: []byte("20260105"), HeartbeatSeconds: 5, Credit: int32(n),
	}
	k.send(message(ftd.TIDStateChange, nil, func(e *ftd.Encoder) { e.LinkAccept(&a) }))
	synctest.Wait()
}

// sendToSession sends the vector to the front: as the answer to the login of session 7 if it is one, else once that is open.
func sendToSession(t *testing.T, l *Link, k *coreConn, v linkVector, terminal *fakeTerminal) {
	a := attempt(t, 7, terminal)
	a.Account = "88888888"
	if v.tid() == ftd.TIDRequestCode {
		t.Fatal("no vector is an answer to RequestCode")
	}
	answer := verify(t.Context(), l, a)
	k.next(ftd.TIDSessionVerify)
	if v.tid() == ftd.TIDSessionVerify {
		k.send(v.bytes)
		<-answer
		return
	}
	k.send(readLinkVector(t, "verify-result").bytes)
	if got := <-answer; got.err != nil {
		t.Fatal(got.err)
	}
	s, err := l.Open(opening(7, terminal))
	if err != nil {
		t.Fatal(err)
	}
	k.next(ftd.TIDSessionOpen)
	k.send(v.bytes)
	synctest.Wait()
	s.Close(ftd.ReasonGone, "the vector was tried")
}
