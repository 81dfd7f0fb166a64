package collector

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ABI is the version of the binary interface, which changes when a program that was linked before could not run any more.
const ABI = "0"

// build is one build under way.
type build struct {
	*plan
	ctx  context.Context
	root string // of the tree, absolute
	work string // the temporary folder
}

// Build writes the library, its header and its pkg-config file into o.Out.
func Build(ctx context.Context, o Options) error {
	p, err := o.plan()
	if err != nil {
		return err
	}
	root, err := filepath.Abs(p.Root)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "collector-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	b := &build{plan: p, ctx: ctx, root: root, work: work}
	for _, step := range []func() error{b.archive, b.compile, b.link, b.texts, b.install} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// archive builds Go's half and takes its objects out. The tag purego leaves assembly for cryptography out, which one login needs not: with it
// comes gmsm's look at the processor, which opens Go's network poller on arm64 (golib/garbage.go says what that would do). The tag netgo
// leaves libc's resolver out, as the library looks up no name.
func (b *build) archive() error {
	flags := fmt.Sprintf("-s -w -buildid= -X main.kind=%s -X main.keyVersion=%s -X main.keyBase64=%s",
		b.Kind, b.KeyVersion, base64.StdEncoding.EncodeToString(b.pem))
	err := b.run(b.root, "go", "build", "-tags", "purego,netgo", "-trimpath", "-buildvcs=false", "-buildmode=c-archive", "-ldflags", flags,
		"-o", filepath.Join(b.work, "go.a"), "./collector/golib")
	if err != nil {
		return err
	}
	if err := b.run(b.work, b.tool("ar"), "x", "go.a"); err != nil {
		return err
	}
	if b.target.constructor == "" {
		return nil
	}
	return b.takeConstructorOut()
}

// takeConstructorOut leaves the start of Go's runtime to the shim, which calls it by the name tfcGoStart.
func (b *build) takeConstructorOut() error {
	object, err := os.ReadFile(filepath.Join(b.work, "go.o"))
	if err != nil {
		return err
	}
	if !bytes.Contains(object, []byte(b.target.constructor+"\x00")) {
		return fmt.Errorf("this version of Go has no %s in its archives: the library would start Go's runtime when it is loaded", b.target.constructor)
	}
	return b.run(b.work, b.tool("objcopy"), "--remove-section=.init_array", "--remove-section=.rela.init_array",
		"--redefine-sym", b.target.constructor+"=tfcGoStart", "--globalize-symbol=tfcGoStart", "go.o")
}

var warnings = []string{"-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"}

// compile makes the shim's objects.
func (b *build) compile() error {
	for _, source := range append(commonSources[:len(commonSources):len(commonSources)], b.target.sources...) {
		args := append([]string{
			"-O2", "-fvisibility=hidden",
			"-DTFC_GETSYSTEMINFO=" + b.Vendor + "_getsysteminfo", fmt.Sprintf("-DTFC_VERSION=%q", b.versionText()),
			"-c", source, "-o", filepath.Join(b.work, "shim_"+strings.TrimSuffix(source, ".c")+".o"),
		}, warnings...)
		if b.target.goos != "windows" {
			args = append(args, "-fPIC", "-fstack-protector-strong")
		}
		if err := b.runCompiler(filepath.Join(b.root, "collector", "shim"), args...); err != nil {
			return err
		}
	}
	return nil
}

// link makes the library of both halves.
func (b *build) link() error {
	objects, err := filepath.Glob(filepath.Join(b.work, "*.o"))
	if err != nil {
		return err
	}
	args := []string{"-shared", "-o", b.library(), "-Wl,-s"}
	if b.target.goos == "windows" {
		args = append(args, "-Wl,--no-insert-timestamp", "-Wl,--out-implib,"+b.library()+".a", "-static-libgcc")
	} else {
		if err := os.WriteFile(filepath.Join(b.work, "exports"), []byte(b.exports()), 0o600); err != nil {
			return err
		}
		args = append(args, "-Wl,--version-script=exports", "-Wl,-Bsymbolic", "-Wl,-soname,"+b.soname(), "-Wl,-z,nodelete", "-Wl,-z,now",
			"-Wl,-z,relro", "-Wl,-z,noexecstack", "-Wl,-z,defs", "-Wl,--build-id=sha1")
	}
	for _, object := range objects {
		args = append(args, filepath.Base(object))
	}
	return b.runCompiler(b.work, append(args, b.target.libraries...)...)
}

// install moves the files to their places.
func (b *build) install() error {
	if err := os.MkdirAll(b.Out, 0o755); err != nil { //nolint:gosec // what a vendor hands on is for all to read
		return err
	}
	names := []string{b.library(), headerName, b.pkgConfigName()}
	if b.target.goos == "windows" {
		names = append(names, b.library()+".a")
	}
	for _, name := range names {
		if err := b.moveOut(name); err != nil {
			return err
		}
	}
	if b.target.goos == "windows" {
		return nil
	}
	link := filepath.Join(b.Out, b.soname())
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(b.library(), link)
}

// moveOut copies beside the place, as the temporary folder may be on another file system, and renames.
func (b *build) moveOut(name string) error {
	data, err := os.ReadFile(filepath.Join(b.work, name))
	if err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if name == b.library() {
		mode = 0o755
	}
	path := filepath.Join(b.Out, name)
	if err := os.WriteFile(path+".new", data, mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// runCompiler runs the compiler, which may be several words: "ccache gcc", "gcc -march=x86-64-v2".
func (b *build) runCompiler(dir string, args ...string) error {
	words := strings.Fields(b.CC)
	return b.run(dir, words[0], append(words[1:], args...)...)
}

// run runs a program of the build. What it printed is part of the error.
func (b *build) run(dir, name string, args ...string) error {
	cmd := exec.CommandContext(b.ctx, name, args...) //nolint:gosec // a compiler that the vendor names
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOOS="+b.target.goos, "GOARCH="+b.target.goarch, "CC="+b.CC, "LC_ALL=C", "GOFLAGS=",
		"CGO_CFLAGS=-O2", "CGO_LDFLAGS=", "GOAMD64=v1")
	if out, err := cmd.CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("%s is not installed: %s needs it (test/ensure-tools.sh installs what Debian has)", name, b.Target)
		}
		return fmt.Errorf("%s %s: %w\n%s", name, args[0], err, out)
	}
	return nil
}
