package coresim

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

// command is a line of the control protocol: its words behind the name, and what it answers.
type command struct {
	args string
	help string
	do   func(s *Server, args []string) (string, error)
}

var commands map[string]command

func init() {
	commands = map[string]command{
		"report":   {"", "print what this core-sim saw, as JSON", (*Server).doReport},
		"sessions": {"", "print the sessions that it has now, as JSON", (*Server).doSessions},
		"records":  {"", "print the RecordIDs with which this instance's sessions were opened, as JSON", (*Server).doRecords},
		"help":     {"", "print the commands", func(*Server, []string) (string, error) { return strings.Join(Help(), "\n"), nil }},

		"crash":         {"", "end at once, with nothing said and nothing printed", (*Server).doCrash},
		"restart":       {"", "become another instance that knows no session; every link ends", (*Server).doRestart},
		"stall":         {"D", "read and write nothing for the duration D", (*Server).doStall},
		"mute":          {"D", "leave verifies and business without an answer for the duration D; heartbeats go on", (*Server).doMute},
		"late-verify":   {"D", "answer each verify by the duration D later; 0s ends it, for those that wait too", (*Server).doLate},
		"no-credit":     {"", "take all credit away and give no more", onEngine((*engine).noCredit)},
		"credit":        {"N|auto", "give each front N frames more; auto goes back to what --credit says", (*Server).doCredit},
		"wrong":         {"KIND [N]", "the next N answers (1) are wrong: unknown-session, twice, malformed, oversize; unasked: N to no request", (*Server).doWrong},
		"refuse-resume": {"on|off", "refuse each SessionResume", (*Server).doRefuseResume},

		"new-term":     {"[N]", "take the next term, or N", (*Server).doTerm},
		"active":       {"", "become active", onEngine(func(e *engine) { e.setState(ftd.CoreActive) })},
		"standby":      {"", "become standby; sessions end", onEngine(func(e *engine) { e.setState(ftd.CoreStandby) })},
		"initialising": {"", "become initialising; sessions end", onEngine(func(e *engine) { e.setState(ftd.CoreInitialising) })},
		"trading-day":  {"YYYYMMDD", "say that it is another trading day", (*Server).doDay},
		"kick":         {"USER", "end the user's sessions", (*Server).doKick},
		"broadcast":    {"B|D TEXT", "send a market status to every session, or to those that asked for its series", (*Server).doBroadcast},
	}
}

// Help lists the commands, a line each.
func Help() []string {
	return HelpIn(func(english string) string { return english })
}

// HelpIn is Help in another language, into which say puts what a command does.
func HelpIn(say func(english string) string) []string {
	names := make([]string, 0, len(commands))
	width := 0
	for name := range commands {
		names = append(names, name)
		width = max(width, len(name+" "+commands[name].args))
	}
	sort.Strings(names)
	lines := make([]string, 0, len(names))
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("%-*s  %s", width, strings.TrimSpace(name+" "+commands[name].args), say(commands[name].help)))
	}
	return lines
}

// Do carries out a command of the control line and returns what it prints.
func (s *Server) Do(line string) (string, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return "", errors.New("write a command; help lists them")
	}
	c, known := commands[words[0]]
	if !known {
		return "", fmt.Errorf("no command %q; help lists them", words[0])
	}
	answer, err := c.do(s, words[1:])
	if errors.Is(err, errUsage) {
		err = fmt.Errorf("write: %s", strings.TrimSpace(words[0]+" "+c.args))
	}
	return answer, err
}

var errUsage = errors.New("usage")

func onEngine(do func(e *engine)) func(*Server, []string) (string, error) {
	return func(s *Server, args []string) (string, error) {
		if len(args) > 0 {
			return "", errUsage
		}
		s.with(do)
		return "ok", nil
	}
}

func printed(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

func (s *Server) doReport([]string) (string, error) { return printed(s.Report()) }

func (s *Server) doRecords([]string) (string, error) { return printed(s.Records()) }

func (s *Server) doSessions([]string) (string, error) { return printed(s.Sessions()) }

// Sessions are those that the core has now.
func (s *Server) Sessions() (all []Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.sessions()
}

func (s *Server) doCrash([]string) (string, error) {
	s.Crash()
	return "ok", nil
}

func (s *Server) doRestart([]string) (string, error) {
	if err := s.restart(); err != nil {
		return "", err
	}
	return s.Instance(), nil
}

// duration is the only argument.
func duration(args []string) (time.Duration, error) {
	if len(args) != 1 {
		return 0, errUsage
	}
	d, err := time.ParseDuration(args[0])
	if err != nil || d < 0 {
		return 0, errUsage
	}
	return d, nil
}

func (s *Server) doStall(args []string) (string, error) {
	d, err := duration(args)
	if err == nil {
		s.stall.set(d)
	}
	return "ok", err
}

func (s *Server) doMute(args []string) (string, error) {
	d, err := duration(args)
	if err == nil {
		s.with(func(e *engine) { e.faults.muteUntil = e.now.Add(d) })
	}
	return "ok", err
}

func (s *Server) doLate(args []string) (string, error) {
	d, err := duration(args)
	if err == nil {
		s.with(func(e *engine) {
			e.faults.late = d
			e.sendLate()
		})
	}
	return "ok", err
}

func (s *Server) doCredit(args []string) (string, error) {
	if len(args) != 1 {
		return "", errUsage
	}
	if args[0] == "auto" {
		s.with((*engine).autoCredit)
		return "ok", nil
	}
	n, err := strconv.ParseInt(args[0], 10, 32)
	if err != nil || n < 1 {
		return "", errUsage
	}
	s.with(func(e *engine) { e.giveCredit(int32(n)) })
	return "ok", nil
}

func (s *Server) doWrong(args []string) (string, error) {
	n := 1
	if len(args) == 2 {
		var err error
		if n, err = strconv.Atoi(args[1]); err != nil || n < 1 {
			return "", errUsage
		}
	}
	if len(args) < 1 || len(args) > 2 {
		return "", errUsage
	}
	var err error
	s.with(func(e *engine) {
		switch f := &e.faults; args[0] {
		case "unknown-session":
			f.unknown = n
		case "twice":
			f.twice = n
		case "malformed":
			f.malformed = n
		case "oversize":
			f.oversize = n
		case "unasked":
			for range n {
				e.answerUnasked()
			}
		default:
			err = errUsage
		}
	})
	return "ok", err
}

func (s *Server) doRefuseResume(args []string) (string, error) {
	if len(args) != 1 || args[0] != "on" && args[0] != "off" {
		return "", errUsage
	}
	s.with(func(e *engine) { e.faults.refuseResume = args[0] == "on" })
	return "ok", nil
}

func (s *Server) doTerm(args []string) (string, error) {
	var n int64
	if len(args) > 1 {
		return "", errUsage
	}
	if len(args) == 1 {
		var err error
		if n, err = strconv.ParseInt(args[0], 10, 32); err != nil {
			return "", errUsage
		}
	}
	s.with(func(e *engine) {
		if len(args) == 0 {
			n = int64(e.term) + 1
		}
		e.term = int32(n)
		e.change()
	})
	return fmt.Sprint("term ", n), nil
}

func (s *Server) doDay(args []string) (string, error) {
	if len(args) != 1 {
		return "", errUsage
	}
	if _, err := calendar.ParseTradingDay(args[0]); err != nil {
		return "", err
	}
	s.with(func(e *engine) { e.setDay(args[0]) })
	return "ok", nil
}

func (s *Server) doKick(args []string) (string, error) {
	if len(args) != 1 {
		return "", errUsage
	}
	n := 0
	s.with(func(e *engine) { n = e.kick(args[0]) })
	return fmt.Sprint(n, " sessions"), nil
}

func (s *Server) doBroadcast(args []string) (string, error) {
	if len(args) < 2 || args[0] != "B" && args[0] != "D" {
		return "", errUsage
	}
	var err error
	s.with(func(e *engine) { err = e.broadcast(ftd.Audience(args[0][0]), strings.Join(args[1:], " ")) })
	return "ok", err
}
