package dialogue

import "time"

// Before it has authenticated, a terminal may send so many heartbeats and frames of an unknown type at once, and so many of them a second in
// the long run. It needs one in five seconds; each costs a sender four bytes and the event loop, which others wait for, a frame. Who has
// authenticated may send any number: the wire contract knows no bound, and the firm knows whose software it is.
const (
	emptyFramesAtOnce    = 1024
	emptyFramesPerSecond = 16
)

// emptyFrames counts the frames that ask for nothing, until the authentication. Every connection has one: it is small.
type emptyFrames struct {
	count  int32 // of which emptyFramesPerSecond are forgotten each second
	second int32 // of the connection's life, of the last
}

// tooMany counts one more, so long after the connection began. A clock that went back forgets nothing.
func (e *emptyFrames) tooMany(age time.Duration) bool {
	second := int32(min(age/time.Second, 1<<31-1))
	if passed := second - e.second; passed > 0 {
		e.count -= min(e.count, min(passed, emptyFramesAtOnce)*emptyFramesPerSecond)
	}
	e.second = second
	e.count = min(e.count+1, emptyFramesAtOnce+1)
	return e.count > emptyFramesAtOnce
}
