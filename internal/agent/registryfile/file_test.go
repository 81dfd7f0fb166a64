package registryfile

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

func masterKey(t *testing.T) *auth.MasterKey {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := auth.CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	key, err := auth.LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var now = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// firm has terminal software, some of it withdrawn, and relays.
func firm(t *testing.T, key *auth.MasterKey) (apps []auth.App, codes map[regulation.AppID]auth.AuthCode) {
	t.Helper()
	codes = make(map[regulation.AppID]auth.AuthCode)
	for _, a := range []auth.App{
		{AppID: "a_one_1", Type: auth.AppDirect, Enabled: true},
		{AppID: "a_two_1", Type: auth.AppDirect, Enabled: true},
		{AppID: "a_off_1", Type: auth.AppDirect},
		{AppID: "r_own_1", Type: auth.AppInvestorRelay, Enabled: true},
		{AppID: "r_below_1", Type: auth.AppInvestorRelay, Enabled: true},
		{AppID: "r_other_1", Type: auth.AppOperatorRelay, Enabled: true},
	} {
		code, err := auth.NewAuthCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if a.Sealed, err = key.Seal(a.AppID, code); err != nil {
			t.Fatal(err)
		}
		codes[a.AppID] = code
		apps = append(apps, a)
	}
	return apps, codes
}

func names(apps []auth.App) string {
	var all []string
	for _, a := range apps {
		all = append(all, string(a.AppID))
	}
	return strings.Join(all, " ")
}

func TestExportIsWhatTheRelayMayAdmit(t *testing.T) {
	from, to := masterKey(t), masterKey(t)
	apps, _ := firm(t, from)
	for want, p := range map[string]relay.Permission{
		"a_one_1 a_two_1":   {AppID: "r_own_1"},
		"a_two_1":           {AppID: "r_own_1", AllowedApps: []regulation.AppID{"a_two_1", "a_off_1", "r_below_1"}},
		"a_two_1 r_below_1": {AppID: "r_own_1", Chained: true, AllowedApps: []regulation.AppID{"a_two_1", "r_below_1", "r_other_1", "r_own_1"}},
	} {
		c, err := Export(&p, 7, apps, from, to, now)
		if err != nil || names(c.Apps) != want {
			t.Errorf("exported %q, %v, want %q", names(c.Apps), err, want)
		}
	}
	if _, err := Export(&relay.Permission{AppID: "a_one_1"}, 7, apps, from, to, now); err == nil {
		t.Error("a terminal was taken for a relay")
	}
}

// TestSource: a registry admits by the file, takes over another, and keeps what it has while the file is none.
func TestSource(t *testing.T) {
	from, to := masterKey(t), masterKey(t)
	apps, codes := firm(t, from)
	path := filepath.Join(t.TempDir(), "registry")
	write := func(p relay.Permission, made time.Time) {
		t.Helper()
		c, err := Export(&p, 7, apps, from, to, made)
		if err == nil {
			err = Write(path, c, to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(relay.Permission{AppID: "r_own_1"}, now)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for id, code := range codes {
		if bytes.Contains(data, []byte(code.Reveal())) || bytes.Contains(data, []byte(id)) {
			t.Errorf("%s or its code is in clear", id)
		}
	}
	registry, err := auth.NewRegistry(NewSource(path, func() *auth.MasterKey { return to }), to)
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(id regulation.AppID) auth.Verdict {
		ch := new(auth.Challenge)
		_, _ = rand.Read(ch[:])
		answer, err := auth.Respond(codes[id], ch)
		if err != nil {
			t.Fatal(err)
		}
		return registry.Verify([]byte(id), ch, &answer).Verdict
	}
	refresh := func(wantChanged, wantErr bool) {
		t.Helper()
		if changed, err := registry.Refresh(context.Background()); changed != wantChanged || (err != nil) != wantErr {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
	refresh(true, false)
	refresh(false, false)
	if verdict("a_one_1") != auth.OK || verdict("a_off_1") != auth.UnknownApp || verdict("r_own_1") != auth.UnknownApp {
		t.Error("the file is not what the registry admits by")
	}
	write(relay.Permission{AppID: "r_own_1", AllowedApps: []regulation.AppID{"a_two_1"}}, now.Add(time.Minute))
	refresh(true, false)
	if verdict("a_one_1") != auth.UnknownApp || verdict("a_two_1") != auth.OK {
		t.Error("the file that replaced it was not taken over")
	}
	write(relay.Permission{AppID: "r_own_1"}, now) // an old one: a_one_1 was withdrawn since
	refresh(false, true)
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	refresh(false, true)
	if verdict("a_one_1") != auth.UnknownApp || verdict("a_two_1") != auth.OK {
		t.Error("a file that was refused changed what is admitted")
	}
}

func TestAnotherKeyDoesNotOpen(t *testing.T) {
	from, to := masterKey(t), masterKey(t)
	apps, _ := firm(t, from)
	c, err := Export(&relay.Permission{AppID: "r_own_1"}, 7, apps, from, to, now)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "registry")
	if err := Write(path, c, to); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, from); !errors.Is(err, auth.ErrTextNotSealed) {
		t.Errorf("another key: %v", err)
	}
	if got, err := Read(path, to); err != nil || got.Relay != "r_own_1" || got.Generation != 7 || !got.Made.Equal(now) {
		t.Errorf("read %+v, %v", got, err)
	}
}
