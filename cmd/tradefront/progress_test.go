package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// onTerminal runs a command whose standard error is a terminal, with the progress of the shortest work, and returns what the terminal got.
func onTerminal(t *testing.T, args string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine gives no terminal: %v", err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // EIO once the other side is closed
		got <- string(text)
	}()
	e := &env{in: strings.NewReader(""), out: io.Discard, err: terminal, lang: "en"}
	e.run(t.Context(), strings.Fields(args))
	if err := terminal.Close(); err != nil {
		t.Error(err)
	}
	return <-got
}

// TestProgress: each command whose work may take long shows it on a terminal, and nothing elsewhere.
func TestProgress(t *testing.T) {
	newSite(t)
	play(t, []step{{"app add --app-id a_b_1" + onC, "", 0, "AppID …", ""}}) // it makes the store
	write(t, "audit.jsonl", "")
	for args, want := range map[string]string{
		"doctor" + onC:                                                       "checking",
		"config check --deep" + onC:                                          "checking",
		"support-bundle --out front.tar.gz" + onC:                            "gathering",
		"local backup copy.db" + onC:                                         "copying and checking ",
		"archive verify nosuch.zip":                                          "verifying nosuch.zip",
		"subject export 88 --out 88.json --why 17" + onC:                     "reading the store",
		"subject export 88 --out 89.json --why 17 --audit audit.jsonl" + onC: "reading audit.jsonl",
	} {
		if got := onTerminal(t, args); !strings.Contains(got, "\r"+want) {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
		var file bytes.Buffer
		e := &env{in: strings.NewReader(""), out: io.Discard, err: &file, lang: "en"}
		if e.run(t.Context(), strings.Fields(args)); strings.Contains(file.String(), want+" ") {
			t.Errorf("%s, without a terminal: %q", args, file.String())
		}
	}
}

// TestWaiting: what is over before it is shown leaves nothing, and end may be called twice.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		e := &env{err: new(bytes.Buffer), quick: time.Second}
		for _, takes := range []time.Duration{0, time.Minute} {
			end := e.waiting("work")
			time.Sleep(takes)
			end()
			end()
		}
	})
}
