package corecheck

import (
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/ftd"
)

func (p *peer) business(f *frame, bodyLen int) error {
	fault, tid, number := p.c.fault, f.header.TID, f.header.SequenceNumber
	p.grant()
	if f.header.Chain == ftd.ChainFirst || f.header.Chain == ftd.ChainMiddle {
		p.partCame(f)
		return nil
	}
	if fault == "cut_run_answered" && f.header.Chain == ftd.ChainSingle && p.begun != 0 {
		p.say(tid, &f.tag, 0, p.begun, 15, nil)
	}
	p.begun = 0
	p.c.requests++
	code := 15
	switch {
	case fault == "business_answer", fault == "business_unknown" && tid == tidUnknown,
		fault == "business_chain" && f.header.Chain == ftd.ChainLast, fault == "business_gap" && number > 3:
		return nil
	case fault == "business_large" && bodyLen > 4000:
		return errEnd
	case fault == "another number":
		number += 7
	case fault == "business_interleaved":
		number = p.c.requests
	}
	if !p.c.open[f.tag] {
		if strings.HasPrefix(fault, "business_stranger") || fault == "business_closed" {
			p.say(tid, &f.tag, 0, number, 0, nil)
		}
		return nil
	}
	if tid == ftd.TIDPasswordUpdate {
		code = p.update(f)
	}
	if f.has(customerField) && len(p.c.visits[f.tag]) == 0 && p.c.fault != "no visits" {
		code = 9
	}
	p.say(tid, &f.tag, 0, number, code, nil)
	if fault == "several messages" {
		p.say(tid, &f.tag, 0, number, code, nil)
	}
	return nil
}

// partCame takes a part behind which others of the message follow.
func (p *peer) partCame(f *frame) {
	p.begun = f.header.SequenceNumber
	if p.c.fault == "parts_answered" && p.c.open[f.tag] && f.header.Chain == ftd.ChainMiddle {
		p.say(f.header.TID, &f.tag, 0, f.header.SequenceNumber, 15, nil)
	}
}

// customerField in a request names testCustomer.
const customerField ftd.FID = 0xA007

// visited notes who is behind an operator.
func (p *peer) visited(f *frame) error {
	if f.header.TID == ftd.TIDVisitClose {
		var ref ftd.SubmitRef
		if err := f.field(ftd.FIDSubmitRef, &ref); err != nil {
			return err
		}
		all := p.c.visits[f.tag]
		at := slices.IndexFunc(all, func(v visit) bool { return v.id == string(ref.SubmitID) })
		if at >= 0 && p.c.fault != "visits_end" {
			p.c.visits[f.tag] = slices.Delete(all, at, at+1)
		}
		return nil
	}
	var told ftd.SubmitResponse
	if err := f.field(ftd.FIDSubmitResponse, &told); err != nil {
		return err
	}
	v := visit{string(told.SubmitID), string(told.RecordID)}
	if p.c.fault == "visits_once" && p.c.told[v] { // it has heard of it, and forgot it with the link
		return nil
	}
	p.c.told[v] = true
	if p.c.fault == "visits_twice" || !slices.Contains(p.c.visits[f.tag], v) {
		p.c.visits[f.tag] = append(p.c.visits[f.tag], v)
	}
	return nil
}

// grant gives half of the credit back whenever that much was used.
func (p *peer) grant() {
	p.used++
	if half := p.c.credit / 2; p.c.fault != "credit_granted" && half > 0 && p.used == half {
		p.used = 0
		p.say(ftd.TIDLinkCredit, nil, 0, 0, -1, func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: half}) })
	}
}

func (p *peer) update(f *frame) int {
	var u ftd.PasswordUpdate
	if f.field(ftd.FIDPasswordUpdate, &u) != nil {
		return 15
	}
	old := string(u.OldPassword)
	switch {
	case p.c.fault == "password_wrong" || p.c.fault == "password_same":
		return 0
	case old != testPassword && old != testFirstTime:
		return 3
	case old == string(u.NewPassword):
		return 142
	}
	p.c.changed = old == testFirstTime
	return 0
}
