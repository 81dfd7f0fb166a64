package corecheck

import (
	"errors"
	"os"

	"github.com/tradefront/tradefront/internal/ftd"
)

func malformedFrame(p *probe) *outcome {
	bad, err := p.first()
	if err != nil {
		return failed(err)
	}
	good, err := p.second()
	if err != nil {
		return failed(err)
	}
	s := bad.session()
	body := emptyBody(ftd.TIDSessionVerify, ftd.ChainSingle, 0)
	body[0] = 3 // version
	if err := bad.send(ftd.AppendSessionFrame(nil, s.tag(), body)); err != nil {
		return failed(err)
	}
	if err := bad.closed(); err != nil {
		return failf("behind a message of version 3: %v", err)
	}
	if out := good.alive(); out != nil {
		return failf("the other front's link: %s", out.came)
	}
	return nil
}

func oversizeFrame(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	if err := f.send([]byte{byte(ftd.FrameFTDC), 0, 0x10, 0x01}); err != nil {
		return failed(err)
	}
	return failed(f.closed())
}

func shortField(p *probe) *outcome {
	f, err := p.first()
	if err != nil {
		return failed(err)
	}
	s := f.session()
	e := ftd.BeginSession(nil, ftd.TIDSessionVerify, s.tag())
	e.Raw(ftd.FIDLoginRequest, []byte("short"))
	e.Raw(ftd.FIDSessionContext, []byte("short"))
	if err := f.sendMessage(&e); err != nil {
		return failed(err)
	}
	g, err := f.within(p.Timeout, func(g *frame) bool { return s.mine(g) && g.header.TID == ftd.TIDSessionVerify })
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return failf("neither an answer nor the end of the link within %v", p.Timeout)
	case err != nil:
		return nil // the link ended
	}
	if code, err := g.code(); err == nil && code == 0 {
		return failf("%v", g)
	}
	return nil
}
