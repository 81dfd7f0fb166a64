package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFrontReload: who reloads a front is told what came of it, by the exit status too.
func TestFrontReload(t *testing.T) {
	front := frontWith(t, "connections: 100")
	defer front.stop()
	reload := func() outcome {
		return tradefront("", "front", "reload", "--pid", fmt.Sprint(os.Getpid()), "--front", front.admin, "-c", "tradefront.yaml")
	}
	if got := reload(); got.status != exitDone || !strings.Contains(got.out, "the configuration was taken over") {
		t.Errorf("reload: %+v", got)
	}
	if err := os.Rename("keys/1.0.pem", "keys/gone.pem"); err != nil {
		t.Fatal(err)
	}
	if got := reload(); got.status != exitFailed || !strings.Contains(got.err, "nothing was taken over: keys[0]") {
		t.Errorf("reload without the key: %+v", got)
	}
	if err := os.Rename("keys/gone.pem", "keys/1.0.pem"); err != nil {
		t.Fatal(err)
	}
	if got := reload(); got.status != exitDone {
		t.Errorf("reload with the key: %+v", got)
	}
}

// TestReloadOfAReplacedProgram: a package that replaced the program makes a reload a live upgrade.
func TestReloadOfAReplacedProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	cat, err := os.ReadFile("/bin/cat")
	if err != nil {
		t.Fatal(err)
	}
	put := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, cat, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put(program)
	runs := exec.Command(program)
	in, err := runs.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := runs.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := runs.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = runs.Wait() }()
	fmt.Fprintln(in, "it runs") // and is not the test's program any more
	if _, err := io.ReadFull(out, make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	if is, err := programReplaced(runs.Process.Pid); is || err != nil {
		t.Errorf("as it was started: %t, %v", is, err)
	}
	put(program + ".new")
	if err := os.Rename(program+".new", program); err != nil {
		t.Fatal(err)
	}
	if is, err := programReplaced(runs.Process.Pid); !is || err != nil {
		t.Errorf("after dpkg: %t, %v", is, err)
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if _, err := programReplaced(runs.Process.Pid); err == nil || !strings.Contains(err.Error(), "install it again") {
		t.Errorf("without the program: %v", err)
	}
}
