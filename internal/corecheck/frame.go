package corecheck

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// frame is one that the core sent, with a body of its own.
type frame struct {
	heartbeat bool
	header    ftd.Header
	message   ftd.Message // if whole
	whole     bool        // the fields can be walked
	tag       ftd.SessionTag
	tagged    bool
	broadcast bool
}

// readFrame makes a frame of what was decoded; the error says how it is malformed.
func readFrame(f ftd.Frame) (*frame, error) {
	if f.Type != ftd.FrameFTDC {
		return &frame{heartbeat: f.IsHeartbeat()}, nil
	}
	body := append([]byte(nil), f.Body...)
	h, err := ftd.DecodeHeader(body)
	if err != nil {
		return nil, err
	}
	got := &frame{header: h}
	got.tag, got.tagged = f.Ext.Session()
	_, got.broadcast = f.Ext.Audience()
	m, err := ftd.DecodeMessage(body)
	if err != nil && !h.TID.Business() {
		return nil, fmt.Errorf("%v: %w", h.TID, err)
	}
	got.message, got.whole = m, err == nil
	return got, nil
}

func (f *frame) String() string {
	if f.heartbeat {
		return "a heartbeat"
	}
	s := f.header.TID.String()
	if f.header.SequenceNumber != 0 || f.header.SequenceSeries != 0 {
		s += fmt.Sprintf(" series %d number %d", f.header.SequenceSeries, f.header.SequenceNumber)
	}
	if f.tagged {
		s += fmt.Sprintf(" of session %d/%d", f.tag.FrontID, f.tag.SessionID)
	}
	if code, err := f.code(); err == nil {
		s += fmt.Sprintf(" with Error %d", code)
	}
	return s
}

// decoder is a field.
type decoder interface{ Decode([]byte) error }

// field decodes a field that must be there.
func (f *frame) field(fid ftd.FID, into decoder) error {
	data, ok := f.message.Field(fid)
	if !f.whole || !ok {
		return fmt.Errorf("%v without the field %v", f.header.TID, fid)
	}
	return into.Decode(data)
}

// has reports whether the message has the field.
func (f *frame) has(fid ftd.FID) bool {
	_, ok := f.message.Field(fid)
	return f.whole && ok
}

// code is the Error field's.
func (f *frame) code() (int, error) {
	var e ftd.Error
	if err := f.field(ftd.FIDError, &e); err != nil {
		return 0, err
	}
	return e.Code, nil
}
