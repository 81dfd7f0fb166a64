package session

import (
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Image is a session as one process gives it to another, which then goes on with it. A field that is added later is the zero
// value in an image of an older program; a newer program's field that this one does not know makes it refuse the image. No
// session with a login on its way has one, nor has an operator relay's.
type Image struct {
	State      State
	BrokerID   []byte
	AppID      []byte
	AppType    byte
	Challenges int
	Challenge  *ChallengeImage // whose answer is awaited

	UserID    []byte
	Wrong     int
	Heartbeat time.Duration

	Business bool
	InRun    bool
	SkipRun  bool
	Dialog   uint32

	Refusals  float64
	RefusedAt int64 // this and the times below in nanoseconds since 1970; 0 for none

	Since, Heard, Sent int64
}

// ChallengeImage is a challenge whose answer is awaited.
type ChallengeImage struct {
	Identity []byte
	Bytes    []byte
	DrawnAt  int64
}

// Moves reports whether the session has an Image: it is neither over, nor is a login on its way, nor an operator relay's.
func (s *Session) Moves() bool { return s.state != Closed && s.state != LoggingIn && s.relay == nil }

// Image is the session as another process goes on with it. Only a session that Moves has one.
func (s *Session) Image() Image {
	i := Image{
		State: s.state, BrokerID: s.brokerID.bytes(), AppID: s.appID.bytes(), AppType: s.appType, Challenges: s.challenges,
		UserID: s.userID.bytes(), Wrong: s.wrong, Heartbeat: s.heartbeat,
		Business: s.business, InRun: s.inRun, SkipRun: s.skipRun, Dialog: s.dialog,
		Refusals: s.refusals, RefusedAt: UnixNano(s.refusedAt),
		Since: UnixNano(s.since), Heard: UnixNano(s.heard), Sent: UnixNano(s.sent),
	}
	if c := s.asked; c != nil {
		i.Challenge = &ChallengeImage{Identity: c.identity[:], Bytes: c.bytes[:], DrawnAt: UnixNano(c.drawnAt)}
	}
	return i
}

var errImage = errors.New("session: an image that no session makes")

// Resume is the session of an image. An error says that no session of this program makes such an image.
func Resume(settings *Settings, i *Image, now time.Time) (Session, error) {
	switch {
	case i.State >= Closed, i.State == LoggingIn:
		return Session{}, fmt.Errorf("%w: state %d", errImage, i.State)
	case i.State == Challenged && i.Challenge == nil:
		return Session{}, fmt.Errorf("%w: no challenge", errImage)
	case i.Heartbeat < minHeartbeat || i.Heartbeat > maxHeartbeat:
		return Session{}, fmt.Errorf("%w: heartbeat %v", errImage, i.Heartbeat)
	}
	s := Session{
		settings: settings, state: i.State, appType: i.AppType, challenges: i.Challenges,
		wrong: i.Wrong, heartbeat: i.Heartbeat,
		business: i.Business, inRun: i.InRun, skipRun: i.SkipRun, dialog: i.Dialog,
		refusals: i.Refusals, refusedAt: At(i.RefusedAt, now),
		since: At(i.Since, now), heard: At(i.Heard, now), sent: At(i.Sent, now),
	}
	for _, t := range []struct {
		to   *text
		from []byte
	}{{&s.brokerID, i.BrokerID}, {&s.appID, i.AppID}, {&s.userID, i.UserID}} {
		if len(t.from) > len(t.to.buf) {
			return Session{}, fmt.Errorf("%w: a text of %d bytes", errImage, len(t.from))
		}
		t.to.set(t.from)
	}
	if c := i.Challenge; c != nil {
		if len(c.Identity) != identityLen || len(c.Bytes) != ftd.ChallengeLen {
			return Session{}, fmt.Errorf("%w: a challenge of %d bytes", errImage, len(c.Bytes))
		}
		s.asked = &challenge{drawnAt: At(c.DrawnAt, now)}
		copy(s.asked.identity[:], c.Identity)
		copy(s.asked.bytes[:], c.Bytes)
	}
	return s, nil
}

// UnixNano is t as an Image has it, nanoseconds since 1970; 0 for the zero time. At is its opposite.
func UnixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// At is an instant of another process, in nanoseconds since 1970, as one of this process's clock: now and it differ by as
// much as both wall clocks say, and later differences are those of the clock that is never set. 0 is the zero time.
func At(unixNano int64, now time.Time) time.Time {
	if unixNano == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(unixNano - now.UnixNano()))
}
