package registryfile

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/relay"
)

// TestOverlap: while the firm rotates an authcode the relay admits both, and after the overlap the file has the new one alone.
func TestOverlap(t *testing.T) {
	from, to := masterKey(t), masterKey(t)
	apps, codes := firm(t, from)
	before, err := auth.NewAuthCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour)
	sealed, err := from.SealPrevious(apps[0].AppID, before, until)
	if err != nil {
		t.Fatal(err)
	}
	apps[0].Previous = auth.Predecessor{Sealed: sealed, Until: until}
	for at, want := range map[time.Time]auth.Verdict{time.Now(): auth.OK, until.Add(time.Second): auth.WrongAnswer} {
		path := filepath.Join(t.TempDir(), "registry")
		c, err := Export(&relay.Permission{AppID: "r_own_1"}, 7, apps, from, to, at)
		if err == nil {
			err = Write(path, c, to)
		}
		if err != nil {
			t.Fatal(err)
		}
		source := NewSource(path, func() *auth.MasterKey { return to })
		registry, err := auth.NewRegistry(source, to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := registry.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		for code, want := range map[auth.AuthCode]auth.Verdict{codes[apps[0].AppID]: auth.OK, before: want} {
			ch := new(auth.Challenge)
			answer, err := auth.Respond(code, ch)
			if err != nil {
				t.Fatal(err)
			}
			if got := registry.Verify([]byte(apps[0].AppID), ch, &answer); got.Verdict != want {
				t.Errorf("exported at %v: %v, want %v", at, got.Verdict, want)
			}
		}
		if c := source.Content(); c.Relay != "r_own_1" || c.Apps != nil || !c.Made.Equal(at) {
			t.Errorf("content %+v", c)
		}
	}
}

// TestSourceRefuses: what is no file of this relay's, and says what to do.
func TestSourceRefuses(t *testing.T) {
	key := masterKey(t)
	apps, _ := firm(t, key)
	path := filepath.Join(t.TempDir(), "registry")
	s := NewSource(path, func() *auth.MasterKey { return key })
	ask := func(says string) {
		t.Helper()
		if _, err := s.Generation(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask("no such file")
	if _, err := s.Apps(t.Context()); err == nil || s.Content().Relay != "" {
		t.Error("AppIDs without a file")
	}
	put("AppIDs: none")
	ask("none of this version")
	put(header + "!")
	ask("damaged")
	put(header + "AAAA")
	ask("export it again with --master-key of this relay")
	for _, of := range []relay.Permission{{AppID: "r_own_1"}, {AppID: "r_below_1"}} {
		c, err := Export(&of, 7, apps, key, key, now)
		if err == nil {
			err = Write(path, c, key)
		}
		if err != nil {
			t.Fatal(err)
		}
		if of.AppID == "r_below_1" {
			ask("exported for relay r_below_1")
		} else if g, err := s.Generation(t.Context()); g != 1 || err != nil {
			t.Fatal(g, err)
		}
	}
	if s.Content().Relay != "r_own_1" {
		t.Errorf("in force: %+v", s.Content())
	}
	if err := Write(filepath.Join(path, "below", "a", "file"), &Content{}, key); err == nil {
		t.Error("a file was written below a file")
	}
}
