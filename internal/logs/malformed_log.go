package logs

import (
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/source"
)

// The bounds of lines about malformed messages in the application log: an attacker may send as many as the network carries. The
// audit log has bounds of its own, which are wider, so that a reference of the application log leads to a line there.
var (
	malformedBySource = rate.Limit{Every: time.Minute, Burst: 5}
	malformedByFront  = rate.Limit{Every: time.Second, Burst: 50}
)

// malformedSources is how many sources are told apart.
const malformedSources = 4096

// MalformedLog tells in the application log which connections were closed for a malformed message or for their PROXY header, with the
// reference that leads to the line of the audit log. Event loops call it: it holds its lock for a few instructions, and the log's writer does not wait.
type MalformedLog struct {
	log *zap.Logger

	mu      sync.Mutex
	sources *rate.Buckets[netip.Prefix]
	front   *rate.Buckets[struct{}]
	left    int // lines that were left out since the last one
}

// NewMalformedLog writes to a log.
func NewMalformedLog(log *zap.Logger) *MalformedLog {
	return &MalformedLog{log: log, sources: rate.New[netip.Prefix](malformedSources), front: rate.New[struct{}](1)}
}

// Note tells of a connection that ends, unless its source or the front is over its bound: then it is counted, and the next line
// has the count. e is its line of the audit log.
func (m *MalformedLog) Note(e *Entry) {
	left, allowed := m.take(e.source(), e.Time)
	if !allowed {
		return
	}
	fields := []zap.Field{
		zap.String("ref", e.Ref), zap.String("fault", e.Reason), zap.Int32("session_id", e.SessionID), zap.Int("more_not_logged", left),
	}
	if e.Address.IsValid() {
		fields = append(fields, zap.Stringer("address", MaskedAddr(e.Address)))
	}
	if e.Proxy.IsValid() {
		fields = append(fields, zap.Stringer("proxy", MaskedAddr(e.Proxy)))
	}
	if e.Event == EventProxyHeader { // a balancer or a configuration is wrong, and all its customers are kept out
		m.log.Warn("a connection that should begin with a trusted PROXY header is closed without an answer; see: tradefront explain "+e.Ref, fields...)
		return
	}
	m.log.Info("a malformed message, the connection is closed without an answer; see: tradefront explain "+e.Ref, fields...)
}

// source is the address that a line's bounds go by: the customer's, or the load balancer's while that has named none.
func (e *Entry) source() netip.Addr {
	if e.Address.IsValid() {
		return e.Address
	}
	return e.Proxy
}

// take takes a line out of the bounds, with how many were left out before it.
func (m *MalformedLog) take(addr netip.Addr, now time.Time) (left int, allowed bool) {
	of := source.Of(addr)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.sources.Has(of, malformedBySource, now) || !m.front.Take(struct{}{}, malformedByFront, now) {
		m.left++
		return 0, false
	}
	m.sources.Take(of, malformedBySource, now)
	left, m.left = m.left, 0
	return left, true
}
