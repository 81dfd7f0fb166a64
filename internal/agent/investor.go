package agent

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// loginVia logs a terminal in at a front, on a connection of its own.
func (a *Agent) loginVia(ctx context.Context, peer session.Peer, attempt *session.LoginAttempt, visit relayed, e logs.Entry) session.Outcome {
	u, err := a.connect(ctx)
	if err != nil {
		return a.refuse(e, a.noUpstream(err, visit.told != nil))
	}
	keep := false
	defer func() {
		if !keep {
			_ = u.conn.Close()
		}
	}()
	receipt, refused := a.askFront(ctx, u, attempt, &visit)
	if refused != nil && refused.elsewhere { // this login does not: it may be recorded
		a.fronts.leave(u.at, len(a.opt.Addresses))
	}
	passwordFirst := refused != nil && wantsPassword(refused.code)
	if refused != nil && !passwordFirst {
		return a.refuse(e, refused)
	}
	keep = true
	p := a.newPump(u, attempt)
	if p.passwordOnly = passwordFirst; passwordFirst {
		a.work.Go(p.read)
		outcome := a.refuse(e, refused)
		outcome.Session = p
		return outcome
	}
	a.visits.put(peer.SessionID, visitFor(attempt.Line, receipt))
	a.accepted(e, receipt)
	a.work.Go(p.read)
	return session.Outcome{Receipt: receipt, Session: p}
}

// tooMany is a front's code for a relay that has as many connections as it may.
const tooMany = 60

// noUpstream is what it means to a terminal, or to a relay below, that no front takes another connection.
func (a *Agent) noUpstream(err error, below bool) *refusal {
	if refused, is := errors.AsType[*client.Error](err); is && refused.Code == tooMany {
		return a.answered(refused.Code, refused.Text, refused.Ref, below)
	}
	return &refusal{reason: reason.UpstreamAway}
}

func visitFor(line core.Terminal, r *session.Receipt) visit {
	return visit{line: line, recordID: r.RecordID}
}

// wantsPassword reports whether a front refused a login until the password is changed.
func wantsPassword(code int) bool { return code == 131 || code == 140 || code == 141 }

// askFront sends the login and takes the front's answer.
func (a *Agent) askFront(ctx context.Context, u *upstream, attempt *session.LoginAttempt, visit *relayed) (*session.Receipt, *refusal) {
	frame, err := loginFrame(attempt, visit)
	if err != nil {
		return nil, &refusal{reason: reason.IllegalField}
	}
	defer u.until(ctx)()
	_, err = u.conn.Write(frame)
	clear(frame) // the password is in it
	if err != nil {
		return nil, &refusal{reason: reason.UpstreamAway, elsewhere: true}
	}
	for {
		body, err := u.next()
		if err != nil { // the front may have recorded the login
			return nil, &refusal{reason: reason.StoreInDoubt, elsewhere: true}
		}
		m, err := ftd.DecodeMessage(body)
		if err != nil || m.TID != ftd.TIDUserLogin && m.TID != ftd.TIDForceExit {
			continue // of the core, before the answer: a front sends nothing then
		}
		if m.TID == ftd.TIDForceExit {
			return nil, &refusal{reason: reason.UpstreamAway, elsewhere: true}
		}
		return a.answer(m, visit)
	}
}

func loginFrame(attempt *session.LoginAttempt, visit *relayed) ([]byte, error) {
	e := ftd.Begin(make([]byte, 0, 1024), ftd.TIDUserLogin) // no growth leaves a copy of the password behind
	e.Raw(ftd.FIDLoginRequest, attempt.Request)
	e.TerminalInfo(&ftd.TerminalInfo{
		KeyVersion: attempt.Terminal.KeyVersion, AbnormalFlag: byte(visit.flag), Ciphertext: attempt.Terminal.Ciphertext,
	})
	visit.put(&e)
	if attempt.Resume.Count > 0 {
		e.ResumePoints(&attempt.Resume)
	}
	return e.End()
}

// answer reads a front's answer to that terminal's login.
func (a *Agent) answer(m ftd.Message, visit *relayed) (*session.Receipt, *refusal) {
	inDoubt := &refusal{reason: reason.StoreInDoubt, elsewhere: true} // it is no answer
	var status ftd.Error
	if raw, has := m.Field(ftd.FIDError); !has || status.Decode(raw) != nil {
		return nil, inDoubt
	}
	if at, err := time.ParseInLocation(ftd.TimeStampLayout, string(status.TimeStamp), regulation.Zone); err == nil {
		a.clock.note(a.parts.Now(), at)
	}
	if status.Code != 0 {
		text, ref := cutRef(string(status.Text))
		return nil, a.answered(status.Code, text, ref, visit.told != nil)
	}
	raw, _ := m.Field(ftd.FIDLoginResponse)
	receipt, err := readReceipt(raw, visit.byTelephone())
	if err != nil {
		return nil, inDoubt
	}
	if raw, has := m.Field(ftd.FIDRelayRecorded); has {
		receipt.Via, err = readVia(raw)
	}
	if err != nil || receipt.Via == nil {
		return nil, inDoubt
	}
	return receipt, nil
}

// cutRef parts "text [ref XXXXXX]".
func cutRef(s string) (text, ref string) {
	const open = "[ref "
	at := strings.LastIndex(s, open)
	if at < 0 || !strings.HasSuffix(s, "]") {
		return s, ""
	}
	return strings.TrimRight(s[:at], " "), s[at+len(open) : len(s)-1]
}

// byTelephone reports whether a relay below told of an order by telephone without an address: the front then answers none.
func (r *relayed) byTelephone() bool {
	if r.told == nil {
		return false
	}
	t := &r.told.Told
	return t.TerminalType == ftd.TerminalOffline && len(t.PublicIP) == 0 && t.PublicPort == 0
}

// readReceipt is what a front recorded; noAddress says that it may have recorded no address. Its strings are copies.
func readReceipt(raw []byte, noAddress bool) (*session.Receipt, error) {
	var f ftd.LoginResponse
	if err := f.Decode(raw); err != nil {
		return nil, err
	}
	id, errID := uuid.ParseBytes(f.RecordID)
	day, errDay := strconv.Atoi(string(f.TradingDay))
	at, errAt := time.ParseInLocation(regulation.TimeLayout, string(f.LoginTime), regulation.Zone)
	public, errAddr := readPublic(&f, noAddress)
	return &session.Receipt{
		RecordID: id, Account: regulation.Account(f.UserID), UserType: regulation.UserType(f.UserType), TradingDay: calendar.TradingDay(day),
		LoginTime: at, Public: public, Flag: regulation.AbnormalFlag(f.AbnormalFlag),
		FrontID: f.FrontID, SessionID: f.SessionID, SystemName: string(f.SystemName),
		LastLogin: string(f.LastLogin), LastIP: string(f.LastIP), Notice: string(f.Notice),
	}, errors.Join(errID, errDay, errAt, errAddr)
}

func readPublic(f *ftd.LoginResponse, noAddress bool) (netip.AddrPort, error) {
	if noAddress && len(f.PublicIP) == 0 && f.PublicPort == 0 {
		return netip.AddrPort{}, nil
	}
	addr, err := netip.ParseAddr(string(f.PublicIP))
	return netip.AddrPortFrom(addr, uint16(f.PublicPort)), err
}

func readVia(raw []byte) (*session.Via, error) {
	var f ftd.RelayRecorded
	if err := f.Decode(raw); err != nil {
		return nil, err
	}
	addr, errAddr := netip.ParseAddr(string(f.RelayIP))
	at, errAt := time.ParseInLocation(regulation.TimeLayout, string(f.RelayLoginTime), regulation.Zone)
	return &session.Via{
		AppID: regulation.AppID(f.RelayAppID), Addr: netip.AddrPortFrom(addr, uint16(f.RelayPort)), LoginTime: at,
	}, errors.Join(errAddr, errAt)
}
