package tour

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

func (t *Tour) heading(format string, args ...any) {
	fmt.Fprintf(t.Out, "\n== "+t.in(format)+" ==\n", args...)
}

func (t *Tour) say(format string, args ...any) { fmt.Fprintf(t.Out, t.in(format)+"\n", args...) }

var codeWords = map[int]string{
	demo.Closed: "closed without an answer: not our protocol",
	0:           "正确 success", 3: "不合法的登录 wrong account or password", 5: "重复的登录 a second login in one session",
	15: "报文错误字段 illegal field", 63: "客户端认证失败 authentication failed", 64: "客户端未认证 not authenticated",
}

// sceneOrders is how many orders demo.PlayTrade places.
const sceneOrders = 3

// trade shows two customers who trade with each other, message by message.
func (t *Tour) trade(ctx context.Context) (answers []*demo.Was, err error) {
	t.heading("Two customers trade through the front")
	t.say("core-sim verifies a password, the front records the login, then the terminal gets its answer. Orders pass through the front")
	t.say("unchanged, in both directions. Series 0 is the dialog; the fills of an account come in a series of its own.")
	var said []demo.Said
	answers, err = demo.PlayTrade(ctx, &t.site.Firm, func(s demo.Said) { said = append(said, s) })
	show.Table(t.Out, t.in("TERMINAL\t\tTID\tMESSAGE\tSERIES\tNUMBER\tFIELDS"), func(w io.Writer) {
		for _, s := range said {
			way := "gets"
			if s.Sent {
				way = "sends"
			}
			if s.Resumed != nil {
				s.Fields = fmt.Sprintf(t.in("from another terminal; ResumePoints: series %d, all after number %d"), s.Resumed.Series, s.Resumed.Number)
			}
			fmt.Fprintf(w, "%s %s\t%s\t0x%04X\t%s\t%d\t%d\t%s\n", t.in(s.Role), s.Account, t.in(way), uint32(s.TID), s.Name, s.Series, s.Number, s.Fields)
		}
	})
	return answers, err
}

// summary shows what happened, most telling first.
func (t *Tour) summary(tally *demo.Tally, verdict *demo.Verdict) {
	t.samples(verdict)
	t.ways(verdict)
	t.heading("Visits by the front's last answer")
	t.say("with the two customers' three logins, this machine's and the operator relay's own")
	show.Table(t.Out, t.in("CODE\tVISITS\tLOGGED IN\tMEANING"), func(w io.Writer) {
		for _, code := range slices.Sorted(maps.Keys(tally.Codes)) {
			shown := fmt.Sprint(code)
			if code == demo.Closed {
				shown = "-"
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", shown, tally.Codes[code], tally.Logins[code], t.in(codeWords[code]))
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t\n", t.in("all"), tally.Visits, len(tally.Answers))
	})
	t.heading("By abnormal flag (异常标识) of the reported lines")
	show.Table(t.Out, t.in("FLAG\tLINES\tMEANING"), func(w io.Writer) {
		for flag := regulation.FlagNormal; flag.Valid(); flag++ {
			fmt.Fprintf(w, "%s\t%d\t%s\n", flag, verdict.Flags[flag], t.in(strings.ReplaceAll(flag.Word(), "_", " ")))
		}
	})
	t.heading("How long it took, with %d terminals at once, terminals, front and core-sim on this one machine", t.Crowd)
	show.Table(t.Out, t.in("FROM REQUEST TO ANSWER\tHOW MANY\tP50\tP90\tP99\tMAX"), func(w io.Writer) {
		quantiles(w, t.in("login (the record is on disk by then)"), tally.Latency)
		quantiles(w, t.in("order to core-sim and back"), tally.Orders)
	})
	t.say("%d visits in %v, %.0f a second; %d fills seen before the logout",
		t.Logins, tally.Took.Round(time.Millisecond), float64(t.Logins)/tally.Took.Seconds(), tally.Fills)
	t.heading("Answered = stored = reported?")
	t.say("%d logins answered, %d lines reported, %d of them exactly what the terminal was, %d answered but not reported",
		len(tally.Answers), verdict.Lines, verdict.Equal, verdict.Missing)
	saw := t.core.Report().Now()
	t.say("core-sim saw %d sessions opened, each with the RecordID of an answered login, and %d terminals that the operator relay reported: %d",
		saw.Opens, saw.Visits, saw.Opens+saw.Visits)
	t.say("core-sim saw %d orders, %d trades, and %d breaches of the link's contract", saw.Orders, saw.Trades, saw.Violations())
	for _, f := range append(verdict.Faults, tally.Examples...) {
		t.say("FAULT: %s", f)
	}
}

// wayWords says of each way how the terminal reached the front.
var wayWords = map[demo.Way]string{
	demo.Direct:      "直连 direct: the terminal connects to the front by itself, so the report has nothing of a relay",
	demo.ManyToMany:  "多对多中继 many-to-many relay: the relay opens a connection for each customer, and the customer logs in there with a password of their own",
	demo.OneToMany:   "一对多中继 operator relay: an operator logs in once, and the relay reports each of its customers' terminals on that connection",
	demo.ThisMachine: "本机 this machine, as the collection library finds it: direct, and not synthetic",
	demo.RelayItself: "中继自身 the operator's own login, from the operator relay's machine",
}

// samples opens a line of each way, side by side.
func (t *Tour) samples(verdict *demo.Verdict) {
	t.heading("A line of the report for each way to the front, opened with the test private key")
	t.say("A supplement is 11 items between @ signs:")
	t.say("  异常标识@AppID@公网IP@公网端口@登入时间@RelayAppID@中继公网IP@中继端口@中继登入时间@资金账户@用户类型")
	t.say("  abnormal flag@AppID@public IP@port@login time@relay's AppID@relay's IP@its port@its login time@account@user type (1 customer, 2 operator)")
	t.say("\"it was\" is what the terminal and the relay know of themselves. Addresses behind relays are synthetic.")
	for _, way := range demo.Ways {
		for _, o := range verdict.Shown[way] {
			t.say("\n-- %s --", t.in(wayWords[way]))
			t.say("line        %s…", o.Line)
			t.say("supplement  %s", o.Supplement)
			t.say("  it was    %s", o.Was.Supplement)
			t.say("terminal    %s", o.Terminal)
			t.say("  it was    %s", o.Was.Terminal)
		}
	}
}

// ways counts the lines by the way to the front.
func (t *Tour) ways(verdict *demo.Verdict) {
	t.heading("By the way to the front: lines that are exactly what the terminal was, items 1 to 11")
	show.Table(t.Out, t.in("LINES\tWAY"), func(w io.Writer) {
		for _, way := range demo.Ways {
			name, _, _ := strings.Cut(strings.ReplaceAll(t.in(wayWords[way]), "：", ":"), ":")
			fmt.Fprintf(w, "%d\t%s\n", verdict.Ways[way], name)
		}
		fmt.Fprintf(w, "%d\t%s\n", verdict.Equal, t.in("all"))
	})
}

func quantiles(w io.Writer, what string, h *hdrhistogram.Histogram) {
	at := func(q float64) time.Duration { return time.Duration(h.ValueAtQuantile(q)) * time.Microsecond }
	fmt.Fprintf(w, "%s\t%d\t%v\t%v\t%v\t%v\n", what, h.TotalCount(), at(50), at(90), at(99), at(100))
}

// invite says how to try by hand what the demo just did.
func (t *Tour) invite() {
	firm := &t.site.Firm
	t.heading("Try it by hand; Ctrl-C ends it")
	t.say("address %s   broker %s   key version %s", firm.Address, firm.BrokerID, firm.KeyVersion)
	t.say("AppID %s   authcode %s", firm.Apps[0].AppID, firm.Apps[0].AuthCode)
	t.say("account %s   password %s", firm.Accounts[0].Account, site.Password)
	if url := t.statusPage(); url != "" {
		t.say("status page, for a browser: %s", url)
	}
	t.try("log in as a terminal does", "ping", "--address", firm.Address, "--app-id", string(firm.Apps[0].AppID),
		"--authcode-file", t.site.AuthCodeFile(), "--account", string(firm.Accounts[0].Account), "--password-file", t.site.PasswordFile())
	t.try("the last refusals, with their true reasons", "audit", "search", "-c", t.site.Path, "--reason", "wrong_password,wrong_answer,unknown_app")
	t.try("the admitted terminal software", "app", "list", "-c", t.site.Path)
	t.try("the health of the front and of all that it needs", "doctor", "-c", t.site.Path)
}

// statusPage is the URL for a browser; "" without an admin listener.
func (t *Tour) statusPage() string {
	if url := t.daemon.AdminURL(); url != "" {
		return url + "/"
	}
	return ""
}

// try prints a command line for a shell, with what it does above it.
func (t *Tour) try(does string, words ...string) {
	fmt.Fprintf(t.Out, "\n  # %s\n  %s", t.in(does), show.ShellWord(os.Args[0])) // as it was called: it need not be on the PATH
	for _, word := range words {
		fmt.Fprint(t.Out, " ", show.ShellWord(word))
	}
	fmt.Fprintln(t.Out)
}
