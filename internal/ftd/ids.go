package ftd

import "fmt"

// TID identifies a message; a request and its response share one.
type TID uint32

// The messages known here; 0x8000 and above are private (JR/T 0016, clause 8). Those from 0x9001 to 0x90FF
// are between a front and a trading core (docs/core.md): a terminal that sends one gets error 77.
const (
	TIDError          TID = 0x00000001
	TIDUserLogin      TID = 0x00000016
	TIDUserLogout     TID = 0x00000017
	TIDPasswordUpdate TID = 0x00000018
	TIDForceExit      TID = 0x00001005
	TIDAuthenticate   TID = 0x00008001
	TIDTerminalSubmit TID = 0x00008002
	TIDTerminalEnd    TID = 0x00008003
	TIDRequestCode    TID = 0x00008004

	TIDLinkLogin     TID = 0x00009001
	TIDSessionVerify TID = 0x00009002
	TIDSessionOpen   TID = 0x00009003
	TIDSessionAbort  TID = 0x00009004
	TIDSessionClose  TID = 0x00009005
	TIDSessionKick   TID = 0x00009006
	TIDStateChange   TID = 0x00009007
	TIDSessionResume TID = 0x00009008
	TIDLinkCredit    TID = 0x00009009
	TIDVisitOpen     TID = 0x0000900A
	TIDVisitClose    TID = 0x0000900B

	// The ranges that a terminal may not pass on: the front's own messages and the link's.
	firstPrivateTID TID = 0x00008001
	lastPrivateTID  TID = 0x000090FF
)

var tidNames = map[TID]string{
	TIDError: "Error", TIDUserLogin: "UserLogin", TIDUserLogout: "UserLogout", TIDPasswordUpdate: "PasswordUpdate",
	TIDForceExit: "ForceExit", TIDAuthenticate: "Authenticate", TIDRequestCode: "RequestCode",
	TIDTerminalSubmit: "TerminalSubmit", TIDTerminalEnd: "TerminalEnd",
	TIDLinkLogin: "LinkLogin", TIDSessionVerify: "SessionVerify", TIDSessionOpen: "SessionOpen",
	TIDSessionAbort: "SessionAbort", TIDSessionClose: "SessionClose", TIDSessionKick: "SessionKick",
	TIDStateChange: "StateChange", TIDSessionResume: "SessionResume", TIDLinkCredit: "LinkCredit",
	TIDVisitOpen: "VisitOpen", TIDVisitClose: "VisitClose",
}

func (t TID) String() string {
	if name, known := tidNames[t]; known {
		return name
	}
	return fmt.Sprintf("TID(0x%08X)", uint32(t))
}

// link reports whether messages of that TID are between a front and a core.
func (t TID) link() bool { return t >= TIDLinkLogin && t <= lastPrivateTID }

// Business reports whether a front passes messages of that TID on between a terminal that is logged in and
// the core, unchanged: all but its own and the link's.
func (t TID) Business() bool {
	switch t {
	case TIDUserLogin, TIDUserLogout, TIDForceExit:
		return false
	}
	return t < firstPrivateTID || t > lastPrivateTID
}

// FID identifies a field.
type FID uint32

// The fields known here; 0x8000 and above are private (JR/T 0016, clause 8).
const (
	FIDError               FID = 0x0005
	FIDForceExit           FID = 0x0006
	FIDErrorTargetSequence FID = 0x002E
	FIDAuthIdentity        FID = 0x8001
	FIDAuthInfo            FID = 0x8002
	FIDAuthChallenge       FID = 0x8003
	FIDAuthResult          FID = 0x8004
	FIDLoginRequest        FID = 0x8005
	FIDTerminalInfo        FID = 0x8006
	FIDLoginResponse       FID = 0x8007
	FIDLogoutRequest       FID = 0x8008
	FIDRelayedTerminal     FID = 0x8009
	FIDSubmitRequest       FID = 0x800A
	FIDSubmitResponse      FID = 0x800B
	FIDRelayRecorded       FID = 0x800C
	FIDRelayTerms          FID = 0x800D
	FIDSubmitRef           FID = 0x800E
	FIDTerminalTag         FID = 0x800F
	FIDResumePoints        FID = 0x8010
	FIDPasswordUpdate      FID = 0x8011

	FIDLinkIdentity   FID = 0x9001
	FIDLinkAccept     FID = 0x9002
	FIDSessionContext FID = 0x9003
	FIDVerifyResult   FID = 0x9004
	FIDSessionRecord  FID = 0x9005
	FIDReason         FID = 0x9006
	FIDResumeSession  FID = 0x9007
	FIDLinkCredit     FID = 0x9008
)

var fidNames = map[FID]string{
	FIDError: "Error", FIDForceExit: "ForceExit", FIDErrorTargetSequence: "ErrorTargetSequence",
	FIDAuthIdentity: "AuthIdentity", FIDAuthInfo: "AuthInfo", FIDAuthChallenge: "AuthChallenge", FIDAuthResult: "AuthResult",
	FIDLoginRequest: "LoginRequest", FIDTerminalInfo: "TerminalInfo", FIDLoginResponse: "LoginResponse",
	FIDLogoutRequest: "LogoutRequest", FIDResumePoints: "ResumePoints", FIDPasswordUpdate: "PasswordUpdate",
	FIDRelayedTerminal: "RelayedTerminal", FIDSubmitRequest: "SubmitRequest", FIDSubmitResponse: "SubmitResponse",
	FIDRelayRecorded: "RelayRecorded", FIDRelayTerms: "RelayTerms", FIDSubmitRef: "SubmitRef", FIDTerminalTag: "TerminalTag",
	FIDLinkIdentity: "LinkIdentity", FIDLinkAccept: "LinkAccept", FIDSessionContext: "SessionContext",
	FIDVerifyResult: "VerifyResult", FIDSessionRecord: "SessionRecord", FIDReason: "Reason",
	FIDResumeSession: "ResumeSession", FIDLinkCredit: "LinkCredit",
}

func (f FID) String() string {
	if name, known := fidNames[f]; known {
		return name
	}
	return fmt.Sprintf("FID(0x%08X)", uint32(f))
}

// place is where a known FID is in a fidSet and in leastLens: in the order of their numbers. known is false for an unknown one, which may
// be present more than once, with any length. The link's are known in a message of the link.
func (f FID) place(link bool) (at FID, known bool) {
	switch {
	case f == FIDError:
		return 0, true
	case f == FIDForceExit:
		return 1, true
	case f == FIDErrorTargetSequence:
		return 2, true
	case f >= FIDAuthIdentity && f <= FIDPasswordUpdate:
		return 3 + f - FIDAuthIdentity, true
	case link && f >= FIDLinkIdentity && f <= FIDLinkCredit:
		return 20 + f - FIDLinkIdentity, true
	}
	return 0, false
}

// leastLens are the bytes that the fixed items of a field between terminal and front take, by its place.
var leastLens = [...]int{
	errorLen, forceExitLen, errorTargetLen,
	authIdentityLen, ChallengeLen, ChallengeLen, authResultLen, loginRequestLen, terminalInfoLen, loginResponseLen, logoutRequestLen,
	relayedTerminalLen, submitRequestLen, submitResponseLen, relayRecordedLen, relayTermsLen, submitRefLen, terminalTagLen,
	pointLen, passwordUpdateLen,
}

// fidSet is a set of known FIDs, by their places: one bit each, so that it costs no allocation.
type fidSet uint64

// add puts the FID of a place into the set and reports whether it was there before.
func (s *fidSet) add(place FID) (twice bool) {
	bit := fidSet(1) << place
	twice = *s&bit != 0
	*s |= bit
	return twice
}
