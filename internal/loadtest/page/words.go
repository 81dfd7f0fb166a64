package page

// words are the texts of the page in one language.
type words struct {
	Lang, Name                                                                                            string
	Title, Printed, Basis, Good, Bad                                                                      string
	Causes                                                                                                map[string]string
	Limited, FullRate                                                                                     string
	Uncompared                                                                                            string
	Rate, RateOf, Best, Peak, Multiple, Twice, NotTwice                                                   string
	P99, P50, Errors, LoggedIn, MostOpen, OfBegun                                                         string
	Asserted, Measured, Verdict, Holds, Fails, NothingAsserted, NotMeasured                               string
	VerdictTitle, Assertions, Latencies, CountsTitle, RunTitle, HostTitle                                 string
	Step, Count, Mean, Max                                                                                string
	Steps                                                                                                 map[string]string
	Planned, Begun, Refused, Failed, Lost, Hostile, Broken, Late, LetIn                                   string
	ByPercentile, AboutPercentile, Percentile, LatencyAxis                                                string
	FromDue, FromFirst, DescribePercentile, NoAnswer                                                      string
	OverTime, AboutOverTime, DescribeOverTime                                                             string
	RateOverTime, AboutRate, RateAxis, DescribeRate, NoSecond, PutTogether                                string
	LoggedInASecond, BegunASecond, ErrorsASecond, PeakMark, TwicePeakMark                                 string
	SinceBegan                                                                                            [3]string // in hours, minutes, seconds
	ErrorsTitle, AboutErrors, NoError, Code, OtherKinds, Colon                                            string
	RequestsTitle                                                                                         map[string]string // by the scenario
	Sent, Answered, Wrong, LostRequests, Doubled, Again, RequestRate                                      string
	CameAgain, RequestLate, RequestsByPercentile, RequestsOverTime, AboutRequests                         string
	RequestRefused, AnsweredASecond                                                                       string
	HostileTitle, AboutHostile                                                                            string
	Scenarios                                                                                             map[string]string
	ScenarioName, Target, Began, Lasted, Seconds, EndedEarly, Generators                                  string
	RunIDs, Version, Config, ConfigUnknown, PeakName, Parameters, Default, Sum, Unsealed                  string
	Machine, SameMachine, CPU, Memory, Kernel, OpenFiles                                                  string
	HowTitle                                                                                              string
	How                                                                                                   []string
	ProofTitle, ProofAnswers, ProofProven, ProofOpened, ProofWaiting, ProofOthers, ProofDays, ProofFaults string
	SignTitle, SignAbout, SignBy, SignCheck, SignName, Signature, SignDate                                string
	SignRemark                                                                                            string
}

// languages have Chinese first: the firms that keep these pages are Chinese.
var languages = []*words{&chinese, &english}

var english = words{
	Lang: "en", Name: "English", Title: "Stress test of the login", Printed: "tradefront loadtest",
	Basis: "Basis: CSRC order 218 (in force since 1 May 2023): capacity of at least twice the historical peak, a stress test each year, and a report " +
		"that is kept for five years. Keep this one until %s at least.",
	Good: "PASSED", Bad: "FAILED",
	Causes: map[string]string{
		"ended_early": "The run did not come to its end: %s.", "no_visit": "No visit began.", "no_login": "No visit was logged in.",
		"let_in":   "%s attackers were logged in.",
		"errors":   "%s visits or requests had a wrong answer, and no assertion says how many may.",
		"asserted": "%s of %s assertions do not hold.", "unproven": "What was answered is not what is stored: %s differences.",
	},
	Limited: "The generator used %s of a processor and began %s visits or requests late: the figures may show its own limit, " +
		"not the front's. Give it a processor of its own, another machine, or --generators.",
	FullRate:   "Logins a second at the full rate",
	Uncompared: "That what was answered is stored is not proven: %s.",
	Rate:       "Logins a second", RateOf: "over %s s", Best: "best second", Peak: "historical peak", Multiple: "Multiple of the historical peak",
	Twice: "twice the historical peak was reached", NotTwice: "twice the historical peak was not reached",
	P99: "99 of 100 logged in within", P50: "half of them within", Errors: "Errors", LoggedIn: "Logged in", MostOpen: "Connections at most",
	OfBegun:  "of %s visits",
	Asserted: "Assertion", Measured: "Measured", Verdict: "Verdict", Holds: "holds", Fails: "does not hold",
	NothingAsserted: "Nothing was asserted. The run passes if it came to its end and no visit had a wrong answer.", NotMeasured: "not measured",
	VerdictTitle: "Verdict", Assertions: "What was asserted", Latencies: "Latency in milliseconds", CountsTitle: "Visits", RunTitle: "The run",
	HostTitle: "The machine of the generator",
	Step:      "Step", Count: "Count", Mean: "Mean", Max: "Greatest",
	Steps: map[string]string{
		"login": "Login, from when the visit was due", "service": "Login, from its first packet", "connect": "– connect",
		"authenticate": "– authenticate", "user_login": "– log in",
		"request": "Round trip, from when the message was due", "request_service": "Round trip, from when it was sent",
	},
	Planned: "Planned", Begun: "Begun", Refused: "Refused", Failed: "Broke off", Lost: "Sessions lost", Hostile: "Attacks answered as they must be",
	Broken: "Under way when the run ended early", Late: "Begun more than 10 ms late by the generator", LetIn: "Attackers logged in",
	ByPercentile: "Latency by percentile",
	AboutPercentile: "How long the given share of logins took at most. “From when it was due” is what a customer waits: a front that pauses " +
		"is charged for every visit of that time.",
	Percentile: "Share of logins", LatencyAxis: "Latency",
	FromDue: "from when the visit was due", FromFirst: "from its first packet (service time)",
	DescribePercentile: "Half of the logins took at most %s, 99 of 100 at most %s, the longest %s; service time of 99 of 100 at most %s.",
	NoAnswer:           "No login was answered.",
	OverTime:           "Latency over time", AboutOverTime: "Of the logins that were answered in each second, from when they were due.",
	DescribeOverTime: "The greatest 99th percentile of a second was %s.",
	RateOverTime:     "Logins over time",
	AboutRate:        "Visits that began, logins that were answered, and errors, in each second; the last second may be a part of one.",
	RateAxis:         "A second", DescribeRate: "%s logins a second over the run, %s in the best second; %d errors.",
	NoSecond: "The run ended before its first second.", PutTogether: " A step is %d seconds: mean of rates, greatest of percentiles.",
	LoggedInASecond: "logged in", BegunASecond: "begun", ErrorsASecond: "errors", PeakMark: "historical peak", TwicePeakMark: "twice the peak",
	SinceBegan:  [3]string{"Hours since the run began", "Minutes since the run began", "Seconds since the run began"},
	ErrorsTitle: "Errors by code",
	AboutErrors: "Refusals by the code that the terminal got, and visits and sessions that broke off, with their share of all visits.",
	NoError:     "No visit had a wrong answer.", Code: "code %s", OtherKinds: "%d other kinds", Colon: ": ",
	RequestsTitle: map[string]string{"orders": "Business messages", "relay": "Submissions of relays"}, Sent: "Sent", Answered: "Answered", Wrong: "Wrong answers",
	LostRequests: "Without an answer in time", Doubled: "Answered twice", Again: "Sent again because the front asked for it",
	CameAgain:   "Came again, since they were told to come later or their connection ended",
	RequestLate: "Sent more than 10 ms late by the generator", RequestRate: "Answers a second",
	RequestsByPercentile: "Round trip by percentile", RequestsOverTime: "Answers over time",
	AboutRequests:  "Messages that were answered, and errors, in each second.",
	RequestRefused: "message refused", AnsweredASecond: "answered",
	HostileTitle: "Attacks", AboutHostile: "Visits of attackers that got what they must get.",
	Scenarios: map[string]string{
		"storm": "terminals arrive, log in and stay", "churn": "terminals log in, log out and come again", "cold": "each account's first login",
		"reconnect": "all sessions end at once and return at once", "steady": "sessions stay; some end and return",
		"hostile": "terminals log in and out beside attackers", "orders": "terminals stay, and send messages to the core, which sends them back",
		"relay": "operators of relays submit the terminals of customers, or customers log in through relays",
	},
	ScenarioName: "Scenario", Target: "Front", Began: "Began", Lasted: "Lasted", Seconds: "s", EndedEarly: "Ended early", Generators: "Generators",
	Sum: "SHA-256 in result.json", Unsealed: "This page was made from a result that has no SHA-256: whether its figures were changed cannot be said.",
	RunIDs: "Number of the run", Version: "Version of the generator", Config: "Hash of the front's configuration",
	ConfigUnknown: "not given (--front-config)", PeakName: "Historical peak", Parameters: "Parameters", Default: "All others have their defaults.",
	Machine: "Name", SameMachine: "The front's address is a loopback address: front and generator shared this machine.", CPU: "Processors",
	Memory: "Memory", Kernel: "Linux", OpenFiles: "Open files at most",
	HowTitle: "How it was measured",
	How: []string{
		"A visit connects, authenticates its terminal software and logs an account in. Its terminal information is encrypted before the clock " +
			"starts, or ahead beside the run for those that come again, and no two logins have the same.",
		"With a rate visits begin by the clock, whether or not the front answers, and latency counts from the instant at which the visit was due. " +
			"Without a rate each next visit waits for an answer: such latencies are flattering.",
		"The multiple of the historical peak is of logins at the full rate, from the end of the ramp on. The last answers may come a hundredth of that " +
			"time later, and a second at most, before they count against the rate.",
		"An error is an honest visit that was refused or broke off, an attack that got another answer than it must, or a session that was lost while it was to stay.",
		"The figures come from result.json, which has each second of the run and the whole distribution of each latency. Keep it beside this page. Its SHA-256, " +
			"above, is over all that is in it: loadtest merge refuses a file that was changed since.",
	},
	ProofTitle: "Answered is stored", ProofAnswers: "Logins that were answered", ProofProven: "With exactly one record, equal in every item",
	ProofOpened: "Supplements opened by the test key: address and port are the terminal's", ProofWaiting: "Records that PostgreSQL does not have yet",
	ProofOthers: "Other records of those days", ProofDays: "Trading days", ProofFaults: "Differences",
	SignTitle: "Signatures", SignAbout: "I have compared the parameters and the configuration above with what was tested.",
	SignBy: "Test run by", SignCheck: "Checked by (compliance)", SignName: "Name", Signature: "Signature", SignDate: "Date", SignRemark: "Remarks",
}
