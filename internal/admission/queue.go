package admission

// queue has connections in the order in which they were pushed. The list is linked through the
// connections, so that each leaves in O(1) from wherever it is; each is in one queue at most.
type queue struct {
	first, last *Conn
	n           int
}

func (q *queue) push(c *Conn) {
	c.queue = q
	c.earlier = q.last
	if q.last == nil {
		q.first = c
	} else {
		q.last.later = c
	}
	q.last = c
	q.n++
}

func (q *queue) remove(c *Conn) {
	if c.earlier == nil {
		q.first = c.later
	} else {
		c.earlier.later = c.later
	}
	if c.later == nil {
		q.last = c.earlier
	} else {
		c.later.earlier = c.earlier
	}
	c.queue, c.earlier, c.later = nil, nil, nil
	q.n--
}
