package session

import (
	"bytes"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// authenticate handles both requests of the terminal: without AuthInfo it asks for a
// challenge, with it it answers one.
func (s *Session) authenticate(m ftd.Message, now time.Time, fx *Effects) {
	raw, ok := m.Field(ftd.FIDAuthIdentity)
	if !ok {
		s.malformed(ftd.FaultFieldMissing, fx)
		return
	}
	var id ftd.AuthIdentity
	err := id.Decode(raw)
	if _, isFault := err.(ftd.Fault); isFault {
		s.malformed(err, fx)
		return
	}
	answer, isAnswer := m.Field(ftd.FIDAuthInfo)
	if isAnswer && len(answer) < ftd.ChallengeLen {
		s.malformed(ftd.FaultFieldShort, fx)
		return
	}
	switch {
	case s.state >= Authenticated:
		s.refuse(fx, OpAuthenticate, reason.AlreadyAuthenticated)
	case err != nil || bytes.IndexByte(id.AppID, regulation.Separator) >= 0:
		s.refuseItem(fx, OpAuthenticate, err, "AuthIdentity.AppID")
		fx.AppID = id.AppID
	case isAnswer:
		s.answer(raw[:identityLen], answer, now, fx)
	default:
		s.askChallenge(raw[:identityLen], &id, fx)
	}
}

// askChallenge remembers who asks; a challenge that is still out is void from here on.
func (s *Session) askChallenge(raw []byte, id *ftd.AuthIdentity, fx *Effects) {
	s.state = Connected
	if s.asked == nil {
		s.asked = challenges.Get().(*challenge)
	}
	copy(s.asked.identity[:], raw)
	s.brokerID.set(id.BrokerID)
	s.appID.set(id.AppID)
	if s.challenges++; s.challenges > maxChallenges {
		s.refuse(fx, OpAuthenticate, reason.TooManyChallenges)
		return
	}
	fx.Do, fx.Op = DoChallenge, OpAuthenticate
}

func (s *Session) sendChallenge(ev *Event, fx *Effects) {
	s.asked.bytes, s.asked.drawnAt = *ev.Challenge, ev.Now
	s.state = Challenged
	e := ftd.Begin(fx.Wire, ftd.TIDAuthenticate)
	e.AuthChallenge(&ftd.AuthChallenge{TimeStamp: s.asked.bytes})
	fx.end(&e)
}

// answer spends the challenge, also when it is wrong. data has a challenge's length, or more.
func (s *Session) answer(raw, data []byte, now time.Time, fx *Effects) {
	challenged := s.state == Challenged
	s.state = Connected
	switch {
	case !challenged:
		s.refuse(fx, OpAuthenticate, reason.NoChallenge)
	case !bytes.Equal(raw, s.asked.identity[:]):
		s.refuse(fx, OpAuthenticate, reason.IdentityChanged)
	case now.Sub(s.asked.drawnAt) >= s.settings.ChallengeTTL:
		s.refuse(fx, OpAuthenticate, reason.ChallengeExpired)
	default:
		fx.Do, fx.Op = DoVerify, OpAuthenticate
		fx.Auth = AuthAttempt{
			BrokerID:  s.brokerID.bytes(),
			AppID:     s.appID.bytes(),
			Challenge: &s.asked.bytes,
			Answer:    (*[ftd.ChallengeLen]byte)(data),
		}
	}
}

func (s *Session) authenticated(ev *Event, fx *Effects) {
	*s.asked = challenge{}
	challenges.Put(s.asked)
	s.asked = nil
	s.state, s.appType = Authenticated, ev.Outcome.AppType
	s.since = ev.Now
	e := ftd.Begin(fx.Wire, ftd.TIDAuthenticate)
	e.AuthResult(&ftd.AuthResult{AppID: s.appID.bytes(), AppType: ev.Outcome.AppType})
	putSuccess(&e, ev.Now)
	fx.end(&e)
}
