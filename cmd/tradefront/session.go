package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

func newSession(e *env) *cobra.Command {
	return group("session", "The sessions that are logged in at running fronts", newSessionList(e), newSessionEnd(e))
}

// frontFlag names admin listeners other than that of the configuration.
func frontFlag(c *cobra.Command, addresses *[]string) {
	c.Flags().StringSliceVar(addresses, "front", nil, "host:port of a front's admin listener, instead of admin.address; may stand several times")
}

func newSessionList(e *env) *cobra.Command {
	var (
		path, account string
		fronts        []string
		full          bool
		form          output
	)
	c := &cobra.Command{
		Use: "list", Short: "List who is logged in", Args: noArgs,
		Long: "Ask the running front, at admin.address, who is logged in; with --front one or several others, so that\n" +
			"--front A:9464 --front B:9464 shows the sessions of all fronts. TERMINALS is how many a relay has reported on\n" +
			"its session. Addresses are masked as in the\n" +
			"application log; --full shows them.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			admin, err := admins(e, path, fronts)
			if err != nil {
				return err
			}
			all, err := admin.sessions(c.Context(), full)
			list := make([]daemon.Session, 0, len(all))
			for i := range all {
				if account == "" || all[i].Account == account {
					list = append(list, all[i])
				}
			}
			// Of several fronts those that answered are shown, and the others are the error.
			return errors.Join(form.print(e.out, list, func(w io.Writer) { printSessions(w, list) }), err)
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	frontFlag(c, &fronts)
	c.Flags().StringVar(&account, "account", "", "only those of this account")
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}

// adminListeners are those that a command asks, and how.
type adminListeners struct {
	ops.Access
	cfg       *config.Config
	addresses []string
}

// admins are the listeners that are named, or that of the configuration.
func admins(e *env, path string, named []string) (*adminListeners, error) {
	cfg, err := config.Load(path, e.environ)
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		named = []string{cfg.Admin.Address.String()}
	}
	access, err := assemble.AdminAccess(&cfg.Admin)
	return &adminListeners{access, cfg, named}, err
}

func (a *adminListeners) sessions(ctx context.Context, full bool) (all []daemon.Session, err error) {
	page := "/sessions"
	if full {
		page = "/sessions/full"
	}
	for _, address := range a.addresses {
		var some []daemon.Session
		if failed := a.Ask(ctx, address, page, &some); failed != nil {
			err = errors.Join(err, askError(address, failed))
			continue
		}
		all = append(all, some...)
	}
	return all, err
}

func askError(address string, err error) error {
	return fmt.Errorf("ask the front at %q: %w; is it running, and is that its admin.address? --front names another", address, err)
}

func printSessions(w io.Writer, list []daemon.Session) {
	table(w, "FRONT\tSESSION\tACCOUNT\tAPPID\tADDRESS\tSINCE\tSTATE\tSENT\tRECEIVED\tTERMINALS", func(w io.Writer) {
		for i := range list {
			s := &list[i]
			terminals := "1"
			if s.Terminals > 0 {
				terminals = strconv.Itoa(s.Terminals) + " of a relay"
			} else if s.Relay {
				terminals = "relay"
			}
			fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n",
				s.FrontID, s.SessionID, s.Account, s.AppID, s.Address, show.Time(s.Since), s.State, s.Sent, s.Received, terminals)
		}
	})
}

func newSessionEnd(e *env) *cobra.Command {
	var (
		path, text, terminal string
		fronts               []string
		form                 output
	)
	c := &cobra.Command{
		Use: "end SESSION", Short: "End a session: its terminal is told why, and disconnected", Args: cobra.ExactArgs(1),
		Long: "End one session of the running front, by its number in `session list`. The terminal gets a ForceExit with\n" +
			"--text, the trading core is told, and the audit log says who ended it. The record of the login stays. The\n" +
			"customer can log in again: to keep an account out, lock it at the trading core. The front takes this\n" +
			"from its own machine only.\n\n" +
			"With --terminal the operator relay whose session it is ends one of its terminals, and the session goes on. The\n" +
			"relay must be one of relay.terminal_exits: its vendor has said that it knows such a ForceExit.",
		RunE: e.action(func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 32)
			if err != nil || id < 1 {
				return fmt.Errorf("%q is no session: want a number, see tradefront session list", args[0])
			}
			admin, err := admins(e, path, fronts)
			if err != nil {
				return err
			}
			if len(admin.addresses) != 1 {
				return errors.New("a session is of one front: name one --front")
			}
			host, err := os.Hostname()
			if err != nil {
				return fmt.Errorf("this machine's name: %w", err)
			}
			var ended daemon.SessionEnded
			// A session can be ended while the database is away: the front writes who did it into its own audit log, too.
			t := task{subject: "session " + args[0] + " at " + admin.addresses[0], why: text, despite: true}
			err = e.undertake(c, admin.cfg, e.writer(admin.cfg), t, func(a *store.Action) error {
				err := admin.Tell(c.Context(), admin.addresses[0], "/sessions/end", &daemon.EndSession{
					SessionID: int32(id), Text: text, By: operator(host), Terminal: terminal,
				}, &ended)
				switch {
				case err != nil:
				case terminal != "":
					a.Note("terminal", terminal+" of account "+ended.Account, "ended by its relay")
				default:
					a.Note("session", fmt.Sprintf("%d of account %s at front %d", ended.Session.SessionID, ended.Session.Account, ended.Session.FrontID), "ended")
				}
				return err
			})
			if refusal, is := errors.AsType[*ops.Refusal](err); is {
				return refusal
			}
			if err != nil {
				return askError(admin.addresses[0], err)
			}
			return form.print(e.out, &ended, func(w io.Writer) {
				if ended.Terminal != "" {
					fmt.Fprintf(w, "told the relay of session %d at front %d to end the terminal %s of account %s\n",
						ended.Session.SessionID, ended.Session.FrontID, ended.Terminal, ended.Account)
					return
				}
				fmt.Fprintf(w, "ended session %d of account %s at front %d\n", ended.Session.SessionID, ended.Session.Account, ended.Session.FrontID)
			})
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	frontFlag(c, &fronts)
	c.Flags().StringVar(&terminal, "terminal", "", "SubmitID of the one terminal of an operator relay to end")
	c.Flags().StringVar(&text, "text", "会话已被管理员结束 ended by an operator of the firm", "what the terminal shows its user, at most 100 bytes")
	return c
}
