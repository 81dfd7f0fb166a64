package corecheck

// need is what a rule cannot do without.
type need int

const (
	needsNothing    need = iota
	needsLink            // a core that accepts LinkLogin
	needsTLS             // and a link over TLS
	needsActive          // a core that is active
	needsLogin           // and lets the account in
	needsSeries          // and a series of the account's is named
	needsRestricted      // a core that is active, and an account that must change its password
	needsChange          // and a new one for that account
	needsVisits          // a core that is active, and an operator with a request for a customer
)

// rule is one of docs/core.md.
type rule struct {
	name, section, expected string
	needs                   need
	run                     func(*probe) *outcome
}

// Sections of docs/core.md.
const (
	sectionFrames   = "Frames and tags"
	sectionConnect  = "Connection"
	sectionOpening  = "Opening a link"
	sectionVerify   = "Verifying a login"
	sectionSessions = "Open, abort, close"
	sectionBusiness = "Business messages"
	sectionFlows    = "Flows and resuming them"
	sectionCredit   = "Credit and queues"
	sectionSeveral  = "Several fronts, several cores"
	sectionResume   = "Restart and SessionResume"
	sectionPassword = "Passwords"
	sectionWrong    = "What the front does with a wrong core"
)

// rules are in the order of a run: the first finds out whether there is a core, the last look at all that came.
var rules = []rule{
	{"link_accept", sectionOpening, "LinkLogin is answered by LinkAccept and Error 0", needsNothing, linkAccept},
	{
		"link_accept_items", sectionOpening,
		"CoreID, an Instance that is a UUID, a Term of 0 or more, State I, A or S, a TradingDay, a Credit of -1 or more", needsLink, acceptItems,
	},
	{"core_waits", sectionOpening, "the core sends nothing before LinkLogin", needsLink, coreWaits},
	{"link_protocol", sectionOpening, "another Protocol than 001 is refused by an Error other than 0, or the link is closed", needsLink, otherProtocol},
	{"heartbeat", sectionOpening, "on an idle link the core sends a heartbeat every HeartbeatSeconds", needsLink, heartbeat},
	{"front_silent", sectionOpening, "a link over which a front sent nothing for three heartbeats is closed", needsLink, frontSilent},
	{"client_certificate", sectionConnect, "over TLS a front without a certificate is not let in", needsTLS, clientCertificate},
	{"second_front", sectionSeveral, "two fronts at once are told the same CoreID, Instance and Term", needsLink, secondFront},

	{"verify_right", sectionVerify, "the right password: VerifyResult and Error 0", needsActive, verifyRight},
	{"frame_pieces", sectionFrames, "a frame that comes byte by byte is read", needsLogin, framePieces},
	{"frames_at_once", sectionFrames, "two frames in one segment are both read", needsLogin, framesAtOnce},
	{"frame_types", sectionFrames, "a frame of unknown or compressed type is passed over", needsLogin, frameTypes},
	{"unknown_tag", sectionFrames, "an unknown tag before the Session tag is passed over", needsLogin, unknownTag},
	{"unknown_field", sectionFrames, "an unknown field in a message of the link is passed over", needsLogin, unknownField},
	{"longer_field", sectionFrames, "a field that is longer than its items is read", needsLogin, longerField},

	{"verify_items", sectionVerify, "VerifyResult names the requested UserID, UserType 1 or 2, Restriction 0", needsLogin, verifyItems},
	{"verify_wrong", sectionVerify, "a wrong password: an Error other than 0, and no VerifyResult", needsActive, verifyWrong},
	{"verify_unknown", sectionVerify, "an account that does not exist: an Error other than 0, and no VerifyResult", needsActive, verifyUnknown},
	{"verify_once", sectionVerify, "one answer to one SessionVerify", needsLogin, verifyOnce},
	{
		"verify_again", sectionVerify, "SessionVerify with the tag of one that was refused: VerifyResult and Error 0 for the right password",
		needsLogin, verifyAgain,
	},
	{"verify_interleaved", sectionVerify, "two SessionVerify in flight: each is answered with its own tag", needsLogin, verifyInterleaved},
	{"verify_relayed", sectionVerify, "a login that came through a relay, with RelayedTerminal, is answered as any", needsLogin, verifyRelayed},

	{"open_silent", sectionSessions, "no answer to SessionOpen", needsLogin, openSilent},
	{"close_silent", sectionSessions, "no answer to SessionClose", needsLogin, closeSilent},
	{"abort_silent", sectionSessions, "no answer to SessionAbort, and the account can log in again", needsLogin, abortSilent},
	{"abort_early", sectionSessions, "SessionAbort before the answer to SessionVerify: the link goes on", needsLogin, abortEarly},
	{"close_unknown", sectionSessions, "SessionClose and SessionAbort of unknown sessions: no answer, and the link goes on", needsLogin, closeUnknown},
	{"visits_silent", sectionSessions, "no answer to VisitOpen and VisitClose, also of unknown sessions, and the link goes on", needsLogin, visitsSilent},
	{"front_gone", sectionSeveral, "when a link ends, its sessions are closed: the account can log in at the next process", needsLogin, frontGone},
	{
		"process_replaced", sectionSeveral,
		"another Process of a FrontID ends the sessions of the one before, whose link is still open, and may use their numbers", needsLogin, processReplaced,
	},

	{"business_answer", sectionBusiness, "an order without a field is answered, with the number of the request and series 0", needsLogin, businessAnswer},
	{"business_gap", sectionBusiness, "a gap in the numbers is accepted: the front answered what is missing", needsLogin, businessGap},
	{"business_interleaved", sectionBusiness, "the requests of two sessions are answered each with its own tag and number", needsLogin, businessInterleaved},
	{"business_unknown", sectionBusiness, "a TID that the core does not know is answered, with the number of the request", needsLogin, businessUnknown},
	{
		"business_chain", sectionBusiness, "a message in parts F, C and L is answered once, with their number, and one that is cut off behind F is not answered",
		needsLogin, businessChain,
	},
	{"business_large", sectionBusiness, "a body of 4096 bytes is answered", needsLogin, businessLarge},
	{"business_stranger", sectionBusiness, "a request with an unknown session tag: no Error 0, and the link goes on", needsLogin, businessStranger},
	{"business_closed", sectionBusiness, "a request behind SessionClose: no Error 0, and the link goes on", needsLogin, businessClosed},

	{"flow_numbers", sectionFlows, "the numbers of the series rise by one", needsSeries, flowNumbers},
	{"resume_points", sectionFlows, "a flow resumed at number n goes on at n + 1; at 0 it begins anew", needsSeries, resumePoints},
	{"credit_granted", sectionCredit, "used credit is granted again", needsLogin, creditGranted},
	{"session_resume", sectionResume, "SessionResume of an open session is answered: ResumePoints and Error 0, or Error alone", needsLogin, sessionResume},
	{
		"visits_resumed", sectionResume,
		"behind SessionResume the core knows the visits that are told again, each once, and forgets the others", needsVisits, visitsResumed,
	},
	{"resume_unknown", sectionResume, "SessionResume of an account that does not exist is answered by an Error other than 0", needsLogin, resumeUnknown},
	{
		"request_code", sectionPassword,
		"RequestCode of a terminal that is not logged in is answered under its TID or Error, with series 0, its number, and an Error", needsLogin, requestCode,
	},
	{"password_wrong", sectionPassword, "PasswordUpdate with a wrong old password is answered by an Error other than 0", needsLogin, passwordWrong},
	{"password_only", sectionPassword, "the restricted account: VerifyResult with Restriction 1 and Error 131, 140 or 141", needsRestricted, passwordOnly},
	{"password_same", sectionPassword, "a restricted session that updates the password to the same one: Error 142", needsRestricted, passwordSame},
	{
		"password_changed", sectionPassword,
		"a restricted session that changes the password: Error 0, and SessionVerify with the same tag and the new one lets it in", needsChange, passwordChanged,
	},

	{"malformed_frame", sectionWrong, "a malformed message ends the link that it came over, and no other", needsLogin, malformedFrame},
	{"oversize_frame", sectionWrong, "a body of 4097 bytes ends the link on the first four bytes", needsLink, oversizeFrame},
	{"short_field", sectionWrong, "a field that is shorter than its items ends the link, or is refused", needsActive, shortField},

	{"frames_whole", sectionFrames, "no frame of the core's is malformed", needsLink, whatCame(malformed)},
	{"messages_legal", sectionFrames, "the core sends no message that only a front sends, and none of a terminal's own", needsLink, whatCame(wrongMessage)},
	{"link_once", sectionOpening, "LinkLogin is answered once, and StateChange comes behind that", needsLink, whatCame(wrongGreeting)},
	{"flow_before_open", sectionSessions, "no message of a flow comes for a session before its SessionOpen", needsLogin, flowBeforeOpen},
	{"tags_known", sectionFrames, "each frame has the tag of a session of that link, or an audience", needsLink, whatCame(wrongTag)},
	{"credit_legal", sectionCredit, "LinkCredit is -1 or a number of frames, and the sum at most 2147483647", needsLink, whatCame(wrongCredit)},
}
