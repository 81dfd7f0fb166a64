package link

// chooser knows which core the front uses.
type chooser struct {
	term int32 // the highest of an active core that the front has seen in its life
}

// choose says which machine's core is to be used, -1 for none, and fences those that are active under a lower
// Term. inUse stays in use while it is active under the highest Term; -1 if there was none.
func (c *chooser) choose(machines []*machine, inUse int) (use int, fenced []int) {
	for _, m := range machines {
		if m.state == Active {
			c.term = max(c.term, m.core.term)
		}
	}
	use = -1
	for i, m := range machines {
		switch {
		case m.state != Active:
		case m.core.term < c.term:
			m.fence()
			fenced = append(fenced, i)
		case use < 0 || i == inUse:
			use = i
		}
	}
	return use, fenced
}
