package ftd_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

func TestFaults(t *testing.T) {
	word := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]bool{}
	for _, f := range ftd.Faults() {
		w := f.Word()
		if f == 0 || !word.MatchString(w) || w == "unknown" || seen[w] || w != f.String() {
			t.Errorf("fault %d has the word %q", uint8(f), w)
		}
		seen[w] = true
		if text := f.Error(); !strings.HasPrefix(text, "malformed: ") || len(text) < 20 {
			t.Errorf("%s has the text %q", w, text)
		}
		if !errors.Is(fmt.Errorf("wrapped: %w", f), f) {
			t.Errorf("%s is not found in an error chain", w)
		}
	}
	if len(seen) != 14 {
		t.Errorf("%d faults, want 14: a new one needs a vector and a line in docs/protocol.md", len(seen))
	}
	for _, f := range []ftd.Fault{0, 255} {
		if f.Word() != "unknown" || f.Error() != "malformed: unknown fault" {
			t.Errorf("fault %d: %q, %q", uint8(f), f.Word(), f.Error())
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		got    fmt.Stringer
		number uint32
		name   string
	}{
		{ftd.TIDError, 0x00000001, "Error"},
		{ftd.TIDUserLogin, 0x00000016, "UserLogin"},
		{ftd.TIDUserLogout, 0x00000017, "UserLogout"},
		{ftd.TIDForceExit, 0x00001005, "ForceExit"},
		{ftd.TIDAuthenticate, 0x00008001, "Authenticate"},
		{ftd.TIDPasswordUpdate, 0x00000018, "PasswordUpdate"},
		{ftd.TIDRequestCode, 0x00008004, "RequestCode"},
		{ftd.TIDTerminalSubmit, 0x00008002, "TerminalSubmit"},
		{ftd.TIDTerminalEnd, 0x00008003, "TerminalEnd"},
		{ftd.TIDLinkLogin, 0x00009001, "LinkLogin"},
		{ftd.TIDSessionVerify, 0x00009002, "SessionVerify"},
		{ftd.TIDSessionOpen, 0x00009003, "SessionOpen"},
		{ftd.TIDSessionAbort, 0x00009004, "SessionAbort"},
		{ftd.TIDSessionClose, 0x00009005, "SessionClose"},
		{ftd.TIDSessionKick, 0x00009006, "SessionKick"},
		{ftd.TIDStateChange, 0x00009007, "StateChange"},
		{ftd.TIDSessionResume, 0x00009008, "SessionResume"},
		{ftd.TIDLinkCredit, 0x00009009, "LinkCredit"},
		{ftd.TID(15), 15, "TID(0x0000000F)"},

		{ftd.FIDError, 0x0005, "Error"},
		{ftd.FIDForceExit, 0x0006, "ForceExit"},
		{ftd.FIDAuthIdentity, 0x8001, "AuthIdentity"},
		{ftd.FIDAuthInfo, 0x8002, "AuthInfo"},
		{ftd.FIDAuthChallenge, 0x8003, "AuthChallenge"},
		{ftd.FIDAuthResult, 0x8004, "AuthResult"},
		{ftd.FIDLoginRequest, 0x8005, "LoginRequest"},
		{ftd.FIDTerminalInfo, 0x8006, "TerminalInfo"},
		{ftd.FIDLoginResponse, 0x8007, "LoginResponse"},
		{ftd.FIDLogoutRequest, 0x8008, "LogoutRequest"},
		{ftd.FIDRelayedTerminal, 0x8009, "RelayedTerminal"},
		{ftd.FIDSubmitRequest, 0x800A, "SubmitRequest"},
		{ftd.FIDSubmitResponse, 0x800B, "SubmitResponse"},
		{ftd.FIDRelayRecorded, 0x800C, "RelayRecorded"},
		{ftd.FIDRelayTerms, 0x800D, "RelayTerms"},
		{ftd.FIDSubmitRef, 0x800E, "SubmitRef"},
		{ftd.FIDTerminalTag, 0x800F, "TerminalTag"},
		{ftd.FIDErrorTargetSequence, 0x002E, "ErrorTargetSequence"},
		{ftd.FIDResumePoints, 0x8010, "ResumePoints"},
		{ftd.FIDPasswordUpdate, 0x8011, "PasswordUpdate"},
		{ftd.FIDLinkIdentity, 0x9001, "LinkIdentity"},
		{ftd.FIDLinkAccept, 0x9002, "LinkAccept"},
		{ftd.FIDSessionContext, 0x9003, "SessionContext"},
		{ftd.FIDVerifyResult, 0x9004, "VerifyResult"},
		{ftd.FIDSessionRecord, 0x9005, "SessionRecord"},
		{ftd.FIDReason, 0x9006, "Reason"},
		{ftd.FIDResumeSession, 0x9007, "ResumeSession"},
		{ftd.FIDLinkCredit, 0x9008, "LinkCredit"},
		{ftd.FID(15), 15, "FID(0x0000000F)"},
	} {
		var number uint32
		switch v := tt.got.(type) {
		case ftd.TID:
			number = uint32(v)
		case ftd.FID:
			number = uint32(v)
		}
		if number != tt.number || tt.got.String() != tt.name {
			t.Errorf("%v is 0x%X, want %s, 0x%X", tt.got, number, tt.name, tt.number)
		}
	}
}

// TestBusiness: what a front passes on, and what it keeps to itself.
func TestBusiness(t *testing.T) {
	for tid, want := range map[ftd.TID]bool{
		0: true, ftd.TIDError: true, 0x15: true, ftd.TIDUserLogin: false, ftd.TIDUserLogout: false, ftd.TIDPasswordUpdate: true,
		0x1004: true, ftd.TIDForceExit: false, 0x1006: true, 0x8000: true, ftd.TIDAuthenticate: false, ftd.TIDRequestCode: false,
		0x9000: false, ftd.TIDLinkLogin: false, ftd.TIDLinkCredit: false, 0x90FF: false, 0x9100: true, 1<<32 - 1: true,
	} {
		if got := tid.Business(); got != want {
			t.Errorf("%v: business %v, want %v", tid, got, want)
		}
	}
}
