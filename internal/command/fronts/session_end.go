package fronts

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// sessionEnd is the flags of session end.
type sessionEnd struct {
	env                           *command.Env
	path, text, terminal, account string
	fronts                        []string
	form                          command.Output
}

func newSessionEnd(e *command.Env) *cobra.Command {
	s := sessionEnd{env: e}
	c := &cobra.Command{
		Use: "end [SESSION]", Short: "End a session: its terminal is told why, and disconnected", Args: s.arguments,
		Long: "End one session of the running front, by its number in `session list`, or with --account all sessions of an account at all\n" +
			"fronts. The terminal gets a ForceExit with --text, the trading core is told, and the audit log says who ended it. The record\n" +
			"of the login stays. The customer can log in again: `account disable` keeps an account out, with a trading core that does. A\n" +
			"front takes this from its own machine, and from others if admin.operators names the user of admin.login_file.\n\n" +
			"With --terminal the operator relay whose session it is ends one of its terminals, and the session goes on. The\n" +
			"relay must be one of relay.terminal_exits: its vendor has said that it knows such a ForceExit. --account does not concern\n" +
			"terminals behind operator relays.",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			if s.account != "" {
				return s.endAccount(c)
			}
			return s.endOne(c, args[0])
		}),
	}
	command.ConfigFlag(c, &s.path)
	command.OutputFlag(c, &s.form)
	frontFlag(c, &s.fronts)
	c.Flags().StringVar(&s.account, "account", "", "all sessions of this account, at all fronts or those that --front names")
	c.Flags().StringVar(&s.terminal, "terminal", "", "SubmitID of the one terminal of an operator relay to end")
	c.Flags().StringVar(&s.text, "text", "会话已被管理员结束 ended by an operator of the firm", "what the terminal shows its user, at most 100 bytes")
	return c
}

func (s *sessionEnd) arguments(_ *cobra.Command, args []string) error {
	switch {
	case s.account != "" && (len(args) > 0 || s.terminal != ""):
		return errors.New("--account ends all sessions of an account: leave SESSION and --terminal out")
	case s.account == "" && len(args) != 1:
		return errors.New("name one session, see `tradefront session list`, or --account")
	}
	return nil
}

// request is what a front is asked.
func (s *sessionEnd) request(id int32) (*daemon.EndSession, error) {
	by, err := s.env.Operator()
	if err != nil {
		return nil, err
	}
	return &daemon.EndSession{SessionID: id, Text: s.text, By: by, Terminal: s.terminal}, nil
}

func (s *sessionEnd) endOne(c *cobra.Command, number string) error {
	id, err := strconv.ParseInt(number, 10, 32)
	if err != nil || id < 1 {
		return fmt.Errorf("%q is no session: want a number, see tradefront session list", number)
	}
	admin, err := oneAdmin(c.Context(), s.env, s.path, s.fronts)
	if err != nil {
		return err
	}
	request, err := s.request(int32(id))
	if err != nil {
		return err
	}
	var ended daemon.SessionEnded
	// A session can be ended while the database is away: the front writes who did it into its own audit log, too.
	t := command.Task{Subject: "session " + number + " at " + admin.addresses[0], Why: s.text, Despite: true}
	err = s.env.Undertake(c, admin.cfg, s.env.Writer(admin.cfg), t, func(a *store.Action) error {
		err := admin.Tell(c.Context(), admin.addresses[0], "/sessions/end", request, &ended)
		if err == nil {
			noteEnded(a, &ended)
		}
		return err
	})
	if refusal, is := errors.AsType[*ops.Refusal](err); is {
		return refusal
	}
	if err != nil {
		return askError(admin.addresses[0], err)
	}
	return s.form.Print(s.env.Out, &ended, func(w io.Writer) { printEnded(w, &ended) })
}

// endAccount ends what each front lists of the account. A login that comes meanwhile stays.
func (s *sessionEnd) endAccount(c *cobra.Command) error {
	account, err := regulation.ParseAccount(s.account)
	if err != nil {
		return err
	}
	admin, err := everyAdmin(c.Context(), s.env, s.path, s.fronts)
	if err != nil {
		return err
	}
	list := []daemon.SessionEnded{}
	t := command.Task{Subject: string(account), Why: s.text, Despite: true}
	err = s.env.Undertake(c, admin.cfg, s.env.Writer(admin.cfg), t, func(a *store.Action) error {
		failed := admin.unknown
		for _, front := range admin.ask(c.Context(), false) {
			failed = errors.Join(failed, front.err)
			for i := range front.sessions {
				if front.sessions[i].Account != s.account {
					continue
				}
				ended, err := s.end(c, admin, front.address, front.sessions[i].SessionID)
				if failed = errors.Join(failed, err); ended == nil {
					continue
				}
				list = append(list, *ended)
				noteEnded(a, ended)
			}
		}
		if len(list) == 0 {
			a.Note("sessions", "none", "")
		}
		return failed
	})
	printed := s.form.Print(s.env.Out, list, func(w io.Writer) {
		for i := range list {
			printEnded(w, &list[i])
		}
		if len(list) == 0 {
			command.Tell(w, "account %s has no session at the fronts that answered\n", account)
		}
	})
	return errors.Join(printed, err)
}

// end ends one session; nil without an error if it ended by itself meanwhile.
func (s *sessionEnd) end(c *cobra.Command, admin *adminListeners, address string, id int32) (*daemon.SessionEnded, error) {
	request, err := s.request(id)
	if err != nil {
		return nil, err
	}
	var ended daemon.SessionEnded
	err = admin.Tell(c.Context(), address, "/sessions/end", request, &ended)
	refusal, refused := errors.AsType[*ops.Refusal](err)
	switch {
	case refused && refusal.Status == http.StatusNotFound:
		return nil, nil //nolint:nilnil // it is over, and not by us
	case refused:
		return nil, fmt.Errorf("the front at %q does not end session %d: %w", address, id, refusal)
	case err != nil:
		return nil, askError(address, err)
	}
	return &ended, nil
}

func noteEnded(a *store.Action, ended *daemon.SessionEnded) {
	if ended.Terminal != "" {
		a.Note("terminal", ended.Terminal+" of account "+ended.Account, "ended by its relay")
		return
	}
	a.Note("session", fmt.Sprintf("%d of account %s at front %d", ended.Session.SessionID, ended.Session.Account, ended.Session.FrontID), "ended")
}

func printEnded(w io.Writer, ended *daemon.SessionEnded) {
	if ended.Terminal != "" {
		command.Tell(w, "told the relay of session %d at front %d to end the terminal %s of account %s\n",
			ended.Session.SessionID, ended.Session.FrontID, ended.Terminal, ended.Account)
		return
	}
	command.Tell(w, "ended session %d of account %s at front %d\n", ended.Session.SessionID, ended.Session.Account, ended.Session.FrontID)
}
