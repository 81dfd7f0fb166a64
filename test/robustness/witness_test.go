package robustness

import (
	"fmt"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/cutproxy"
)

// witness sees every byte of every link, in the proxies. It is beside the cores' own counters because a core that is
// killed takes its last ones with it.
type witness struct {
	mu      sync.Mutex
	opened  map[sessionKey]string // SessionOpen or SessionResume: the RecordID
	orders  map[string]int        // by reference: how often one was passed to any core
	highest map[string]termOf     // by process of a front: what cores that are active told it
	wrong   []string              // the first findings
	count   witnessed
}

// termOf is a term, and since when it is the highest.
type termOf struct {
	term  int32
	since time.Time
}

// fencedAfter is how long orders that a front wrote before it knew of a higher term may be on their way.
const fencedAfter = time.Second

// witnessed are the witness's counts. All but the first four must be 0.
type witnessed struct {
	Orders  int `json:"orders"`  // passed to a core
	Answers int `json:"answers"` // of a core, to orders
	Opens   int `json:"opens"`
	Resumes int `json:"resumes"`

	Twice      int `json:"order_passed_twice"` // to the same core or to two
	Disorder   int `json:"order_out_of_order"` // within one session on one link
	Unopened   int `json:"order_before_open"`  // of a session that no core was told of
	Fenced     int `json:"order_to_lower_term"`
	Unreadable int `json:"unreadable"` // frames
}

func (w *witnessed) good() bool { return w.Twice+w.Disorder+w.Unopened+w.Fenced+w.Unreadable == 0 }

// sessionKey is a session in the life of all fronts.
type sessionKey struct {
	process string
	id      int32
}

func newWitness() *witness {
	return &witness{opened: map[sessionKey]string{}, orders: map[string]int{}, highest: map[string]termOf{}}
}

// watch is the Watcher of one more link.
func (w *witness) watch() cutproxy.Watcher {
	l := &watched{w: w, last: map[int32]uint32{}}
	return func(up bool, b []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		side := &l.down
		if up {
			side = &l.up
		}
		*side = l.frames(append(*side, b...), up)
	}
}

// watched is one link. Its fields are guarded by the witness's mutex.
type watched struct {
	w        *witness
	up, down []byte // frames that are not whole yet
	broken   bool
	process  string
	term     int32            // of the core, if it is active
	last     map[int32]uint32 // number of the session's last order
}

// frames takes the whole frames and returns what is left.
func (l *watched) frames(b []byte, up bool) []byte {
	for !l.broken {
		f, n, err := ftd.DecodeFrame(b, ftd.MaxBodyLen)
		if err != nil {
			l.broken = true
			l.w.find(&l.w.count.Unreadable, "a frame on a link: %v", err)
			break
		}
		if n == 0 {
			break
		}
		if f.Type == ftd.FrameFTDC {
			l.message(f, up)
		}
		b = b[n:]
	}
	return append([]byte(nil), b...)
}

func (l *watched) message(f ftd.Frame, up bool) {
	m, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		l.w.find(&l.w.count.Unreadable, "a message on a link: %v", err)
		return
	}
	tag, _ := f.Ext.Session()
	switch {
	case !up && m.TID == coresim.TIDOrderInsert:
		l.w.count.Answers++
	case !up && (m.TID == ftd.TIDLinkLogin || m.TID == ftd.TIDStateChange):
		l.state(&m)
	case !up:
	case m.TID == ftd.TIDLinkLogin:
		var id ftd.LinkIdentity
		if data, _ := m.Field(ftd.FIDLinkIdentity); id.Decode(data) == nil {
			l.process = string(id.Process)
		}
	case m.TID == ftd.TIDSessionOpen:
		var r ftd.SessionRecord
		if data, _ := m.Field(ftd.FIDSessionRecord); r.Decode(data) == nil {
			l.w.count.Opens++
			l.w.opened[sessionKey{l.process, tag.SessionID}] = string(r.RecordID)
		}
	case m.TID == ftd.TIDSessionResume:
		// The link that SessionOpen was written to may have been cut before a byte of it was read: the core knows the
		// session from here.
		var r ftd.ResumeSession
		if data, _ := m.Field(ftd.FIDResumeSession); r.Decode(data) == nil {
			l.w.count.Resumes++
			l.w.opened[sessionKey{l.process, tag.SessionID}] = string(r.RecordID)
		}
	case m.TID == coresim.TIDOrderInsert:
		l.order(tag, &m)
	}
}

// state takes what the core says of itself.
func (l *watched) state(m *ftd.Message) {
	var a ftd.LinkAccept
	if data, _ := m.Field(ftd.FIDLinkAccept); a.Decode(data) != nil || a.State != ftd.CoreActive {
		return
	}
	l.term = a.Term
	if a.Term > l.w.highest[l.process].term {
		l.w.highest[l.process] = termOf{a.Term, time.Now()}
	}
}

func (l *watched) order(tag ftd.SessionTag, m *ftd.Message) {
	w := l.w
	var o coresim.Order
	if data, _ := m.Field(coresim.FIDOrder); o.Decode(data) != nil {
		w.find(&w.count.Unreadable, "an order of session %v that cannot be read", tag)
		return
	}
	w.count.Orders++
	if w.orders[o.Ref]++; w.orders[o.Ref] > 1 {
		w.find(&w.count.Twice, "order %s of %v was passed %d times", o.Ref, tag, w.orders[o.Ref])
	}
	if last := l.last[tag.SessionID]; m.SequenceNumber <= last {
		w.find(&w.count.Disorder, "order %s of %v has number %d behind %d", o.Ref, tag, m.SequenceNumber, last)
	}
	l.last[tag.SessionID] = m.SequenceNumber
	if h := w.highest[l.process]; l.term < h.term && time.Since(h.since) > fencedAfter {
		w.find(&w.count.Fenced, "order %s of %v went to a core of term %d %v after one of term %d was active", o.Ref, tag, l.term, time.Since(h.since), h.term)
	}
	if _, there := w.opened[sessionKey{l.process, tag.SessionID}]; !there {
		w.find(&w.count.Unopened, "order %s of %v came before SessionOpen", o.Ref, tag)
	}
}

// find counts a finding and keeps the first ones. mu is held.
func (w *witness) find(n *int, format string, args ...any) {
	*n++
	if len(w.wrong) < maxExamples {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	}
}

// records are the RecordIDs with which sessions were opened at any core.
func (w *witness) records() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]string, 0, len(w.opened))
	for _, id := range w.opened {
		all = append(all, id)
	}
	return all
}

func (w *witness) counts() (witnessed, []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count, append([]string(nil), w.wrong...)
}
