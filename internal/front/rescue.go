package front

import (
	"net"
	"runtime/debug"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/reason"
)

// A panic ends what panicked and nothing else: gnet has no recover, and one would end the process with all its terminals. A panic inside
// of a dialogue does not come here, see there.

// rescue ends a callback of gnet's that panicked: that one connection is closed.
func (s *Server) rescue(action *gnet.Action) {
	if p := recover(); p != nil {
		s.logPanic(p, "panic in a callback, connection closed")
		*action = gnet.Close
	}
}

// rescue ends a loop's other work on a connection that panicked: it is closed. It is deferred before the lock is taken.
func (c *conn) rescue() {
	p := recover()
	if p == nil {
		return
	}
	c.server.logPanic(p, "panic in the work on a connection, connection closed")
	c.Close(reason.FrontPanic)
	if !c.closed {
		_ = c.loop.el.Close(c.gc)
	}
}

// rescueWork ends work of a loop's that panicked outside of any one connection: the loop goes on with its next work.
func (s *Server) rescueWork() {
	if p := recover(); p != nil {
		s.logPanic(p, "panic in the work of an event loop, the rest of it is left out")
	}
}

// rescueAccept ends the acceptance of a connection that panicked. An acceptor has it.
func (s *Server) rescueAccept(nc *net.TCPConn) {
	if p := recover(); p != nil {
		s.logPanic(p, "panic while a connection was accepted, connection closed")
		_ = nc.Close()
	}
}

func (s *Server) logPanic(p any, text string) {
	s.log.Error(text, zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
}
