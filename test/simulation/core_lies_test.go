package simulation

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// lieAboutVerify is an answer that a good core would not give.
func (k *tradingCore) lieAboutVerify(c *cable, s *coreSession, from *wire, live bool) string {
	w := k.w
	w.counts.lies++
	forget := func() {
		if live {
			delete(k.sessions, s.key)
		}
	}
	switch w.random.IntN(8) {
	case 0:
		code := pick(w.random, 60, 75, 90, 6020, 143)
		k.sendVerify(c, s, code, ftd.RestrictionNone)
		from.told(code)
		forget()
		return fmt.Sprintf("%v answered %d", s, code)
	case 1:
		code := pick(w.random, 131, 140, 141)
		k.sendVerify(c, s, code, ftd.RestrictionPasswordOnly)
		from.told(code)
		if live {
			s.state = corePassword
		}
		return fmt.Sprintf("%v answered %d, change the password", s, code)
	case 2: // reserved, and the answer cannot be read
		c.send(encode(ftd.BeginSession(nil, ftd.TIDSessionVerify, s.tag()), func(*ftd.Encoder) {}))
		if live {
			s.state = coreReserved
		}
		return fmt.Sprintf("%v answered without Error", s)
	case 3:
		other := *s
		other.account = "80000009"
		k.sendVerify(c, &other, 0, ftd.RestrictionNone)
		if live {
			s.state = coreReserved
		}
		return fmt.Sprintf("%v answered as another", s)
	case 4:
		stranger := *s
		stranger.key.sessionID += 1000
		k.sendVerify(c, &stranger, 0, ftd.RestrictionNone)
		stranger.key = coreKey{s.key.frontID + 1000, s.key.sessionID}
		k.sendVerify(c, &stranger, 0, ftd.RestrictionNone)
		fallthrough
	case 5:
		k.sendVerify(c, s, 0, ftd.RestrictionNone)
		k.sendVerify(c, s, 3, ftd.RestrictionNone)
		from.told(0)
		if live {
			s.state = coreReserved
		}
		return fmt.Sprintf("%v answered more than once", s)
	case 6:
		forget()
		return k.spoil(c)
	}
	if live {
		s.state = coreReserved
	}
	return fmt.Sprintf("%v reserved and never answered", s)
}

// spoil sends what closes the link.
func (k *tradingCore) spoil(c *cable) string {
	switch k.w.random.IntN(4) {
	case 0:
		c.send([]byte{1, 0, 0xFF, 0xFF})
	case 1:
		c.send(encode(ftd.Begin(nil, ftd.TIDLinkCredit), func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: -7}) }))
	case 2:
		c.send(encode(ftd.Begin(nil, ftd.TIDLinkLogin), func(e *ftd.Encoder) { e.LinkAccept(k.accept(1)); e.Error(&ftd.Error{}) }))
	case 3:
		c.send(encode(ftd.Begin(nil, ftd.TIDStateChange), func(*ftd.Encoder) {}))
	}
	return fmt.Sprintf("%v core sends what closes the link", c)
}

// lieAboutOrder is an answer to a request that a good core would not give.
func (k *tradingCore) lieAboutOrder(c *cable, s *coreSession, o *order) string {
	w := k.w
	w.counts.lies++
	switch w.random.IntN(5) {
	case 0:
		o.lied = true
		frame := ftd.AppendSessionFrame(nil, s.tag(), single(o.body))
		c.send(frame, frame)
		return fmt.Sprintf("%v answered twice", o)
	case 1:
		tag := s.tag()
		tag.SessionID += 1000
		c.send(ftd.AppendSessionFrame(nil, tag, single(o.body)))
		return fmt.Sprintf("%v answered to another session", o)
	case 2:
		c.send(ftd.AppendSessionFrame(nil, s.tag(), encode(ftd.Begin(nil, ftd.TIDUserLogin), func(e *ftd.Encoder) { e.Error(&ftd.Error{}) })[ftd.FrameHeaderLen:]))
		c.send(ftd.AppendSessionFrame(nil, s.tag(), encode(ftd.Begin(nil, 0x8002), func(*ftd.Encoder) {})[ftd.FrameHeaderLen:]))
		return fmt.Sprintf("%v answered by messages of the front's own", o)
	case 3:
		return k.spoil(c)
	}
	return fmt.Sprintf("%v is not answered", o)
}
