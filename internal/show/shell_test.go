package show

import (
	"os/exec"
	"testing"
)

// TestShellWord: a shell takes each word for what it was.
func TestShellWord(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"", "/tmp/a", "/tmp/a b", "it's", "$HOME", "`id`", "a\nb", "~", "*", "甲 乙", `"`, `\`, "a;b", "#", "-c", "!x"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+ShellWord(word)).Output()
		if word == "-c" { // printf's own
			out, err = exec.CommandContext(t.Context(), "sh", "-c", "printf %s -- "+ShellWord(word)).Output()
			out = out[min(2, len(out)):]
		}
		if err != nil || string(out) != word {
			t.Errorf("%q is written %s, and the shell takes it for %q (%v)", word, ShellWord(word), out, err)
		}
	}
	if got := ShellWord("/etc/tradefront/tradefront.yaml"); got != "/etc/tradefront/tradefront.yaml" {
		t.Errorf("%s is not left as it is", got)
	}
}
