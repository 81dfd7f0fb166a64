package front

import "time"

// SetSweepPeriod is for tests that cannot wait a minute; before Start.
func (s *Server) SetSweepPeriod(d time.Duration) { s.period = d }

// PeerAddr is what a connection's addresses say.
var PeerAddr = peerAddr
