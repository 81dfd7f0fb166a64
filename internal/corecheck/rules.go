package corecheck

// need is what a rule cannot do without.
type need int

const (
	needsNothing    need = iota
	needsLink            // a core that accepts LinkLogin
	needsActive          // a core that is active
	needsSeries          // and a series of the account's
	needsRestricted      // and an account that must change its password
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
	{"second_front", sectionSeveral, "two fronts at once are told the same CoreID, Instance and Term", needsLink, secondFront},

	{"frame_pieces", sectionFrames, "a frame that comes byte by byte is read", needsActive, framePieces},
	{"frames_at_once", sectionFrames, "two frames in one segment are both read", needsActive, framesAtOnce},
	{"frame_types", sectionFrames, "a frame of unknown or compressed type is passed over", needsActive, frameTypes},
	{"unknown_tag", sectionFrames, "an unknown tag before the Session tag is passed over", needsActive, unknownTag},
	{"unknown_field", sectionFrames, "an unknown field in a message of the link is passed over", needsActive, unknownField},
	{"longer_field", sectionFrames, "a field that is longer than its items is read", needsActive, longerField},

	{"verify_right", sectionVerify, "the right password: VerifyResult and Error 0", needsActive, verifyRight},
	{"verify_items", sectionVerify, "VerifyResult names the requested UserID, UserType 1 or 2, Restriction 0", needsActive, verifyItems},
	{"verify_wrong", sectionVerify, "a wrong password: an Error other than 0, and no VerifyResult", needsActive, verifyWrong},
	{"verify_unknown", sectionVerify, "an account that does not exist: an Error other than 0, and no VerifyResult", needsActive, verifyUnknown},
	{"verify_once", sectionVerify, "one answer to one SessionVerify", needsActive, verifyOnce},
	{"verify_interleaved", sectionVerify, "two SessionVerify in flight: each is answered with its own tag", needsActive, verifyInterleaved},

	{"open_silent", sectionSessions, "no answer to SessionOpen", needsActive, openSilent},
	{"close_silent", sectionSessions, "no answer to SessionClose", needsActive, closeSilent},
	{"abort_silent", sectionSessions, "no answer to SessionAbort, and the account can log in again", needsActive, abortSilent},
	{"abort_early", sectionSessions, "SessionAbort before the answer to SessionVerify: the link goes on", needsActive, abortEarly},
	{"close_unknown", sectionSessions, "SessionClose and SessionAbort of unknown sessions: no answer, and the link goes on", needsActive, closeUnknown},
	{"front_gone", sectionSeveral, "when a link ends, its sessions are closed: the account can log in at the next process", needsActive, frontGone},

	{"business_answer", sectionBusiness, "an order without a field is answered, with the number of the request and series 0", needsActive, businessAnswer},
	{"business_gap", sectionBusiness, "a gap in the numbers is accepted: the front answered what is missing", needsActive, businessGap},
	{"business_interleaved", sectionBusiness, "the requests of two sessions are answered each with its own tag and number", needsActive, businessInterleaved},
	{"business_unknown", sectionBusiness, "a TID that the core does not know is answered, with the number of the request", needsActive, businessUnknown},
	{"business_chain", sectionBusiness, "a message in parts F, C and L is answered, with their number", needsActive, businessChain},
	{"business_large", sectionBusiness, "a body of 4096 bytes is answered", needsActive, businessLarge},
	{"business_stranger", sectionBusiness, "a request with an unknown session tag: no Error 0, and the link goes on", needsActive, businessStranger},
	{"business_closed", sectionBusiness, "a request behind SessionClose: no Error 0, and the link goes on", needsActive, businessClosed},

	{"flow_numbers", sectionFlows, "the numbers of the series rise by one", needsSeries, flowNumbers},
	{"resume_points", sectionFlows, "a flow resumed at number n goes on at n + 1; at 0 it begins anew", needsSeries, resumePoints},
	{"credit_granted", sectionCredit, "used credit is granted again", needsActive, creditGranted},
	{"session_resume", sectionResume, "SessionResume of an open session is answered: ResumePoints and Error 0, or Error alone", needsActive, sessionResume},
	{"resume_unknown", sectionResume, "SessionResume of an unknown session is answered by an Error other than 0", needsActive, resumeUnknown},
	{"password_wrong", sectionPassword, "PasswordUpdate with a wrong old password is answered by an Error other than 0", needsActive, passwordWrong},
	{"password_only", sectionPassword, "the restricted account: VerifyResult with Restriction 1 and Error 131, 140 or 141", needsRestricted, passwordOnly},
	{"password_same", sectionPassword, "a restricted session that updates the password to the same one: Error 142", needsRestricted, passwordSame},

	{"malformed_frame", sectionWrong, "a malformed message ends the link that it came over, and no other", needsActive, malformedFrame},
	{"oversize_frame", sectionWrong, "a body of 4097 bytes ends the link on the first four bytes", needsLink, oversizeFrame},
	{"short_field", sectionWrong, "a field that is shorter than its items ends the link, or is refused", needsActive, shortField},

	{"frames_whole", sectionFrames, "no frame of the core's is malformed", needsLink, func(p *probe) *outcome { return p.found(malformed) }},
	{"messages_legal", sectionFrames, "the core sends no message that only a front sends", needsLink, func(p *probe) *outcome { return p.found(wrongMessage) }},
	{"tags_known", sectionFrames, "each frame has the tag of a session of that link, or an audience", needsLink, func(p *probe) *outcome { return p.found(wrongTag) }},
	{"credit_legal", sectionCredit, "LinkCredit is -1 or a number above 0, and the sum at most 2147483647", needsLink, func(p *probe) *outcome { return p.found(wrongCredit) }},
}
