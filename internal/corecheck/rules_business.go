package corecheck

import (
	"encoding/binary"
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

func businessAnswer(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	return failed(s.trade())
}

func businessGap(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	if err := s.trade(); err != nil {
		return failed(err)
	}
	s.number = 4
	return failed(s.trade())
}

func businessInterleaved(p *probe) *outcome {
	f, a, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	b, err := f.logIn()
	if err != nil {
		return failf("a second session of the account: %v", err)
	}
	const rounds = 5
	for range rounds {
		for _, s := range []*session{a, b} {
			if err := s.request(tidOrder, nil); err != nil {
				return failed(err)
			}
		}
	}
	for n := uint32(rounds); n > 0; n-- {
		for _, s := range []*session{a, b} {
			if _, err := s.reply(tidOrder, n); err != nil {
				return failf("session %d: %v", s.id, err)
			}
		}
	}
	return nil
}

func businessUnknown(p *probe) *outcome {
	f, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	if err := s.request(tidUnknown, nil); err != nil {
		return failed(err)
	}
	if _, err := s.reply(tidUnknown, s.number); err != nil {
		return failed(err)
	}
	return f.alive()
}

// businessChain sends a request in parts, and the first part of one whose rest the front would have refused.
func businessChain(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	for _, tid := range []ftd.TID{tidUnknown, tidOrder} {
		if out := s.chain(tid); out != nil {
			return out
		}
	}
	return nil
}

// chain wants an answer to a request in parts, none to one that is cut off, and one to the request behind that.
func (s *session) chain(tid ftd.TID) *outcome {
	long, cut, next := s.number+1, s.number+2, s.number+3
	s.number = next
	for _, part := range []struct {
		chain  byte
		number uint32
	}{
		{ftd.ChainFirst, long}, {ftd.ChainMiddle, long}, {ftd.ChainLast, long}, {ftd.ChainFirst, cut}, {ftd.ChainSingle, next},
	} {
		if err := s.spend(); err != nil {
			return failed(err)
		}
		if err := s.f.send(ftd.AppendSessionFrame(nil, s.tag(), emptyBody(tid, part.chain, part.number))); err != nil {
			return failed(err)
		}
	}
	for _, number := range []uint32{long, next} {
		_, err := s.f.wait(fmt.Sprintf("the answer to request %d", number), func(g *frame) bool {
			return s.toRequest(g, number) && g.whollyCame() && (g.header.TID == tid || g.header.TID == ftd.TIDError)
		})
		if err != nil {
			return failed(err)
		}
	}
	if out := s.f.stays(func(g *frame) bool { return s.toRequest(g, cut) }); out != nil {
		return out
	}
	again := s.further(long)
	if len(again) > len(s.further(next)) { // an answer may have several messages, but those to a request in parts are no more
		return failf("%v", again[0])
	}
	return nil
}

// further are the messages to a request that came and were not waited for.
func (s *session) further(number uint32) (all []*frame) {
	for _, g := range s.f.backlog {
		if s.toRequest(g, number) && g.whollyCame() {
			all = append(all, g)
		}
	}
	return all
}

// toRequest reports whether a frame is of the answer to the session's request with that number.
func (s *session) toRequest(g *frame, number uint32) bool {
	return s.mine(g) && g.header.TID.Business() && g.header.SequenceSeries == 0 && g.header.SequenceNumber == number
}

// whollyCame reports whether a message ends with the frame: an answer may have parts too.
func (f *frame) whollyCame() bool {
	return f.header.Chain == ftd.ChainSingle || f.header.Chain == ftd.ChainLast
}

// emptyBody is a message without a field.
func emptyBody(tid ftd.TID, chain byte, number uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{2}, uint32(tid))
	b = append(b, chain, 0, 0)
	b = binary.BigEndian.AppendUint32(b, number)
	return append(b, 0, 0, 0, 0)
}

func businessLarge(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	fill := make([]byte, ftd.MaxBodyLen-ftd.MessageHeaderLen-ftd.FieldHeaderLen)
	if err := s.request(tidUnknown, func(e *ftd.Encoder) { e.Raw(0x0000EEEE, fill) }); err != nil {
		return failed(err)
	}
	_, err = s.reply(tidUnknown, s.number)
	return failed(err)
}

// carriedOut wants that no request of s is answered by Error 0 within the quiet time, and that the link goes on.
func (s *session) carriedOut() *outcome {
	return s.f.stays(func(g *frame) bool {
		code, err := g.code()
		return s.mine(g) && g.header.TID.Business() && g.header.SequenceSeries == 0 && err == nil && code == 0
	})
}

func businessStranger(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	if err := s.request(tidUnknown, nil); err != nil {
		return failed(err)
	}
	return s.carriedOut()
}

func businessClosed(p *probe) *outcome {
	_, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	if err := s.logOut(); err != nil {
		return failed(err)
	}
	if err := s.request(tidUnknown, nil); err != nil {
		return failed(err)
	}
	return s.carriedOut()
}

// maxSpent bounds how many requests are sent to use the credit up.
const maxSpent = 20_000

func creditGranted(p *probe) *outcome {
	f, s, err := p.loggedIn()
	if err != nil {
		return failed(err)
	}
	f.mu.Lock()
	credit := f.credit
	f.mu.Unlock()
	switch {
	case credit < 0:
		return skipf("the core gives unlimited credit")
	case credit > maxSpent:
		return skipf("the core gives %d frames: more than the %d that are tried", credit, maxSpent)
	}
	for range credit + 1 { // the last one waits for LinkCredit if none came
		if err := s.request(tidOrder, nil); err != nil {
			return failed(err)
		}
		if _, err := s.reply(tidOrder, s.number); err != nil {
			return failed(err)
		}
	}
	return nil
}
