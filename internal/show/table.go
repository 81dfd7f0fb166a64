package show

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table writes a header and rows in aligned columns; rows separates cells by tabs and ends each row by a
// line break.
func Table(w io.Writer, header string, rows func(w io.Writer)) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, header)
	rows(t)
	_ = t.Flush()
}
