package show_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/show"
)

// TestColumns: lines with tabs that follow each other share their columns, in Chinese too, and no line without
// a column moves it.
func TestColumns(t *testing.T) {
	var out strings.Builder
	c := show.NewColumns(&out)
	fmt.Fprint(c, "标题\n记录\t12\t行\nAppID\t3\tx\n一\t二\n1\t12345\t6\n\nno table: a line that is long\n合计\t15\n\n")
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "标题\n记录   12  行\nAppID  3   x\n一     二\n1      12345  6\n\nno table: a line that is long\n合计  15\n\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := c.Flush(); err != nil || out.String() != want {
		t.Errorf("a second Flush wrote more: %q, %v", out.String(), err)
	}
}

// TestColumnsTellTheWritersError: a full disk under a report must not be silent.
func TestColumnsTellTheWritersError(t *testing.T) {
	read, write := io.Pipe()
	read.Close()
	c := show.NewColumns(write)
	fmt.Fprintln(c, "a\tb")
	if err := c.Flush(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
}
