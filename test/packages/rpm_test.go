package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
)

// systemdPackage tells rpm's database, which is empty, of the systemd that dpkg installed: so that the dependency is checked, and not left out.
const systemdPackage = `{name: systemd, arch: amd64, version: "252", description: what dpkg has installed, release: "1"}`

// rpmInACleanRoot: installation, upgrade, rollback and removal by rpm, with a front that runs without systemd.
func rpmInACleanRoot(t *testing.T, from string) {
	t.Helper()
	root := cleanRoot(t)
	h := chrooted(t, root)
	h.releases(from)
	config := filepath.Join(t.TempDir(), "nfpm.yaml")
	if err := os.WriteFile(config, []byte(systemdPackage), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := h.try("rpm -i /root/v0.9.0/tradefront-0.9.0-1.x86_64.rpm"); err == nil {
		t.Errorf("it needs no systemd: %s", out)
	}
	run(t, exec.Command("go", "run", "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0", "package", "--config", config, "--packager", "rpm",
		"--target", filepath.Join(root, "root", "systemd.rpm")))
	h.sh("rpm -i /root/systemd.rpm && rpm -i /root/v0.9.0/tradefront-0.9.0-1.x86_64.rpm")
	installed(h)
	h.want("systemctl is-enabled tradefront.service", "enabled")
	h.want("rpm -V --nomtime tradefront | grep -v /etc/tradefront || true", "") // its configuration has another group

	f := newFirm(h)
	f.admit()
	stop := f.serve()
	f.fill(200)
	f.version(older)
	h.sh("echo '# edited' >>/etc/tradefront/tradefront.yaml")
	h.sh("rpm -U /root/v0.9.1/tradefront-0.9.1-1.x86_64.rpm")
	f.fill(1) // the older one, which goes on
	stop()
	f.counted("after the upgrade", "tradefront")

	stop = f.serve()
	f.version(newer)
	f.fill(50)
	stop()
	if out, err := h.try("rpm -U /root/v0.9.0/tradefront-0.9.0-1.x86_64.rpm"); err == nil {
		t.Errorf("an older one is installed without a word: %s", out)
	}
	h.sh("rpm -U --oldpackage /root/v0.9.0/tradefront-0.9.0-1.x86_64.rpm")
	h.want("systemctl is-enabled tradefront.service", "enabled")
	stop = f.serve()
	f.version(older)
	f.fill(5)
	stop()
	f.counted("after the rollback", "tradefront")
	h.want("tail -n 1 /etc/tradefront/tradefront.yaml", "# edited")

	h.sh("cp /usr/bin/tradefront /opt/ && rpm -e tradefront")
	h.want("ls /usr/bin/tradefront 2>/dev/null || true", "")
	h.want("tail -n 1 /etc/tradefront/tradefront.yaml.rpmsave", "# edited")
	f.counted("after the removal", "/opt/tradefront")
}

// serve runs a front in the root until stop.
func (f *firm) serve() (stop func()) {
	f.t.Helper()
	c := f.within("setpriv", "--reuid=tradefront", "--regid=tradefront", "--init-groups", "tradefront", "serve", "-c", "/etc/tradefront/1.yaml")
	log, err := os.Create(filepath.Join(f.t.TempDir(), "log"))
	if err != nil {
		f.t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := child.StartEnding(c, syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
	await.Every(f.t, look, "the front to serve", func() bool {
		_, err := f.try(front("front status"))
		return err == nil
	})
	return func() {
		f.t.Helper()
		// Each program in between has become the next by exec: it is the front's process.
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			f.t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			f.t.Errorf("the front: %v", err)
		}
		_ = log.Close()
	}
}
