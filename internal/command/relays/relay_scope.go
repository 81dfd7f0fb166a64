package relays

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

func newRelayScope(e *command.Env) *cobra.Command {
	return command.Group("scope", "For whose accounts the operators of a relay may report",
		newScopeList(e), newScopeImport(e),
		newScopeChange(e, "add", "Let a relay's operators report for accounts", (*directory.Directory).AddGrants),
		newScopeChange(e, "remove", "Take that back: the next report for such an account is refused", (*directory.Directory).RemoveGrants))
}

// scopeCommand is what the commands on a scope share.
type scopeCommand struct {
	relayCommand
	operatorTexts []string
}

func (s *scopeCommand) flags(c *cobra.Command) {
	s.relayCommand.flags(c)
	c.Flags().StringArrayVar(&s.operatorTexts, "operator", nil, "whose scope, instead of that of each operator of the relay; may be repeated")
}

// operators are those named, or each of the relay.
func (s *scopeCommand) operators(ctx context.Context, d *directory.Directory, id regulation.AppID) ([]regulation.Account, error) {
	named, err := parseAccounts(s.operatorTexts)
	if err != nil {
		return nil, err
	}
	found, err := d.FindRelay(ctx, id)
	if err != nil {
		return nil, relayError(id, err)
	}
	has := found.Permission.Operators
	switch {
	case found.App.Type != auth.AppOperatorRelay:
		return nil, fmt.Errorf("relay %s is an investor relay: each customer logs in with a password of their own, and there is no scope", id)
	case len(named) == 0 && len(has) == 0:
		return nil, fmt.Errorf("relay %s has no operator: tradefront relay change %s --add-operator ACCOUNT", id, id)
	case len(named) == 0:
		return has, nil
	}
	for _, o := range named {
		if !slices.Contains(has, o) {
			s.env.Warn("%s is no operator of relay %s: its scope counts from `tradefront relay change %s --add-operator %s` on", o, id, id, o)
		}
	}
	return named, nil
}

// shownGrant is a grant as `relay scope list -o json` prints it.
type shownGrant struct {
	Operator regulation.Account `json:"operator"`
	Scope    string             `json:"scope"`
}

func newScopeList(e *command.Env) *cobra.Command {
	s := scopeCommand{relayCommand: relayCommand{env: e}}
	c := &cobra.Command{
		Use: "list RELAY", Short: "List the scope of a relay, one line a grant", Args: s.arguments(),
		Long: "List the scope of a relay's operators. Of one --operator the lines are those that `relay scope import` reads.",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, _ := s.name(args)
			return s.with(c.Context(), func(_ *config.Config, d *directory.Directory) error {
				found, err := d.FindRelay(c.Context(), id)
				if err != nil {
					return relayError(id, err)
				}
				list := []shownGrant{}
				for i := range found.Grants {
					g := &found.Grants[i]
					if len(s.operatorTexts) == 0 || slices.Contains(s.operatorTexts, string(g.Operator)) {
						list = append(list, shownGrant{g.Operator, g.Scope()})
					}
				}
				return s.form.Print(e.Out, list, func(w io.Writer) { s.print(w, list) })
			})
		}),
	}
	s.flags(c)
	return c
}

func (s *scopeCommand) print(w io.Writer, list []shownGrant) {
	if len(s.operatorTexts) == 1 {
		for _, g := range list {
			fmt.Fprintln(w, g.Scope)
		}
		return
	}
	command.Table(w, "OPERATOR\tSCOPE", func(w io.Writer) {
		for _, g := range list {
			fmt.Fprintf(w, "%s\t%s\n", g.Operator, g.Scope)
		}
	})
}

func newScopeChange(e *command.Env, use, short string,
	change func(*directory.Directory, context.Context, regulation.AppID, []relay.Grant) (directory.ScopeChange, error),
) *cobra.Command {
	s := scopeCommand{relayCommand: relayCommand{env: e}}
	c := &cobra.Command{
		Use: use + " RELAY SCOPE…", Short: short,
		Args: func(_ *cobra.Command, args []string) error {
			if _, scope := s.split(args); len(scope) == 0 {
				return errors.New("name the relay and what is meant: all, prefix:P, single:ACCOUNT, or an account")
			}
			return nil
		},
		Example: "  tradefront relay scope " + use + " -c FILE abcdef_relay_1.6.0 prefix:88 66000001",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, texts := s.name(args)
			return s.change(c, id, func(_ *config.Config, d *directory.Directory) error {
				operators, err := s.operators(c.Context(), d, id)
				if err != nil {
					return err
				}
				grants, err := parseGrants(id, operators, texts)
				if err != nil {
					return err
				}
				did, err := change(d, c.Context(), id, grants)
				if err != nil {
					return relayError(id, err)
				}
				return s.printChange(id, did)
			})
		}),
	}
	s.flags(c)
	return c
}

// split is name for arguments that may be too few.
func (r *relayCommand) split(args []string) (regulation.AppID, []string) {
	if r.id == "" && len(args) == 0 {
		return "", nil
	}
	return r.name(args)
}

func (s *scopeCommand) printChange(id regulation.AppID, did directory.ScopeChange) error {
	return s.form.Print(s.env.Out, did, func(w io.Writer) {
		command.Tell(w, "scope of relay %s: %d added, %d removed, %d now; running fronts follow within seconds\n", id, did.Added, did.Removed, did.Now)
	})
}

func newScopeImport(e *command.Env) *cobra.Command {
	s := scopeCommand{relayCommand: relayCommand{env: e}}
	keep := false
	c := &cobra.Command{
		Use: "import RELAY FILE", Short: "Make a file the scope of a relay's operators", Args: s.arguments("FILE"),
		Long: "Read a file of one grant a line: all, prefix:P, single:ACCOUNT, or an account alone; lines that begin with # are\n" +
			"left out, - is standard input. The file becomes the whole scope: what is not in it is taken back, unless --keep says that it\n" +
			"stays. If a line is wrong, all wrong lines are named and nothing changes.",
		Example: "  tradefront relay scope import -c FILE abcdef_relay_1.6.0 accounts.txt --operator 8000",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, args := s.name(args)
			return s.change(c, id, func(_ *config.Config, d *directory.Directory) error {
				operators, err := s.operators(c.Context(), d, id)
				if err != nil {
					return err
				}
				grants, err := readScopeFile(e.In, args[0], id, operators)
				if err != nil {
					return err
				}
				var did directory.ScopeChange
				if keep {
					did, err = d.AddGrants(c.Context(), id, grants)
				} else {
					did, err = d.ReplaceScope(c.Context(), id, operators, grants)
				}
				if err != nil {
					return relayError(id, err)
				}
				return s.printChange(id, did)
			})
		}),
	}
	s.flags(c)
	c.Flags().BoolVar(&keep, "keep", false, "what is not in the file stays granted")
	return c
}

func readScopeFile(stdin io.Reader, path string, id regulation.AppID, operators []regulation.Account) ([]relay.Grant, error) {
	from := stdin
	if path != "-" {
		f, err := files.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	grants, err := directory.ReadScope(from, id, operators)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return grants, nil
}
