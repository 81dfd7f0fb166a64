package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/ports"
)

// quickstartPages have the same commands, each with its own words around them.
var quickstartPages = []string{"../../README.md", "../../README.zh-CN.md"}

// command is a line that a reader types: what follows the prompt, without its comment.
var command = regexp.MustCompile(`(?m)^\$ (.*?)(?:\s{2,}#.*)?$`)

// quickstart is the commands of a page's quick start, in their order.
func quickstart(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "masterkey create")
	begin := strings.LastIndex(string(text[:len(text)-len(after)]), "```console")
	if !found || begin < 0 {
		t.Fatalf("%s has no quick start", page)
	}
	block, _, _ := strings.Cut(string(text[begin+len("```console"):]), "```")
	var lines []string
	for _, m := range command.FindAllStringSubmatch(block, -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// TestQuickStart types the README's quick start, in a folder of its own, and
// holds it to what it promises: one line of the day, opened, on a line of its own; secrets
// that only their user can read; and a daemon that is stopped.
func TestQuickStart(t *testing.T) {
	t.Parallel()
	lines := quickstart(t, quickstartPages[0])
	if other := quickstart(t, quickstartPages[1]); strings.Join(lines, "\n") != strings.Join(other, "\n") {
		t.Errorf("the two pages differ:\n%s\n\n%s", strings.Join(lines, "\n"), strings.Join(other, "\n"))
	}
	dir, err := filepath.Abs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	script := quickstartScript(t, lines)
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s\n%s", err, script, out, errOut.String())
	}
	opened := regexp.MustCompile(`(?m)^1@client_demo_1\.0@127\.0\.0\.1@\d+@[0-9: -]{19}@@@@@88888888@1$`)
	if !opened.Match(out) {
		t.Errorf("the line of the login was not opened:\n%s", out)
	}
	for _, secret := range []string{"authcode", "password", "master.key", "test-private.pem"} {
		info, err := os.Stat(filepath.Join(dir, "firm", secret))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", secret, info, err)
		}
	}
	if !strings.Contains(errOut.String(), "stopping: no new logins") {
		t.Errorf("the daemon was not stopped:\n%s", errOut.String())
	}
}

// quickstartScript is a shell's script of the lines: not on the ports that the page names,
// which something here may have, and without the build, which was made.
func quickstartScript(t *testing.T, lines []string) string {
	t.Helper()
	calendar, err := filepath.Abs("../../configs/calendar.yaml")
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.NewReplacer("configs/calendar.yaml", calendar, "127.0.0.1:41205", ports.Address(t))
	script := []string{"set -eumo pipefail"}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "make build"):
		case strings.HasSuffix(line, "&"):
			script = append(script, strings.TrimSuffix(line, "&")+"> banner &", "until grep -q accepts banner; do kill -0 %1; sleep 0.02; done")
		case strings.Contains(line, "ping"):
			script = append(script, moved.Replace(line+" --address 127.0.0.1:41205"))
		default:
			script = append(script, moved.Replace(line))
		}
		if strings.Contains(line, "config defaults") {
			script = append(script, moved.Replace("sed -i -e s/127.0.0.1:412[0]5/127.0.0.1:41205/ -e s/127.0.0.1:9464/127.0.0.1:0/ tradefront.yaml"))
		}
	}
	return strings.Join(append(script, "wait"), "\n")
}
