package deploy

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// release is a folder as release.sh makes one, with small files in place of packages, and a machine whose dpkg and rpm write down
// what they are told.
type release struct {
	t            *testing.T
	folder, path string // path is the machine's programs
	log          string // what dpkg and rpm installed
	key, foreign string // private keys; the public ones are beside them
}

// signers makes two keys, the firm's and a foreign one, in a folder.
func signers(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, key := range []string{"key", "foreign"} {
		said(t, []string{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "release", "-f", filepath.Join(folder, key)})
	}
	return folder
}

func newRelease(t *testing.T, keys string) *release {
	t.Helper()
	dir := t.TempDir()
	r := &release{t: t, folder: filepath.Join(dir, "tradefront-1.0.0"), path: filepath.Join(dir, "bin"), log: filepath.Join(dir, "log")}
	r.key, r.foreign = filepath.Join(keys, "key"), filepath.Join(keys, "foreign")
	r.machine("dpkg-query", "exit 0")
	r.machine("dpkg", `case $1 in --print-architecture) echo amd64;; *) echo "dpkg $*" >>`+r.log+`; cat `+r.log+`.fault 2>/dev/null; exit 0;; esac`)
	r.machine("rpm", `case $1 in -q) exit 0;; *) echo "rpm $*" >>`+r.log+`;; esac`)
	r.machine("uname", "echo x86_64")
	r.machine("id", "echo 0")
	r.machine("tradefront", "echo tradefront v1.0.0")
	for _, name := range []string{
		"tradefront_1.0.0_amd64.deb", "tradefront_1.0.0_arm64.deb", "tradefront-1.0.0-1.x86_64.rpm", "tradefront-1.0.0-1.aarch64.rpm", "docs/operations.md",
	} {
		r.write(name, "holds "+name)
	}
	r.write("install.sh", read(t, "release/install.sh"))
	r.sum()
	r.sign(r.key, "tradefront-release")
	return r
}

// machine gives the machine a program of that name.
func (r *release) machine(name, script string) {
	r.t.Helper()
	r.put(filepath.Join(r.path, name), "#!/bin/sh\n"+script+"\n", 0o700)
}

func (r *release) write(name, text string) {
	r.t.Helper()
	r.put(filepath.Join(r.folder, name), text, 0o600)
}

func (r *release) put(path, text string, mode os.FileMode) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		r.t.Fatal(err)
	}
}

// sum writes SHA256SUMS of what the folder has now.
func (r *release) sum() {
	r.t.Helper()
	var sums strings.Builder
	err := filepath.WalkDir(r.folder, func(path string, d os.DirEntry, err error) error {
		if name, _ := filepath.Rel(r.folder, path); err == nil && !d.IsDir() && !strings.HasPrefix(name, "SHA256SUMS") {
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(read(r.t, path))), name)
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("SHA256SUMS", sums.String())
}

func (r *release) sign(key, namespace string) {
	r.t.Helper()
	r.remove("SHA256SUMS.sig")
	r.must(exec.Command("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace, filepath.Join(r.folder, "SHA256SUMS")))
}

func (r *release) remove(name string) {
	r.t.Helper()
	if err := os.RemoveAll(filepath.Join(r.folder, name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *release) must(c *exec.Cmd) {
	r.t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %v\n%s", c, err, out)
	}
}

// install runs install.sh: what it said, what dpkg or rpm was told, and whether it ended well.
func (r *release) install(args ...string) (said, told string, ok bool) {
	r.t.Helper()
	c := exec.Command("/bin/sh", append([]string{filepath.Join(r.folder, "install.sh")}, args...)...)
	c.Env = []string{"PATH=" + r.path + ":" + os.Getenv("PATH"), "TMPDIR=" + r.t.TempDir()}
	out, err := c.CombinedOutput()
	log, _ := os.ReadFile(r.log) // there is none if nothing was installed
	return string(out), string(log), err == nil
}

// TestInstallOfASignedRelease: each step is told, and the host's own package manager gets the package of its architecture.
func TestInstallOfASignedRelease(t *testing.T) {
	t.Parallel()
	r := newRelease(t, signers(t))
	if said, told, ok := r.install("--key", r.key+".pub", "--check"); !ok || told != "" || !strings.Contains(said, "tradefront_1.0.0_amd64.deb would be installed") {
		t.Errorf("--check: %t, %q\n%s", ok, told, said)
	}
	said, told, ok := r.install("--key", r.key+".pub")
	if want := "dpkg --refuse-downgrade --force-confold -i tradefront_1.0.0_amd64.deb\n"; !ok || told != want {
		t.Errorf("%t, told %q, want %q\n%s", ok, told, want, said)
	}
	for _, step := range []string{"1. the signature is by a key of " + r.key + ".pub: SHA256:", "2. 6 files are as", "3. installs", "4. tradefront v1.0.0 is installed"} {
		if !strings.Contains(said, step) {
			t.Errorf("it does not tell %q:\n%s", step, said)
		}
	}
	r.machine("dpkg-query", "exit 1") // not a Debian, though it may have the program dpkg
	if _, told, ok := r.install("--key", r.key+".pub", "--older"); !ok ||
		!strings.HasSuffix(told, "\nrpm -U --replacepkgs --oldpackage tradefront-1.0.0-1.x86_64.rpm\n") {
		t.Errorf("rpm: %t, told %q", ok, told)
	}
}

// TestInstallRefuses: what was changed on the way, nothing is installed, and the exit status is not 0.
func TestInstallRefuses(t *testing.T) {
	t.Parallel()
	deb, keys := "tradefront_1.0.0_amd64.deb", signers(t)
	for _, c := range []struct {
		name   string
		change func(r *release)
		args   []string // without any: the firm's key
		says   string
	}{
		{"another package under its name", func(r *release) { r.write(deb, "evil") }, nil, "files are not as the release has them: " + deb},
		{"a package and its sum", func(r *release) { r.write(deb, "evil"); r.sum() }, nil, "is not by a key of"},
		{"all of it, under another key", func(r *release) { r.write(deb, "evil"); r.sum(); r.sign(r.foreign, "tradefront-release") }, nil, "is not by a key of"},
		{"the firm's signature of something else", func(r *release) { r.sign(r.key, "git") }, nil, "is not by a key of"},
		{"no signature", func(r *release) { r.remove("SHA256SUMS.sig") }, nil, "has no signature"},
		{"a signature cut short", func(r *release) { r.write("SHA256SUMS.sig", read(r.t, filepath.Join(r.folder, "SHA256SUMS.sig"))[:90]) }, nil, "is not by a key of"},
		{"no sums", func(r *release) { r.remove("SHA256SUMS") }, nil, "SHA256SUMS is missing"},
		{"a file too many", func(r *release) { r.write("tradefront_9_amd64.deb", "evil") }, nil, "> tradefront_9_amd64.deb"},
		{"a file is missing", func(r *release) { r.remove("docs/operations.md") }, nil, "< docs/operations.md"},
		{"no package for this machine", func(r *release) { r.machine("dpkg", "echo riscv64") }, nil, "no deb for riscv64"},
		{"neither dpkg nor rpm", func(r *release) { r.machine("dpkg-query", "exit 1"); r.machine("rpm", "exit 1") }, nil, "neither dpkg nor rpm"},
		{"not root", func(r *release) { r.machine("id", "echo 1000") }, nil, "only root"},
		{"no key named", func(*release) {}, []string{"--check"}, "no public key in /etc/tradefront/release.pub"},
		{"a key that is none", func(r *release) { r.put(r.log+".asc", "-----BEGIN PGP", 0o600) }, []string{"--key", "LOG.asc"}, "holds no public key"},
		{"--unsigned with a key", func(*release) {}, []string{"--unsigned", "--key", "FOREIGN"}, "exclude each other"},
		{"--unsigned, and a wrong sum", func(r *release) { r.write(deb, "evil") }, []string{"--unsigned"}, "files are not as the release has them"},
		{"an older one", func(r *release) {
			r.put(r.log+".fault", "dpkg: will not downgrade tradefront from 0.9.1-1 to 0.9.0-1, skipping", 0o600)
		}, nil, "is not installed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t, keys)
			c.change(r)
			if c.args == nil {
				c.args = []string{"--key", r.key + ".pub"}
			}
			for i := range c.args {
				c.args[i] = strings.NewReplacer("FOREIGN", r.foreign+".pub", "LOG", r.log).Replace(c.args[i])
			}
			said, told, ok := r.install(c.args...)
			if ok || !strings.Contains(said, c.says) || (told != "" && c.name != "an older one") {
				t.Errorf("ended well: %t, told %q; want %q in\n%s", ok, told, c.says, said)
			}
		})
	}
}

// TestInstallUnsigned: only who says so installs without a signature, and is warned.
func TestInstallUnsigned(t *testing.T) {
	t.Parallel()
	r := newRelease(t, signers(t))
	r.remove("SHA256SUMS.sig")
	if said, told, ok := r.install("--unsigned"); !ok || told == "" || !strings.Contains(said, "WARNING: the signature is not checked") {
		t.Errorf("%t, told %q\n%s", ok, told, said)
	}
}

// TestPackageVersions: what a system takes for newer is newer.
func TestPackageVersions(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"v1.0.0": "1.0.0", "v1.0.0-rc1": "1.0.0~rc1", "v1.0.0-5-gabc": "1.0.0+5.gabc", "v1.0.0-rc1-5-gabc": "1.0.0~rc1+5.gabc",
		"v1.0.0-dirty": "1.0.0+dirty", "abc123": "0.0.0+19700101000007.abc123",
	} {
		if got := strings.TrimSpace(said(t, []string{"package/version.sh", given, "7"})); got != want {
			t.Errorf("%s is %s, want %s", given, got, want)
		}
	}
}
