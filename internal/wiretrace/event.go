package wiretrace

import "time"

// The kinds of events.
const (
	KindBegin     = "begin"     // the trace runs
	KindReceived  = "received"  // a frame of the terminal's
	KindSent      = "sent"      // a frame of the front's
	KindMalformed = "malformed" // the connection ends for a fault of the terminal's
	KindClosed    = "closed"    // the connection is closed
	KindDropped   = "dropped"   // events that the queue had no room for since the last one that was shown
	KindEnd       = "end"       // the trace has ended
)

// Event is one line of a trace.
type Event struct {
	Time      time.Time `json:"time"`
	Kind      string    `json:"kind"`
	SessionID int32     `json:"session_id,omitempty"`
	Address   string    `json:"address,omitempty"` // of the terminal, with its port; of begin, what is traced
	Frame     *Frame    `json:"frame,omitempty"`
	Reason    string    `json:"reason,omitempty"` // of malformed, the fault; of closed, why
	Count     int       `json:"count,omitempty"`  // of dropped and end: how many events
}

// Frame is a decoded frame.
type Frame struct {
	Type      string  `json:"type,omitempty"`
	Length    int     `json:"length,omitempty"` // of the whole frame, in bytes
	Extension []Tag   `json:"extension,omitempty"`
	TID       string  `json:"tid,omitempty"`
	Message   string  `json:"message,omitempty"` // the TID's name, if it has one
	Chain     string  `json:"chain,omitempty"`
	Series    uint16  `json:"series,omitempty"`
	Number    uint32  `json:"number,omitempty"`
	Fields    []Field `json:"fields,omitempty"`
	// Problems say what is wrong with frame and message; fields and items have their own.
	Problems []string `json:"problems,omitempty"`
}

// Tag is one of the extension header.
type Tag struct {
	Tag    string `json:"tag"`
	Length int    `json:"length"`
}

// Field is one of a message.
type Field struct {
	FID     string `json:"fid"`
	Name    string `json:"name,omitempty"` // empty if it is not known
	Length  int    `json:"length"`
	Items   []Item `json:"items,omitempty"`
	More    int    `json:"more,omitempty"` // bytes behind the known items
	Problem string `json:"problem,omitempty"`
}

// Item is one of a field.
type Item struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Masked  bool   `json:"masked,omitempty"` // Value says what was there, not what it was
	Problem string `json:"problem,omitempty"`
}

// problems are those of a frame with its fields and items, each with the name of what it is about.
func (f *Frame) problems() (all []string) {
	all = append(all, f.Problems...)
	for i := range f.Fields {
		field := &f.Fields[i]
		name := field.Name
		if name == "" {
			name = field.FID
		}
		if field.Problem != "" {
			all = append(all, name+": "+field.Problem)
		}
		for j := range field.Items {
			if item := &field.Items[j]; item.Problem != "" {
				all = append(all, name+"."+item.Name+": "+item.Problem)
			}
		}
	}
	return all
}
