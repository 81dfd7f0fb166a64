package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
)

// roleOf is the role of deploy/sql/roles.sql under which a command works.
var roleOf = map[string]string{
	"migrate": postgres.RoleOwner, "calendar": postgres.RoleOwner,
	"app": postgres.RoleAdmin, "account": postgres.RoleAdmin, "admission": postgres.RoleAdmin, "relay": postgres.RoleAdmin,
	"actions": postgres.RoleAdmin, "masterkey": postgres.RoleAdmin, "front": postgres.RoleAdmin,
	"loadtest": postgres.RoleOwner, "archive": postgres.RoleOwner, "subject": postgres.RoleOwner,
	"report": postgres.RoleReport, "reconcile": postgres.RoleReport, "explain": postgres.RoleReport,
	"serve": postgres.RoleFront, "quarantine": postgres.RoleFront, "local": postgres.RoleFront,
}

// AdviseRole says, for any command, what to do about a right that PostgreSQL missed.
func (e *Env) AdviseRole(c *cobra.Command, err error) {
	if !errors.Is(err, store.ErrDenied) {
		return
	}
	group := c
	for group.HasParent() && group.Parent().HasParent() {
		group = group.Parent()
	}
	if role, ok := roleOf[group.Name()]; ok {
		fmt.Fprintf(e.Err, e.Say("next: `%s` works as role %s of deploy/sql/roles.sql: name that role in the database's URL\n",
			"下一步：`%s` 使用 deploy/sql/roles.sql 中的角色 %s：请在数据库 URL 中写该角色\n"), c.CommandPath(), role)
	}
	fmt.Fprintln(e.Err, e.Say("next: if it is that role already, run deploy/sql/roles.sql as a superuser, as before the first migrate and after each",
		"下一步：如果已是该角色，请以超级用户身份执行 deploy/sql/roles.sql，首次 migrate 之前和每次之后都要执行"))
}

// shownRights is how many missing rights are listed: after a migration a role lacks all of
// those on the new tables at once, and one script grants them.
const shownRights = 3

// WarnOfRights tells what the roles of roles.sql cannot do yet, after a migration that
// brought new tables, or should not be able to do.
func (e *Env) WarnOfRights(ctx context.Context, pg *postgres.Store, all bool) error {
	rights, err := pg.CheckRights(ctx)
	if err != nil {
		return fmt.Errorf("the schema is current, but the rights of the roles could not be checked: %w", err)
	}
	list := slices.Clone(rights.TooMuch)
	if all || len(rights.Lacking) <= shownRights {
		list = append(list, rights.Lacking...)
	} else {
		list = append(list, fmt.Sprintf("the roles of deploy/sql/roles.sql lack %d rights on these tables (--verbose lists them)", len(rights.Lacking)))
	}
	for _, f := range list {
		e.Warn("%s", f)
	}
	if len(list) > 0 {
		fmt.Fprintln(e.Err, e.Say("next: run deploy/sql/roles.sql once more, as a superuser", "下一步：以超级用户身份重新执行 deploy/sql/roles.sql"))
	}
	return nil
}

// WarnOfSettings prints them.
func (e *Env) WarnOfSettings(ctx context.Context, pg *postgres.Store) error {
	findings, err := pg.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("the schema is current, but PostgreSQL's settings could not be looked at: %w", err)
	}
	extras, err := pg.Extras(ctx)
	if err != nil {
		return fmt.Errorf("the schema is current, but what else is on its tables could not be looked at: %w", err)
	}
	for _, f := range findings {
		e.Warn("%s", f)
	}
	for _, x := range extras {
		e.Warn("PostgreSQL: %s", x)
	}
	return nil
}
