package coresim

import (
	"bytes"

	"github.com/tradefront/tradefront/internal/ftd"
)

// parts are those of a request whose last one has not come.
type parts struct {
	bodies [][]byte
	bytes  int
	over   bool // they were more than MaxMessage: none is kept, and the message is refused with its last part
}

// gather takes a request, or a part of one. What it returns is whole once the last part is there; of a message that is cut off, whose rest the
// front has refused, nothing is left when the next one comes. fits is false for one of more than MaxMessage bytes.
func (l *link) gather(s *session, h ftd.Header, body []byte) (whole [][]byte, fits bool) {
	p := &s.parts
	if h.Chain == ftd.ChainSingle || h.Chain == ftd.ChainFirst {
		*p = parts{}
	}
	if h.Chain == ftd.ChainSingle {
		l.single[0] = body
		return l.single[:], true
	}
	if p.bytes += len(body); p.bytes > MaxMessage {
		p.bodies, p.over = nil, true
	}
	if !p.over {
		p.bodies = append(p.bodies, bytes.Clone(body))
	}
	if h.Chain != ftd.ChainLast {
		return nil, true
	}
	whole, fits = p.bodies, !p.over
	*p = parts{}
	return whole, fits
}

// fieldAmong is field of a message in parts: the first part that has the field counts.
func fieldAmong(whole [][]byte, fid ftd.FID, into decoder) bool {
	for _, body := range whole {
		if m, err := decodePart(body); err == nil {
			if _, there := m.Field(fid); there {
				return fieldOf(m, fid, into)
			}
		}
	}
	return false
}

// chainAt is where the chain is in a message's header.
const chainAt = 5

// decodePart is the fields of a part, which DecodeMessage takes of a whole message alone.
func decodePart(body []byte) (ftd.Message, error) {
	if body[chainAt] != ftd.ChainSingle {
		body = bytes.Clone(body)
		body[chainAt] = ftd.ChainSingle
	}
	return ftd.DecodeMessage(body)
}
