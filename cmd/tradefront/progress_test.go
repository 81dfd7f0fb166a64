package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/show"
)

// onTerminal runs a command whose standard error is a terminal, with the progress of the shortest work, and returns what the terminal got.
func onTerminal(t *testing.T, lang show.Language, args string) string {
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
	e := &command.Env{In: strings.NewReader(""), Out: io.Discard, Err: terminal, Lang: lang}
	e.Run(t.Context(), newRoot, strings.Fields(args))
	if err := terminal.Close(); err != nil {
		t.Error(err)
	}
	return <-got
}

// progressOf has commands, and how their progress begins in both languages.
var progressOf = []struct{ args, en, zh string }{
	{"doctor" + onC, "checking", "正在检查"},
	{"config check --deep" + onC, "checking", "正在检查"},
	{"support-bundle --out front.tar.gz" + onC, "gathering", "正在收集"},
	{"local backup copy.db" + onC, "copying and checking tradefront.db", "正在复制并检查 tradefront.db"},
	{"archive verify nosuch.zip", "verifying nosuch.zip", "正在核验 nosuch.zip"},
	{"subject export 88 --out 88.json --why 17" + onC, "reading the store", "正在读取存储"},
	{"subject export 88 --out 89.json --why 17 --audit audit.jsonl" + onC, "reading audit.jsonl", "正在读取 audit.jsonl"},
	{"account import accounts.csv" + onC, "hashing", "正在计算散列"},
	{"report export --day 20260105 --out reports" + onC, "exporting 20260105", "正在导出 20260105"},
}

// progressSite is a site in which each of progressOf has something to do.
func progressSite(t *testing.T) {
	t.Helper()
	newSite(t)
	play(t, []step{{"app add --app-id a_b_1" + onC, "", 0, "AppID …", ""}}) // it makes the store
	write(t, "audit.jsonl", "")
	write(t, "accounts.csv", "account,password\n8001,correct-horse-1\n")
	if err := os.Mkdir("reports", 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestProgress: each command whose work may take long shows it on a terminal, and nothing elsewhere.
func TestProgress(t *testing.T) {
	progressSite(t)
	for _, c := range progressOf {
		if got := onTerminal(t, show.English, c.args); !strings.Contains(got, "\r"+c.en+" ") {
			t.Errorf("%s: %q, want %q", c.args, got, c.en)
		}
		var file bytes.Buffer
		e := &command.Env{In: strings.NewReader(""), Out: io.Discard, Err: &file, Lang: "en"}
		if e.Run(t.Context(), newRoot, strings.Fields(c.args)); strings.Contains(file.String(), c.en+" ") {
			t.Errorf("%s, without a terminal: %q", c.args, file.String())
		}
	}
}

var (
	// barLine is a line of progress: it begins with the return of the cursor and ends before the next, or with its line.
	barLine = regexp.MustCompile("\r([^\r\n]+)")
	// bareValue is a name, a path or a time, which is the same in each language.
	bareValue  = regexp.MustCompile(`\S+\.(db|zip|jsonl)|\d+(\.\d+)?[mµ]?s\b|/s\b`)
	latinWords = regexp.MustCompile(`[A-Za-z]+`)
)

// TestProgressInChinese: who reads Chinese gets no English word in a line of progress.
func TestProgressInChinese(t *testing.T) {
	progressSite(t)
	for _, c := range progressOf {
		got := onTerminal(t, show.Chinese, c.args)
		if !strings.Contains(got, "\r"+c.zh+" ") {
			t.Errorf("%s: %q, want %q", c.args, got, c.zh)
		}
		for _, line := range barLine.FindAllStringSubmatch(got, -1) {
			if words := latinWords.FindAllString(bareValue.ReplaceAllString(line[1], ""), -1); words != nil {
				t.Errorf("%s: %q has %q", c.args, line[1], words)
			}
		}
	}
}
