package collector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinuxOnARM64: cross-built and run by qemu-user, whose kernel is this machine's.
func TestLinuxOnARM64(t *testing.T) {
	heavy(t)
	qemu, flags := need(t, "qemu-aarch64"), arm64.linked(t)
	gcc := need(t, "aarch64-linux-gnu-gcc")
	file := filepath.Join(t.TempDir(), "field")
	program := arm64.compiled(t, gcc, "collector/samples/c/collect.c", append([]string{"-std=c99"}, flags...)...)
	out := run(t, qemu, "-L", "/usr/aarch64-linux-gnu", program, file)
	if !strings.HasPrefix(out, "TF01 tst 1.0 2026-01-05 0.1.0 linux-arm64 rsa2048\n") {
		t.Errorf("it prints\n%s", out)
	}
	if version, _, ciphertext := field(t, file); version != "1.0     " || len(ciphertext) != 256 {
		t.Errorf("version %q, %d bytes of ciphertext", version, len(ciphertext))
	}
	text := arm64.decrypted(t, file)
	if want := strings.Split(machine(t).Text(), "@"); len(strings.Split(text, "@")) != len(want) || strings.Split(text, "@")[2] != want[2] {
		t.Errorf("it says %q, this machine is %q", text, want)
	}
	for _, name := range []string{"fork", "limits", "arguments"} { // not signals: qemu-user has its own handlers of those that it emulates
		program := arm64.compiled(t, gcc, "test/collector/hosts/"+name+".c", "-std=gnu11", "-ldl", "-lpthread")
		args := []string{"-L", "/usr/aarch64-linux-gnu", program, arm64.path(t), "TF01"}
		switch name {
		case "limits":
			args = append(args, "descriptors-closed")
		case "arguments":
			args = append(args, "TF01 tst 1.0 ")
		}
		runIn(t, []string{"HOST_EMULATED=1"}, qemu, args...)
	}
}

// TestWindowsByWine: the DLL is loaded and called by a program under Wine. That is not Windows: it shows that the DLL links and answers, and
// nothing about what a real Windows says of its disk or its firmware.
func TestWindowsByWine(t *testing.T) {
	heavy(t)
	gcc, dir := need(t, "x86_64-w64-mingw32-gcc"), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(dll.built(t))); err != nil { // Windows finds a DLL beside the program
		t.Fatal(err)
	}
	wine := wine64(t)
	program := filepath.Join(dir, "collect.exe")
	run(t, gcc, "-std=c99", "-I", dir, "-o", program, filepath.Join(root, "collector/samples/c/collect.c"), dll.path(t)+".a")
	prefix := []string{"WINEPREFIX=" + filepath.Join(work, "wine"), "WINEDEBUG=-all", "DISPLAY="}
	runIn(t, prefix, wine, "cmd", "/c", "ver")
	random := filepath.Join(work, "wine", "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(random); err != nil { // Wine has it since 8.9, Debian 12 has 8.0, and Go's runtime wants it
		run(t, gcc, "-shared", "-o", random, filepath.Join("hosts", "bcryptprimitives.c"), "-ladvapi32")
	}
	file := filepath.Join(dir, "field")
	out := runIn(t, prefix, wine, program, "Z:"+strings.ReplaceAll(file, "/", `\`))
	if !strings.HasPrefix(out, "TF01 tst 1.0 2026-01-05 0.1.0 windows-amd64 rsa2048") {
		t.Errorf("it prints\n%s", out)
	}
	if text := dll.decrypted(t, file); !strings.HasPrefix(text, "1@") {
		t.Errorf("it says %q, which is no Windows terminal", text)
	}
}

func wine64(t *testing.T) string {
	for _, path := range []string{"/usr/lib/wine/wine64", "/usr/bin/wine64"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return need(t, "wine64")
}
