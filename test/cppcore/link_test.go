package cppcore

import (
	"os/exec"
	"testing"
)

var linkCases = &program{source: "test/cppcore/programs/link.cc", flags: sanitized()}

// TestLinkAlone: what a Link does that depends on its application, and not on the bytes of a front. programs/link.cc has the cases.
func TestLinkAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"silent_front", "heartbeats", "texts", "credit_once", "wiped", "held", "written", "forgotten",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := exec.Command(linkCases.binary(t), name).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
