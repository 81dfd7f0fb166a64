package packages

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
)

var (
	asked = flag.Bool("packages", false, "install the packages in clean roots; root only")
	cache = flag.String("cache", "", "where the root that debootstrap makes is kept")
	built = flag.String("built", "", "folder of packages of both versions that are there already")
)

const (
	older = "v0.9.0"
	newer = "v0.9.1"
	// look is between two commands that look at something in a root.
	look = 200 * time.Millisecond
)

// needs skips a test that was not asked for, or that this user cannot run.
func needs(t *testing.T) {
	t.Helper()
	switch {
	case !*asked:
		t.Skip("make packages-test runs it: it takes minutes")
	case os.Geteuid() != 0:
		t.Skip("only root can make a root and boot it")
	case *cache == "":
		t.Fatal("-cache names no folder")
	}
}

// build makes the packages of both versions, and returns their folder.
func build(t *testing.T) string {
	t.Helper()
	if *built != "" {
		return *built
	}
	to := t.TempDir()
	for _, version := range []string{older, newer} {
		c := exec.Command("../../deploy/package/build.sh", to, "amd64")
		c.Env = append(os.Environ(), "VERSION="+version)
		run(t, c)
	}
	return to
}

// cleanRoot is a copy of a Debian that has nothing but what systemd needs, and rpm.
func cleanRoot(t *testing.T) string {
	t.Helper()
	kept := filepath.Join(*cache, "bookworm")
	if _, err := os.Stat(kept); err != nil {
		run(t, exec.Command("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,logrotate,rpm,openssh-client", "bookworm", kept+".new"))
		if err := os.Rename(kept+".new", kept); err != nil {
			t.Fatal(err)
		}
	}
	parent, err := os.MkdirTemp(*cache, "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	root := filepath.Join(parent, "root")
	run(t, exec.Command("cp", "-a", kept, root))
	return root
}

func run(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, out)
	}
	return string(out)
}

// host is a root in which commands run.
type host struct {
	t      *testing.T
	root   string
	within func(args ...string) *exec.Cmd // the command that runs args in it
}

// sh runs a line of shell, which must succeed.
func (h *host) sh(line string) string {
	h.t.Helper()
	out, err := h.try(line)
	if err != nil {
		h.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return strings.TrimSpace(out)
}

func (h *host) try(line string) (string, error) {
	c := h.within("/bin/sh", "-ec", line)
	c.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"} // not the test's folders
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.String(), err
}

// want fails unless the line prints that.
func (h *host) want(line, want string) {
	h.t.Helper()
	if got := h.sh(line); got != want {
		h.t.Errorf("%s: %q, want %q", line, got, want)
	}
}

// show is a property of the front's unit.
func (h *host) show(property string) string {
	h.t.Helper()
	return h.sh("systemctl show --value -p " + property + " tradefront@1")
}

// put writes a file of the root.
func (h *host) put(path, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.root, path), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// releases puts both versions into the root as releases that a key has signed, with install.sh: /root/v0.9.0, /root/v0.9.1. The key's public
// half is where a server has it.
func (h *host) releases(from string) {
	h.t.Helper()
	key := filepath.Join(h.t.TempDir(), "key")
	run(h.t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key))
	run(h.t, exec.Command("install", "-D", "-m", "0644", key+".pub", filepath.Join(h.root, "etc/tradefront/release.pub")))
	for _, version := range []string{older, newer} {
		to := filepath.Join(h.root, "root", version)
		run(h.t, exec.Command("install", "-D", "-m", "0755", "../../deploy/release/install.sh", filepath.Join(to, "install.sh")))
		files, err := filepath.Glob(filepath.Join(from, "tradefront?"+strings.TrimPrefix(version, "v")+"-1*"))
		if err != nil || len(files) != 2 {
			h.t.Fatalf("packages of %s: %v, %v, want deb and rpm", version, files, err)
		}
		run(h.t, exec.Command("cp", append(files, to)...))
		run(h.t, exec.Command("sh", "-ec", `cd "$0" && sha256sum * >../sums && mv ../sums SHA256SUMS && ssh-keygen -q -Y sign -f "$1" -n tradefront-release SHA256SUMS`, to, key))
	}
}

// chrooted is the root without a systemd that runs. Mounts are in a namespace of each command's own.
func chrooted(t *testing.T, root string) *host {
	return &host{t: t, root: root, within: func(args ...string) *exec.Cmd {
		mount := `mount -t proc proc "$0/proc" && exec chroot "$0" "$@"`
		return exec.Command("unshare", append([]string{"--mount", "/bin/sh", "-ec", mount, root}, args...)...)
	}}
}

// booted starts the root's systemd, which ends with the test. The network is the test's own.
func booted(t *testing.T, root string) *host {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, "systemd-nspawn", "-b", "--register=no", "--keep-unit", "--kill-signal=SIGRTMIN+3", "-D", root)
	var console bytes.Buffer
	c.Stdout, c.Stderr = &console, &console
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = time.Minute
	if err := child.StartEnding(c, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, root: root}
	h.within = func(args ...string) *exec.Cmd {
		init, _ := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", c.Process.Pid)) // while it starts there is none
		target := cmp.Or(strings.TrimSpace(string(init)), "0")
		return exec.Command("nsenter", append([]string{"-t", target, "-m", "-u", "-i", "-p", "-C", "--"}, args...)...)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := h.try("journalctl --no-pager -n 60 -u tradefront@1") // it may be gone
			t.Logf("journal:\n%s", log)
		}
		cancel()
		_ = c.Wait() // by the signal
		if t.Failed() {
			t.Logf("console:\n%s", console.String())
		}
	})
	await.Every(t, look, "systemd to have booted", func() bool {
		out, _ := h.try("systemctl is-system-running")
		return strings.HasPrefix(out, "running") || strings.HasPrefix(out, "degraded")
	})
	return h
}
