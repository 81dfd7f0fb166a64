package collectcmd

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/client/collect"
)

// IncompleteError means that items are missing: the monitoring centre would get a line with flag 1 or 3.
type IncompleteError struct {
	Missing  int
	Flag     byte
	Language collect.Language
}

func (e *IncompleteError) Error() string {
	if e.Language == collect.Chinese {
		return fmt.Sprintf("缺 %d 项：本机的登录将以异常标识 %c 记录", e.Missing, e.Flag)
	}
	items := "items are"
	if e.Missing == 1 {
		items = "item is"
	}
	return fmt.Sprintf("%d %s missing: a login of this machine is recorded with flag %c", e.Missing, items, e.Flag)
}

func newCheck(e *Env) *cobra.Command {
	var (
		lang   language
		output form
		root   string
	)
	c := &cobra.Command{
		Use: "check", Short: "Say of each item of this machine whether it is there, from where, and what to do", Args: noArgs,
		Long: "Collect this machine as a terminal's login does, and print a line for each item: its state, its value masked,\n" +
			"its source, and what to do if it is missing. Nothing is sent and nothing is written.\n\n" +
			"States: present; cut to the maximum; absent; denied to this user; foreign, a placeholder that the maker left;\n" +
			"not_applicable. The exit status is 1 if an item is missing. Run it as the user who runs the terminal.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			r, err := collect.Collect(c.Context(), collect.Options{Root: root})
			if err != nil {
				return err
			}
			if err := printCheck(e.Out(), r, lang.Language, output); err != nil {
				return err
			}
			return incomplete(r, lang.Language)
		}),
	}
	lang.flags(c, e.Environ)
	output.flags(c)
	c.Flags().StringVar(&root, "root", "", "read this folder in place of the machine (docs/collector.md, fixtures)")
	return c
}

func printCheck(w io.Writer, r *collect.Result, lang collect.Language, output form) error {
	if output == "json" {
		return printJSON(w, r.Report(false))
	}
	_, err := io.WriteString(w, r.Explain(lang))
	return err
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func incomplete(r *collect.Result, lang collect.Language) error {
	missing := 0
	for _, it := range r.Items {
		if it.State.Missing() {
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	return &IncompleteError{missing, r.Flag(), lang}
}
