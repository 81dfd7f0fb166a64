package ftd

import "fmt"

// TID identifies a message; a request and its response share one.
type TID uint32

// The messages known here; 0x8000 and above are private (JR/T 0016, clause 8).
const (
	TIDError        TID = 0x00000001
	TIDUserLogin    TID = 0x00000016
	TIDUserLogout   TID = 0x00000017
	TIDForceExit    TID = 0x00001005
	TIDAuthenticate TID = 0x00008001
)

func (t TID) String() string {
	switch t {
	case TIDError:
		return "Error"
	case TIDUserLogin:
		return "UserLogin"
	case TIDUserLogout:
		return "UserLogout"
	case TIDForceExit:
		return "ForceExit"
	case TIDAuthenticate:
		return "Authenticate"
	}
	return fmt.Sprintf("TID(0x%08X)", uint32(t))
}

// FID identifies a field.
type FID uint32

// The fields known here; 0x8000 and above are private (JR/T 0016, clause 8).
const (
	FIDError         FID = 0x0005
	FIDForceExit     FID = 0x0006
	FIDAuthIdentity  FID = 0x8001
	FIDAuthInfo      FID = 0x8002
	FIDAuthChallenge FID = 0x8003
	FIDAuthResult    FID = 0x8004
	FIDLoginRequest  FID = 0x8005
	FIDTerminalInfo  FID = 0x8006
	FIDLoginResponse FID = 0x8007
	FIDLogoutRequest FID = 0x8008
)

func (f FID) String() string {
	switch f {
	case FIDError:
		return "Error"
	case FIDForceExit:
		return "ForceExit"
	case FIDAuthIdentity:
		return "AuthIdentity"
	case FIDAuthInfo:
		return "AuthInfo"
	case FIDAuthChallenge:
		return "AuthChallenge"
	case FIDAuthResult:
		return "AuthResult"
	case FIDLoginRequest:
		return "LoginRequest"
	case FIDTerminalInfo:
		return "TerminalInfo"
	case FIDLoginResponse:
		return "LoginResponse"
	case FIDLogoutRequest:
		return "LogoutRequest"
	}
	return fmt.Sprintf("FID(0x%08X)", uint32(f))
}

// fidSet is a set of known FIDs: one bit each, so that it costs no allocation.
type fidSet uint16

// add puts a known f into the set and reports whether it was there before. An unknown
// f is ignored: an unknown field may be present more than once.
func (s *fidSet) add(f FID) (twice bool) {
	var bit fidSet
	switch {
	case f == FIDError:
		bit = 1 << 0
	case f == FIDForceExit:
		bit = 1 << 1
	case f >= FIDAuthIdentity && f <= FIDLogoutRequest:
		bit = 1 << (2 + f - FIDAuthIdentity)
	}
	twice = *s&bit != 0
	*s |= bit
	return twice
}
