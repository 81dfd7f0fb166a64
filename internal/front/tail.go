package front

// tail is a copy of what gnet has not written to a connection and does not show: the end of all that it was given. A process that
// hands over gives it away.
type tail struct {
	kept []byte
	from int // what is before it was written
}

// add appends b. unsent is how many bytes gnet has not written, of b and of what came before.
func (t *tail) add(b []byte, unsent int) {
	t.kept = append(t.kept, b...)
	t.last(unsent)
}

// last forgets all but the last unsent bytes, and returns them; they are valid until the next call. What is kept is moved to the front
// only when more was written than is kept: one move a byte, however slowly a terminal reads.
func (t *tail) last(unsent int) []byte {
	t.from = max(t.from, len(t.kept)-unsent)
	if t.from > len(t.kept)-t.from {
		n := copy(t.kept, t.kept[t.from:])
		t.kept, t.from = t.kept[:n], 0
	}
	return t.kept[t.from:]
}
