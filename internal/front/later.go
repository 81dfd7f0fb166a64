package front

// task is what a goroutine has for a connection's loop: the end of a login, or of submissions.
type task struct {
	c *conn
	f func(ended bool)
}

// Later is part of dialogue.Line. The task waits in the loop's mailbox: of the logins of one commit the first calls the loop,
// and the loop then answers all that are there. Their number is that of the logins in flight, which dialogue.Limits bounds.
func (c *conn) Later(f func(ended bool)) {
	m := &c.loop.mailbox
	m.mu.Lock()
	if m.ended {
		m.mu.Unlock()
		f(true)
		return
	}
	m.tasks = append(m.tasks, task{c, f})
	ring := !m.rung
	m.rung = true
	m.mu.Unlock()
	if ring && !c.server.run(c.loop.el, m.ring) {
		m.abandon(false)
	}
}

// work does the tasks that the loop took.
func (l *loop) work(tasks []task) {
	for _, t := range tasks {
		t.do()
	}
	clear(tasks)
}

func (t *task) do() {
	c := t.c
	defer c.rescue()
	defer c.unlock(c.lock())
	t.f(false)
	c.closeIfOver()
}

// abandon ends the tasks that the loop will not do: it takes no more work. Where it has ended, tasks to come find out by themselves.
func (m *mailbox) abandon(ended bool) {
	m.mu.Lock()
	tasks := m.tasks
	m.tasks, m.rung = nil, false
	m.ended = m.ended || ended
	m.mu.Unlock()
	for _, t := range tasks {
		t.f(true)
	}
}
