package inquiry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/subject"
)

// NewSubject is `subject`: what is kept of one account.
func NewSubject(e *command.Env) *cobra.Command {
	return command.Group("subject", "What is kept of one customer", newSubjectExport(e))
}

// subjectFlags are of `subject export`.
type subjectFlags struct {
	path, out, why  string
	archives, audit []string
	form            command.Output
}

func newSubjectExport(e *command.Env) *cobra.Command {
	var f subjectFlags
	c := &cobra.Command{
		Use: "export ACCOUNT", Short: "Write each login that is kept of an account, for a customer who asks for it", Args: cobra.ExactArgs(1),
		Long: "Write each login of an account: when, from which public address and port, by which software, with which flag. FILE is JSON and has\n" +
			"the ciphertexts too; FILE.csv is a table to read. Logins come from the store and from each --archive; addresses are in audit logs\n" +
			"alone, so name those that are not in an archive with --audit. The file says under sources what was read, and under not_read which\n" +
			"archived days were not, of which a warning tells, too.\n\n" +
			"Not in it: refused logins (`tradefront audit search --account ACCOUNT`), what operators changed about the account\n" +
			"(`tradefront actions list --subject ACCOUNT`; an import is under `--command \"account import\"`),\n" +
			"and records that still wait on a front (`tradefront front status`).\n\n" +
			"That it was written, by whom and why, is an action: it is noted before the file is there. Give the files to the customer only.",
		Example: "  tradefront subject export 88888888 --out request-17.json --audit /var/log/tradefront/audit.jsonl --why request-17 -c tradefront.yaml\n" +
			"  tradefront subject export 88888888 --out request-17.json --archive /archive/0001archive20250105.zip --why request-17 -c tradefront.yaml",
		RunE: e.Action(func(c *cobra.Command, args []string) error { return f.run(c, e, args[0]) }),
	}
	command.ConfigFlag(c, &f.path)
	c.Flags().StringVar(&f.out, "out", "", "the JSON file; the table is written beside it, with .csv behind its name")
	c.Flags().StringArrayVar(&f.archives, "archive", nil, "archive of a day, once for each")
	c.Flags().StringArrayVar(&f.audit, "audit", nil, "audit log of a front, once for each, rotated and gzipped ones too")
	command.WhyFlag(c, &f.why)
	command.OutputFlag(c, &f.form)
	command.Must(c.MarkFlagRequired("out"))
	command.Must(c.MarkFlagRequired("why"))
	return c
}

func (f *subjectFlags) run(c *cobra.Command, e *command.Env, name string) (err error) {
	account, err := regulation.ParseAccount(name)
	if err != nil {
		return err
	}
	if strings.TrimSpace(f.why) == "" {
		return errors.New("--why: say who asked, as the number of the request; it is kept with the action")
	}
	cfg, err := config.Load(f.path, e.Environ)
	if err != nil {
		return err
	}
	r, err := assemble.OpenRecords(c.Context(), cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	collected, err := f.collect(c.Context(), e, r, account)
	if err != nil {
		return err
	}
	notRead, err := f.notRead(c.Context(), r)
	if err != nil {
		return err
	}
	state, err := accountState(c.Context(), directory.New(r.Tables()), account)
	if err != nil {
		return err
	}
	var written *subject.Export
	err = e.UndertakeIn(c, cfg, r.Tables(), command.Task{Subject: string(account), Why: f.why}, func(a *store.Action) error {
		written = collected.Export(time.Now(), a.By(), f.why, state)
		written.NotRead = notRead
		if err := writeSubject(f.out, written); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		a.Note("logins", "", fmt.Sprintf("%d, to %s", len(written.Logins), f.out))
		return nil
	})
	if err != nil {
		return err
	}
	return f.tell(e, written)
}

// tell prints what was written, and warns of what is missing in it.
func (f *subjectFlags) tell(e *command.Env, written *subject.Export) error {
	without, notRead := 0, written.NotRead
	for i := range written.Logins {
		if written.Logins[i].Address == "" {
			without++
		}
	}
	done := struct {
		File           string   `json:"file"`
		Table          string   `json:"table"`
		Account        string   `json:"account"`
		Logins         int      `json:"logins"`
		WithoutAddress int      `json:"without_address"`
		NotRead        []string `json:"not_read,omitempty"`
		Damaged        []string `json:"damaged_logs,omitempty"`
	}{f.out, f.out + ".csv", written.Account, len(written.Logins), without, notRead, written.Damaged}
	err := f.form.Print(e.Out, done, func(w io.Writer) {
		command.Tell(w, "%s and %s.csv: %d logins of account %s\n", f.out, f.out, len(written.Logins), written.Account)
	})
	if err != nil {
		return err
	}
	if len(notRead) > 0 {
		e.Warn("%d archives were not read, the first is %s: logins of their days are missing; name them with --archive, not_read in the file lists them",
			len(notRead), notRead[0])
	}
	for _, problem := range written.Damaged {
		e.Warn("%s", problem)
	}
	if without > 0 {
		e.Warn("of %d logins the address is not known: it is in the audit logs alone; name those of these days with --audit", without)
	}
	return nil
}

func (f *subjectFlags) collect(ctx context.Context, e *command.Env, r assemble.Records, account regulation.Account) (*subject.Collector, error) {
	collected := subject.New(account)
	read := func(what command.Work, from func() error) error {
		defer e.Waiting(what)()
		return from()
	}
	if err := read(command.Doing("reading the store"), func() error { return collected.Store(ctx, r, "store") }); err != nil {
		return nil, err
	}
	for _, path := range f.archives {
		if err := read(command.Doing("reading %s", path), func() error { return collected.Archive(path) }); err != nil {
			return nil, err
		}
	}
	for _, path := range f.audit {
		if err := read(command.Doing("reading %s", path), func() error { return collected.Audit(path) }); err != nil {
			return nil, err
		}
	}
	return collected, nil
}

// notRead are the archives of days that are not in the store, and that no --archive names. The ledger is asked behind the store: a day
// that is archived between the two is named, not left out.
func (f *subjectFlags) notRead(ctx context.Context, r assemble.Records) (names []string, err error) {
	pg, is := r.(*postgres.Store)
	if !is {
		return nil, nil
	}
	all, err := pg.Archives(ctx, 0)
	for i := range all {
		named := func(path string) bool { return filepath.Base(path) == all[i].File }
		if all[i].Apart() && !slices.ContainsFunc(f.archives, named) {
			names = append(names, all[i].File)
		}
	}
	return names, err
}

// accountState is nil if the directory has no such account.
func accountState(ctx context.Context, d *directory.Directory, account regulation.Account) (state *subject.State, err error) {
	err = d.EachAccount(ctx, func(a *local.Account) error {
		if a.Account == account {
			state = &subject.State{
				UserType: a.UserType.String(), State: a.State.String(), Created: a.Created.In(regulation.Zone), Changed: a.Changed.In(regulation.Zone),
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrDenied) {
		return nil, fmt.Errorf("the account's state: %w", err)
	}
	return state, err
}

// writeSubject writes both files, for the command's user alone. One that is there is not replaced: it may be another customer's.
//
// If we crash between the two, the JSON file is there and whole, and the table is missing; the next run needs another name.
func writeSubject(path string, x *subject.Export) error {
	var text, list bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := errors.Join(enc.Encode(x), x.WriteCSV(&list)); err != nil {
		return err
	}
	for _, name := range []string{path, path + ".csv"} {
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s is there, and is not replaced: name another file", name)
		}
	}
	if err := files.Write(path, text.Bytes(), 0o600); err != nil {
		return err
	}
	return files.Write(path+".csv", list.Bytes(), 0o600)
}
