package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/test/await"
)

const newCode = "K7Q2ZP0XW9RT4VMB"

// TestRotateBesideAFront: the vendor's terminals come in with either code during the
// overlap, the operator sees who uses which, and ends it.
func TestRotateBesideAFront(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"auth:\n  refresh: 100ms\n")
	write(t, "old", givenCode)
	write(t, "new", newCode)
	play(t, []step{{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""}})
	front := serve(t)
	defer front.stop()
	come := func(code string) int {
		return tradefront("", "ping", "--address", front.address, "--app-id", "a_b_1", "--authcode-file", code).status
	}
	if come("old") != exitDone || come("new") == exitDone {
		t.Error("before the rotation")
	}
	const rotated = "AppID     a_b_1\nauthcode  " + newCode + "\n\nThe authcode is not shown again…\n" +
		"The one before stays valid until 20…; end that with --finish once `tradefront app list`\nshows that no terminal uses it any more."
	play(t, []step{{"app rotate --app-id a_b_1 --authcode " + newCode + onC, "", 0, rotated, ""}})
	until(t, "the new code is admitted", func() bool { return come("new") == exitDone })
	if come("old") != exitDone {
		t.Error("the code before was refused in its overlap")
	}

	var apps []shownAppJSON
	got := tradefront("", "app", "list", "-c", "tradefront.yaml", "-o", "json", "--front", front.admin)
	if err := json.Unmarshal([]byte(got.out), &apps); err != nil || len(apps) != 1 {
		t.Fatalf("%+v: %v", got, err)
	}
	a := apps[0]
	if a.PreviousUntil == nil || time.Until(*a.PreviousUntil).Round(time.Hour) != 7*24*time.Hour {
		t.Errorf("previous until %v", a.PreviousUntil)
	}
	if a.CurrentUsed == nil || a.PreviousUsed == nil {
		t.Errorf("used %v and %v", a.CurrentUsed, a.PreviousUsed)
	}
	for _, want := range []string{
		`tradefront_authentications_by_code_total{code="current"} 2`, `tradefront_authentications_by_code_total{code="previous"} 1`,
	} {
		if page := get(t, "http://"+front.admin+"/metrics"); !strings.Contains(page, want+"\n") {
			t.Errorf("%s is not in the metrics", want)
		}
	}

	play(t, []step{
		{"app rotate --finish --app-id a_b_1" + onC, "", 0, "AppID a_b_1: the previous authcode stops working within seconds", ""},
		{"app rotate --finish --app-id a_b_1" + onC, "", 0, "AppID a_b_1 has one authcode only; there is nothing to end", ""},
	})
	until(t, "the code before is refused", func() bool { return come("old") != exitDone })
	if come("new") != exitDone {
		t.Error("the current code was refused after the overlap")
	}
	if log := read(t, "audit.jsonl"); !strings.Contains(log, `"authcode":"previous"`) || strings.Contains(log, newCode) {
		t.Errorf("audit log:\n%s", log)
	}
}

// until polls what follows within seconds of a command, seldom: refused terminals are penalised.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	await.Every(t, 200*time.Millisecond, what, so)
}

func TestRotateAnswers(t *testing.T) {
	newSite(t)
	const (
		rotate  = "app rotate --app-id a_b_1" + onC
		printed = "AppID     a_b_1\nauthcode  …\n\nThe authcode is not shown again: give it to the vendor by a safe way.\n"
	)
	play(t, []step{
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{rotate + " --overlap 0", "", 0, printed + "The one before stops working within seconds.", ""},
		{rotate + " --overlap 24h --cipher sm4", "", 0, printed + "The one before stays valid until …any more.", ""},
		{rotate + " --authcode " + newCode, "", 0, printed + "The one before stays …any more.\nThe one before that, which was valid until …, stops working within seconds.", ""},
		{"app list" + onC, "", 0, "APPID…\na_b_1  direct  sm4     true     no     20…  -             20…  -", ""},
		{rotate + " --authcode " + newCode, "", 1, "", "tradefront: this is the current authcode already"},
		{rotate + " --overlap 0 --authcode " + newCode, "", 0, printed + "The one before stops working within seconds.\nThe one before that, …", ""},
		{rotate + " --overlap -1h", "", 1, "", "tradefront: --overlap: want 0 to 2160h0m0s"},
		{rotate + " --overlap 2161h", "", 1, "", "tradefront: --overlap: want 0 to 2160h0m0s"},
		{rotate + " --finish --overlap 1h", "", 2, "", "tradefront: …[finish overlap]…"},
		{"app rotate --finish --app-id a_b_9" + onC, "", 1, "", "tradefront: there is no AppID a_b_9…"},
		{"app list --front 127.0.0.1" + onC, "", 1, "", "tradefront: --front 127.0.0.1: want host:port of an admin listener"},
		{"app list --front 127.0.0.1:1" + onC, "", 1, "", "tradefront: --front 127.0.0.1:1: …connection refused"},
	})
	if db := read(t, "tradefront.db"); strings.Contains(db, givenCode) || strings.Contains(db, newCode) {
		t.Error("the store holds an authcode in clear")
	}
	// Another master key: what is there cannot stay valid beside a new code, and can be replaced.
	if err := removeAndCreateKey(); err != nil {
		t.Fatal(err)
	}
	play(t, []step{
		{rotate, "", 1, "", "tradefront: the current authcode cannot stay valid beside the new one: …; restore the right master key, or replace it at once with --overlap 0"},
		{rotate + " --overlap 0", "", 0, printed + "The one before stops working within seconds.", ""},
	})
}

func removeAndCreateKey() error {
	return errors.Join(os.Remove("master.key"), auth.CreateMasterKey("master.key"))
}

// get is a page of the admin listener.
func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
