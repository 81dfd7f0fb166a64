package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestIndependentCore: a core and a terminal, each written in another language from its page alone, trade through the
// front; the core has the RecordID that the terminal was told.
func TestIndependentCore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(testmain.ShortDir(t), "core")
	core := &coreProcess{t: t}
	core.at.Listen = []string{"unix:" + path}
	s := linked(t, []*coreProcess{core}, "", "")
	cmd := exec.Command("python3", "../independent/core.py", "--listen", path, "--account", alice, "--password", password, "--trading-day", s.days(nil)[0])
	cmd.Stderr = &core.log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	said := new(syncBuffer)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(said, out)
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-drained
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("core.py: %v\n%s%s", err, said.String(), core.log.String())
		}
	})
	d := s.serveReady()
	const trades = 20
	answer, err := exec.Command("python3", "../independent/terminal.py", "--address", d.address, "--broker", "9999", "--app-id", appID,
		"--authcode", s.apps[0].AuthCode, "--account", alice, "--password", password, "--key-version", "1.0", "--trades", fmt.Sprint(trades), "--json").Output()
	if err != nil {
		t.Fatalf("terminal.py: %v\n%s", err, answer)
	}
	var got struct {
		RecordID, Notice string
		Trades           int `json:"trades"`
	}
	if err := json.Unmarshal(answer, &got); err != nil || got.Trades != trades || got.Notice != "来自独立核心" {
		t.Fatalf("%v: %s", err, answer)
	}
	await.True(t, "the core has the record and knows of the logout", func() bool {
		var opened, closed bool
		for lines := bufio.NewScanner(strings.NewReader(said.String())); lines.Scan(); {
			var line struct{ What, Record, Code string }
			if json.Unmarshal(lines.Bytes(), &line) == nil {
				opened = opened || line.What == "open" && line.Record == got.RecordID
				closed = closed || line.What == "close" && line.Code == "1"
			}
		}
		return opened && closed
	})
}
