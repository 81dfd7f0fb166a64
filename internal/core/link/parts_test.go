package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// flowPart is a part of a message of flow 2.
func flowPart(number uint32, chain byte) []byte {
	_, body := business(0x1001, 2, number, "fill")
	body[5] = chain
	return body
}

// TestAFlowIsDeliveredWithItsLastPart: a core that is lost within a message in parts is asked to go on before that message, also if it was
// a broadcast, was the first of its flow, or began a trading day's numbers anew.
func TestAFlowIsDeliveredWithItsLastPart(t *testing.T) {
	for _, tt := range []struct {
		name  string
		asked []ftd.Point
		sent  [][]byte
		want  int32
	}{
		{"first part", []ftd.Point{{Series: 2, Number: 41}}, [][]byte{toSession(1, flowPart(42, 'F'))}, 41},
		{"middle part", []ftd.Point{{Series: 2, Number: 41}}, [][]byte{toSession(1, flowPart(42, 'F')), toSession(1, flowPart(42, 'C'))}, 41},
		{"last part", []ftd.Point{{Series: 2, Number: 41}}, [][]byte{toSession(1, flowPart(42, 'F')), toSession(1, flowPart(42, 'L'))}, 42},
		{"broadcast", []ftd.Point{{Series: 2, Number: 41}}, [][]byte{ftd.AppendBroadcast(nil, 'D', flowPart(42, 'F'))}, 41},
		{"flow that was not named", nil, [][]byte{toSession(1, flowPart(42, 'F'))}, 41},
		{"from now on", []ftd.Point{{Series: 2, Number: -1}}, [][]byte{toSession(1, flowPart(42, 'F'))}, 41},
		{"another day", []ftd.Point{{Series: 2, Number: 41}}, [][]byte{toSession(1, flowPart(1, 'F'))}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				terminal := newTerminal()
				openSession(t, l, k, 1, terminal, tt.asked...)
				k.send(tt.sent...)
				synctest.Wait()
				if n := len(terminal.bodies()); n != len(tt.sent) {
					t.Fatalf("%d parts were delivered", n)
				}
				k.Close()
				k = cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceB, 2))
				var resume ftd.ResumeSession
				if err := resume.Decode(k.next(ftd.TIDSessionResume).field(t, ftd.FIDResumeSession)); err != nil {
					t.Fatal(err)
				}
				if got := resume.Delivered.All(); !slices.Equal(got, []ftd.Point{{Series: 2, Number: tt.want}}) {
					t.Errorf("delivered are %v, want %d", got, tt.want)
				}
			})
		})
	}
}

// partsOf names the parts that a terminal got.
func partsOf(t *testing.T, terminal *fakeTerminal) string {
	t.Helper()
	var got []string
	for _, body := range terminal.bodies() {
		h, err := ftd.DecodeHeader(body)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d%c", h.SequenceNumber, h.Chain))
	}
	return strings.Join(got, " ")
}

// wantDelivered takes a SessionResume, which names flow 2 with that number.
func wantDelivered(t *testing.T, k *coreConn, number int32) {
	t.Helper()
	g := k.next(ftd.TIDSessionResume)
	var resume ftd.ResumeSession
	if err := resume.Decode(g.field(t, ftd.FIDResumeSession)); err != nil {
		t.Fatal(err)
	}
	if got := resume.Delivered.All(); !slices.Equal(got, []ftd.Point{{Series: 2, Number: number}}) {
		t.Errorf("delivered to session %d are %v, want %d", g.tag.SessionID, got, number)
	}
}

// TestABroadcastBeginsWithItsFirstPart: a session that opens, or is resumed, between two parts of a broadcast gets none of the others. What it
// says that it has does not change by them, and the core sends it the whole message.
func TestABroadcastBeginsWithItsFirstPart(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		terminals := []*fakeTerminal{newTerminal(), newTerminal(), newTerminal()}
		toAll := func(audience byte, number uint32, chain byte) []byte {
			return ftd.AppendBroadcast(nil, ftd.Audience(audience), flowPart(number, chain))
		}
		want := func(all ...string) {
			t.Helper()
			synctest.Wait()
			for i, w := range all {
				if got := partsOf(t, terminals[i]); got != w {
					t.Errorf("terminal %d got %q, want %q", i+1, got, w)
				}
			}
		}
		openSession(t, l, k, 1, terminals[0], ftd.Point{Series: 2, Number: 9})
		k.send(toAll('D', 10, 'F'))
		synctest.Wait()
		openSession(t, l, k, 2, terminals[1], ftd.Point{Series: 2, Number: 9})
		openSession(t, l, k, 3, terminals[2]) // gets those to all
		k.send(toAll('D', 10, 'C'), toAll('B', 10, 'L'))
		want("10F 10C 10L", "", "")
		k.send(toSession(2, flowPart(10, 'F')), toSession(2, flowPart(10, 'L')))

		k.send(toAll('B', 11, 'F'), stateChange(accept(ftd.CoreActive, instanceA, 2)))
		for range terminals {
			wantDelivered(t, k, 10)
		}
		k.send(resumeOK(1, 0), resumeOK(2, 0), resumeOK(3, 0), toAll('B', 11, 'L'))
		want("10F 10C 10L 11F", "10F 10L 11F", "11F")
		for id := range int32(3) {
			k.send(toSession(id+1, flowPart(11, 'F')), toSession(id+1, flowPart(11, 'L')))
		}
		k.send(toAll('B', 12, 'F'), toAll('B', 12, 'C'), toAll('B', 12, 'L'))
		want("10F 10C 10L 11F 11F 11L 12F 12C 12L", "10F 10L 11F 11F 11L 12F 12C 12L", "11F 11F 11L 12F 12C 12L")
	})
}

// TestASessionThatOpensWithinABroadcastStaysBeforeIt: the next SessionResume does not name a message of which the terminal has nothing.
func TestASessionThatOpensWithinABroadcastStaysBeforeIt(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		k.send(ftd.AppendBroadcast(nil, 'D', flowPart(1, 'F')))
		synctest.Wait()
		terminal := newTerminal()
		openSession(t, l, k, 1, terminal, ftd.Point{Series: 2, Number: 0})
		k.send(ftd.AppendBroadcast(nil, 'D', flowPart(1, 'C')), ftd.AppendBroadcast(nil, 'D', flowPart(1, 'L')))
		synctest.Wait()
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		wantDelivered(t, k, 0)
		k.send(resumeOK(1, 0), toSession(1, flowPart(1, 'F')), toSession(1, flowPart(1, 'L')))
		synctest.Wait()
		if got := partsOf(t, terminal); got != "1F 1L" {
			t.Errorf("delivered %q", got)
		}
	})
}

// TestABroadcastOfANinthFlowBeginsWithItsFirstPart: of a flow beside the eight of which a session knows how far they are, too, it gets no part
// without the first, and each part behind the first. What has begun there counts for a hand-over.
func TestABroadcastOfANinthFlowBeginsWithItsFirstPart(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		part := func(series uint16, number uint32, chain byte) []byte {
			_, body := business(0x1001, series, number, "fill")
			body[5] = chain
			return ftd.AppendBroadcast(nil, 'B', body)
		}
		var named []ftd.Point
		for i := range ftd.MaxResumePoints {
			named = append(named, ftd.Point{Series: uint16(100 + i), Number: 0})
		}
		early, late := newTerminal(), newTerminal()
		want := func(of *fakeTerminal, parts string) {
			t.Helper()
			synctest.Wait()
			if got := partsOf(t, of); got != parts {
				t.Errorf("delivered %q, want %q", got, parts)
			}
		}
		openSession(t, l, k, 1, early, named...)
		k.send(part(2, 10, 'F'))
		synctest.Wait()
		openSession(t, l, k, 2, late, named...)
		k.send(part(2, 10, 'C'), part(3, 20, 'F'), part(2, 10, 'L'), part(3, 20, 'L'), part(3, 20, 'L'), part(2, 11, 'S'))
		want(early, "10F 10C 20F 10L 20L 11S")
		want(late, "20F 20L 11S")

		k.send(part(2, 12, 'F'), part(2, 13, 'L')) // another number is no part of it
		want(late, "20F 20L 11S 12F")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Hold(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("held within a message: %v", err)
		}
		k.send(stateChange(accept(ftd.CoreActive, instanceA, 2)))
		for range 2 {
			k.next(ftd.TIDSessionResume)
		}
		k.send(resumeOK(1, 0), resumeOK(2, 0), part(2, 12, 'L'))
		want(late, "20F 20L 11S 12F")
		for i := range uint16(maxBegun + 1) { // more at once than are remembered: the first one's last part does not come
			k.send(part(10+i, 1, 'F'))
		}
		for i := range uint16(maxBegun + 1) {
			k.send(part(10+i, 1, 'L'))
		}
		want(late, "20F 20L 11S 12F"+strings.Repeat(" 1F", maxBegun+1)+strings.Repeat(" 1L", maxBegun))
		if err := l.Hold(t.Context()); err != nil {
			t.Error(err)
		}
		l.Release()
	})
}

// TestAHandOverWaitsForTheLastPart: what another process is given says of a message in parts that it was delivered, and that it was whole.
// One that a core does not end keeps the hand-over from happening, and no session that is resumed meanwhile waits for it.
func TestAHandOverWaitsForTheLastPart(t *testing.T) {
	inBubble(t, 1, nil, func(t *testing.T, l *Link, cores []*fakeCore) {
		k := cores[0].accept()
		k.greet(accept(ftd.CoreActive, instanceA, 1))
		synctest.Wait()
		openSession(t, l, k, 1, newTerminal(), ftd.Point{Series: 2, Number: 41})
		hold := func(within time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			return l.Hold(ctx)
		}
		k.send(toSession(1, flowPart(42, 'F')))
		synctest.Wait()
		if err := hold(time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("held within a message: %v", err)
		}
		held := make(chan error, 1)
		go func() { held <- hold(time.Minute) }()
		time.Sleep(time.Second)
		k.send(toSession(1, flowPart(42, 'L')))
		if err := <-held; err != nil {
			t.Fatal(err)
		}
		if got := l.Image().Sessions[0].Delivered.All(); !slices.Equal(got, []ftd.Point{{Series: 2, Number: 42}}) {
			t.Errorf("handed over as delivered: %v", got)
		}
		l.Release()
		k.send(toSession(1, flowPart(43, 'F')), stateChange(accept(ftd.CoreActive, instanceA, 2)))
		k.next(ftd.TIDSessionResume)
		k.send(resumeOK(1, 0))
		synctest.Wait()
		if err := hold(time.Second); err != nil {
			t.Errorf("a message before the resume: %v", err)
		}
		l.Release()
	})
}

// TestPartsBehindTwoResumes: a core that is asked to resume twice answers both, and sends messages in parts behind each answer. The terminal gets
// each part once, also if the second answer comes within a message.
func TestPartsBehindTwoResumes(t *testing.T) {
	answer := resumeOK(1, 0) // behind 9
	part := func(number uint32, chain byte) []byte { return toSession(1, flowPart(number, chain)) }
	for _, tt := range []struct {
		name    string
		sent    [][]byte
		want    string
		repeats int
	}{
		{
			"parts", [][]byte{
				answer, part(10, 'F'), part(10, 'C'), part(10, 'L'), part(11, 'S'),
				answer, part(10, 'F'), part(10, 'C'), part(10, 'L'), part(11, 'S'), part(12, 'F'), part(12, 'L'),
			}, "10F 10C 10L 11S 12F 12L", 4,
		},
		{
			"an answer within a message that begins again",
			[][]byte{answer, part(10, 'S'), part(11, 'F'), answer, part(10, 'S'), part(11, 'F'), part(11, 'L'), part(12, 'S')},
			"10S 11F 11F 11L 12S", 1,
		},
		{
			"an answer within a message that goes on",
			[][]byte{answer, part(10, 'F'), answer, part(10, 'L'), part(10, 'F'), part(10, 'L'), part(11, 'S')},
			"10F 10L 11S", 2,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := newCounts()
			inBubble(t, 1, func(o *Options) { o.Observer = seen }, func(t *testing.T, l *Link, cores []*fakeCore) {
				k := cores[0].accept()
				k.greet(accept(ftd.CoreActive, instanceA, 1))
				synctest.Wait()
				terminal := newTerminal()
				openSession(t, l, k, 1, terminal, ftd.Point{Series: 2, Number: 9})
				for term := range int32(2) {
					k.send(stateChange(accept(ftd.CoreActive, instanceA, 2+term)))
					k.next(ftd.TIDSessionResume)
				}
				k.send(tt.sent...)
				synctest.Wait()
				var got []string
				for _, body := range terminal.bodies() {
					h, err := ftd.DecodeHeader(body)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%d%c", h.SequenceNumber, h.Chain))
				}
				if got := strings.Join(got, " "); got != tt.want || seen.discarded(Repeated) != tt.repeats {
					t.Errorf("delivered %s, want %s; %d repeats, want %d", got, tt.want, seen.discarded(Repeated), tt.repeats)
				}
			})
		})
	}
}
