package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFrontReload: who reloads a front is told what came of it, by the exit status too.
func TestFrontReload(t *testing.T) {
	front := frontWith(t, "connections: 100")
	defer front.stop()
	reload := func(more ...string) outcome {
		return tradefront("", append([]string{"front", "reload", "--pid", fmt.Sprint(os.Getpid()), "--front", front.admin, "-c", "tradefront.yaml"}, more...)...)
	}
	if got := reload(); got.status != exitDone || got.out != "the configuration was taken over\n" {
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
	write(t, "tradefront.yaml", strings.Replace(read(t, "tradefront.yaml"), "connections: 100", "connections: 90", 1))
	got := reload("-o", "json")
	var done reloadedJSON
	if err := json.Unmarshal([]byte(got.out), &done); err != nil || got.status != exitDone {
		t.Fatalf("reload with the key: %+v, %v", got, err)
	}
	if done.PID != os.Getpid() || done.Signal != "SIGHUP" || done.Upgrade || !done.Known || done.Before == "" || done.After == "" || done.Before == done.After {
		t.Errorf("%+v", done)
	}
	// Each has two rows: that it began, and what came of it.
	var list []shownActionJSON
	if err := json.Unmarshal([]byte(tradefront("", "actions", "list", "-c", "tradefront.yaml", "-o", "json").out), &list); err != nil || len(list) != 6 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []string{
		"", "done", "", "failed: the configuration has faults, nothing was taken over: keys[0]", "", "done",
	} {
		a, last := &list[i], list[i].Changes[len(list[i].Changes)-1]
		if a.Command != "front reload" || a.Subject != "front 1" || want != "" && !strings.HasPrefix(last.New, want) {
			t.Errorf("%d: %+v, want %q", i, a, want)
		}
	}
	write(t, "tradefront.yaml", strings.Replace(read(t, "tradefront.yaml"), "connections: 90", "connections: 90, pending_frames: 9", 1))
	if got := reload(); got.status != exitDone || !strings.Contains(got.out, "need a restart: limits.pending_frames\n") {
		t.Errorf("with a key that waits: %+v", got)
	}
	if hash := list[5].Changes[1]; hash.What != "config_hash" || hash.Old != done.Before || hash.New != done.After {
		t.Errorf("%+v", list[5])
	}
}
