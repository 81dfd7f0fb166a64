package session_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// TestReceiptOnTheWire: each item of the answer to a login, as protocol.md has it.
func TestReceiptOnTheWire(t *testing.T) {
	at := time.Date(2026, 1, 5, 15, 30, 0, 0, regulation.Zone)
	id := uuid.MustParse("0190a1b2-c3d4-7abc-8def-0123456789ab")
	for _, c := range []struct {
		name    string
		receipt session.Receipt
		want    ftd.LoginResponse
	}{
		{"IPv4", session.Receipt{
			RecordID: id, Account: "88888888", UserType: regulation.UserCustomer, TradingDay: 20260106, LoginTime: at.UTC(),
			Public: netip.MustParseAddrPort("203.0.113.9:50000"), Flag: regulation.FlagNormal, FrontID: 3, SessionID: 77, SystemName: "测试前置",
		}, ftd.LoginResponse{
			BrokerID: []byte("9999"), UserID: []byte("88888888"), UserType: '1', TradingDay: []byte("20260106"),
			LoginTime: []byte("2026-01-05 15:30:00"), PublicIP: []byte("203.0.113.9"), PublicPort: 50000, AbnormalFlag: '0',
			FrontID: 3, SessionID: 77, RecordID: []byte(id.String()), SystemName: []byte("测试前置"),
		}},
		{"IPv4 mapped, operator", session.Receipt{
			RecordID: id, Account: "8000admin", UserType: regulation.UserOperator, TradingDay: 20260106, LoginTime: at,
			Public: netip.MustParseAddrPort("[::ffff:203.0.113.9]:1"), Flag: regulation.FlagTerminalData, FrontID: 1, SessionID: 1,
		}, ftd.LoginResponse{
			BrokerID: []byte("9999"), UserID: []byte("8000admin"), UserType: '2', TradingDay: []byte("20260106"),
			LoginTime: []byte("2026-01-05 15:30:00"), PublicIP: []byte("203.0.113.9"), PublicPort: 1, AbnormalFlag: '3',
			FrontID: 1, SessionID: 1, RecordID: []byte(id.String()),
		}},
		{"all at their longest", session.Receipt{
			RecordID: id, Account: "123456789012345678", UserType: regulation.UserCustomer, TradingDay: 20991231, LoginTime: at,
			Public: netip.MustParseAddrPort("[2001:db8::abcd]:65535"), Flag: regulation.FlagNormal,
			FrontID: 1<<31 - 1, SessionID: 1<<31 - 1, SystemName: strings.Repeat("s", 40),
		}, ftd.LoginResponse{
			BrokerID: []byte("9999"), UserID: []byte("123456789012345678"), UserType: '1', TradingDay: []byte("20991231"),
			LoginTime: []byte("2026-01-05 15:30:00"), PublicIP: []byte("2001:0DB8:0000:0000:0000:0000:0000:ABCD"), PublicPort: 65535,
			AbnormalFlag: '0', FrontID: 1<<31 - 1, SessionID: 1<<31 - 1, RecordID: []byte(id.String()), SystemName: []byte(strings.Repeat("s", 40)),
		}},
	} {
		d := newDialogue(t)
		d.reach(session.LoggingIn)
		var fx session.Effects
		d.s.Step(&session.Event{
			Kind: session.OutcomeKnown, Now: d.now, Do: session.DoLogin, Op: session.OpLogin,
			Outcome: &session.Outcome{Receipt: &c.receipt},
		}, &fx)
		want := encode(t, ftd.TIDUserLogin, func(e *ftd.Encoder) { e.LoginResponse(&c.want) })
		field := want[ftd.FrameHeaderLen+ftd.MessageHeaderLen:]
		got := fx.Wire[ftd.FrameHeaderLen+ftd.MessageHeaderLen:]
		if len(got) < len(field) || string(got[:len(field)]) != string(field) {
			t.Errorf("%s:\nsent %q\nwant %q", c.name, got, field)
		}
	}
}
