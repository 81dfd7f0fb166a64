package dialogue

import (
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Hold leaves all that terminals send unread from now on, until it is called with false: then each connection is asked again with
// the next part of its owner's sweep. Nothing else changes: what a core sends is delivered, clocks run, and logins that are on
// their way are answered. Once LoginsInFlight is 0, nothing is under way in any dialogue.
func (d *Driver) Hold(hold bool) { d.holding.Store(hold) }

// Holding reports whether Hold was called with true last.
func (d *Driver) Holding() bool { return d.holding.Load() }

// Image is a dialogue as one process gives it to another, which then goes on with it; see session.Image for its versions.
type Image struct {
	Session  session.Image
	Peer     session.Peer
	Answered bool // the login was answered
	Core     bool // the session is at a trading core
	Refused  int
	Allowed  int64 // this and the times below in nanoseconds since 1970; 0 for none
	Began    int64
	LoggedIn int64
	Frames   Frames
	Life     LifeImage
}

// LifeImage is when a connection came so far, for the log; in milliseconds since it was accepted.
type LifeImage struct{ Introduced, Challenged, Authenticated, Asked, LoggedIn uint32 }

// Moves reports whether the dialogue has an Image.
func (d *Dialogue) Moves() bool {
	return !d.ended && d.closing == reason.StayOpen && len(d.kept) == 0 && d.passed == 0 && d.submits == nil && d.session.Moves()
}

// Image is the dialogue as another process goes on with it. Only one that Moves has one. It aliases the dialogue.
func (d *Dialogue) Image() Image {
	return Image{
		Session: d.session.Image(), Peer: d.peer, Answered: d.answered, Core: d.core != nil, Refused: d.refused,
		Allowed: session.UnixNano(d.allowed), Began: session.UnixNano(d.began), LoggedIn: session.UnixNano(d.loggedIn), Frames: d.frames,
		Life: LifeImage{d.life.introduced, d.life.challenged, d.life.authenticated, d.life.asked, d.life.loggedIn},
	}
}

// Resume is the dialogue of an image on a connection that another process had, until Settle with nothing to write into. It takes
// nothing before the owner has asked MayGoOn: what the other process had received comes first.
func (d *Driver) Resume(line Line, i *Image, now time.Time) (Dialogue, error) {
	s, err := session.Resume(d.settings.Load(), &i.Session, now)
	if err != nil {
		return Dialogue{}, err
	}
	return Dialogue{
		driver: d, line: line, peer: i.Peer, session: s, answered: i.Answered, refused: i.Refused, paused: true,
		allowed: session.At(i.Allowed, now), began: session.At(i.Began, now), loggedIn: session.At(i.LoggedIn, now), frames: i.Frames,
		life: life{i.Life.Introduced, i.Life.Challenged, i.Life.Authenticated, i.Life.Asked, i.Life.LoggedIn},
	}, nil
}

// Settle gives a dialogue of Resume to its owner; at is its session at the trading core, nil without one.
func (d *Dialogue) Settle(scratch *Scratch, at core.Session) { d.scratch, d.core = scratch, at }
