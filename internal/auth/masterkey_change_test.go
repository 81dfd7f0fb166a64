package auth

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// firm is several fronts with a file each and one database: what a change of the master
// key goes through.
type firm struct {
	t      *testing.T
	source *table
	fronts []*oneFront
	codes  map[regulation.AppID][]string // that must be admitted: the current one, and the one before
	clock  *clock
}

type oneFront struct {
	path     string
	registry *Registry // that runs since the start
}

func newFirm(t *testing.T, fronts int) *firm {
	t.Helper()
	f := &firm{t: t, source: &table{}, codes: make(map[regulation.AppID][]string), clock: &clock{now: noon}}
	for range fronts {
		f.fronts = append(f.fronts, &oneFront{path: filepath.Join(t.TempDir(), "master.key")})
	}
	if err := CreateMasterKey(f.fronts[0].path); err != nil {
		t.Fatal(err)
	}
	for _, front := range f.fronts[1:] {
		f.copyFile(front)
	}
	for _, front := range f.fronts {
		front.registry = f.start(front)
	}
	return f
}

func (f *firm) copyFile(to *oneFront) {
	f.t.Helper()
	text, err := os.ReadFile(f.fronts[0].path)
	if err == nil {
		err = os.WriteFile(to.path, text, 0o600)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *firm) key(front *oneFront) *MasterKey {
	f.t.Helper()
	master, err := LoadMasterKey(front.path)
	if err != nil {
		f.t.Fatal(err)
	}
	return master
}

// start is a front that is started now: it knows the file and the database, no more.
func (f *firm) start(front *oneFront) *Registry {
	f.t.Helper()
	r, err := NewRegistryAt(f.source, f.key(front), f.clock.Now)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// rotateApp does what `app add` and `app rotate` do, on that front's machine.
func (f *firm) rotateApp(on *oneFront, id regulation.AppID) {
	f.t.Helper()
	code, err := NewAuthCode(rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	rows, _ := f.source.Apps(f.t.Context())
	master, until := f.key(on).For(rows), time.Time{}
	at := len(rows)
	for i := range rows {
		if rows[i].AppID == id {
			at, until = i, noon.Add(24*time.Hour)
		}
	}
	if at == len(rows) {
		rows = append(rows, App{AppID: id, Type: AppDirect, Enabled: true})
	}
	if err := master.Rotate(&rows[at], code, AES, until); err != nil {
		f.t.Fatalf("%s: %v", id, err)
	}
	f.clock.advance(time.Second)
	rows[at].Changed = f.clock.Now()
	f.source.set(rows...)
	before := f.codes[id]
	f.codes[id] = append([]string{code.Reveal()}, before[:min(len(before), 1)]...)
}

// reseal is step 2 on that machine; crashAfter ends it before it commits.
func (f *firm) reseal(on *oneFront, crashAfter int) {
	f.t.Helper()
	master := f.key(on)
	rows, _ := f.source.Apps(f.t.Context())
	for i := range rows {
		if i == crashAfter {
			return // the transaction is rolled back
		}
		if err := master.Reseal(&rows[i], f.clock.Now()); err != nil {
			f.t.Fatal(err)
		}
	}
	f.source.set(rows...)
}

// check: every front admits every code, those that run since the start, those that have
// reloaded and those that are started now. And a code that is changed on any machine is
// admitted by all.
func (f *firm) check(state string) {
	f.t.Helper()
	for _, on := range f.fronts {
		f.rotateApp(on, "client_two_1.0")
	}
	var ch Challenge
	for i, front := range f.fronts {
		for how, r := range map[string]*Registry{"running": front.registry, "started anew": f.start(front)} {
			if _, err := r.Refresh(f.t.Context()); err != nil {
				f.t.Errorf("%s, front %d %s: %v", state, i, how, err)
			}
			for id, codes := range f.codes {
				for slot, code := range codes {
					if got := r.Verify([]byte(id), &ch, respond(f.t, AES, code, &ch)); got.Verdict != OK || got.Slot != Slot(slot) {
						f.t.Errorf("%s, front %d %s, %s: %+v, want slot %d", state, i, how, id, got, slot)
					}
				}
			}
		}
	}
}

// TestMasterKeyChange: in no state of the change, after a crash at any point, is there a
// front that cannot open a code.
func TestMasterKeyChange(t *testing.T) {
	f := newFirm(t, 3)
	first := f.fronts[0]
	f.rotateApp(first, appID)
	f.rotateApp(first, appID) // has a previous code
	f.rotateApp(first, "client_two_1.0")
	f.check("before")
	old := f.key(first).Fingerprints()[0]

	for range 2 { // the second is a repetition after a crash
		if err := BeginMasterKey(first.path); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
	fingerprints := f.key(first).Fingerprints()
	if len(fingerprints) != 2 || fingerprints[1] != old || fingerprints[0] == old {
		t.Fatalf("fingerprints %v, the old one was %s", fingerprints, old)
	}
	f.check("begun on one machine")
	for i, front := range f.fronts[1:] {
		f.copyFile(front)
		f.check("copied to some")
		front.registry.Replace(f.key(front))
		f.check([]string{"reloaded on some", "reloaded on all"}[i])
	}
	first.registry.Replace(f.key(first))

	for rows := range 2 {
		f.reseal(first, rows)
		f.check("crashed while sealing anew")
	}
	f.reseal(first, -1)
	f.check("sealed anew")
	f.reseal(first, -1) // once more, as after a crash behind the commit
	f.check("sealed anew twice")

	rows, _ := f.source.Apps(t.Context())
	census := f.key(first).Census(rows, f.clock.Now())
	if census.Under[0] != 4 || census.Under[1] != 0 || census.Neither != nil {
		t.Errorf("census %+v, want all four codes under the new key", census)
	}
	for _, front := range f.fronts {
		for range 2 {
			if err := FinishMasterKey(front.path); err != nil {
				t.Fatal(err)
			}
		}
		f.check("finished on some, before the reload")
		front.registry.Replace(f.key(front))
		f.check("finished on some")
	}
	if got := f.key(first).Fingerprints(); len(got) != 1 || got[0] != fingerprints[0] {
		t.Errorf("at the end %v, want the new key, %s", got, fingerprints[0])
	}
}

// Reseal refuses what opens under neither key and leaves it as it was; it drops expired codes.
func TestResealRefusesStrangers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if err := CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	old, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	good := rotated(t, old, noon.Add(time.Hour))
	if err := old.Reseal(&good, noon); err == nil {
		t.Error("sealed anew with one key")
	}
	if err := BeginMasterKey(path); err != nil {
		t.Fatal(err)
	}
	both, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	stranger := app(t, mustMaster(t), "client_str_1.0", vectorCode, true)
	before := bytes.Clone(stranger.Sealed)
	var row *RowError
	if err := both.Reseal(&stranger, noon); !errors.Is(err, ErrNotSealed) || !errors.As(err, &row) || !bytes.Equal(stranger.Sealed, before) {
		t.Errorf("a stranger: %v", err)
	}
	prolonged := good
	prolonged.Previous.Until = noon.Add(2 * time.Hour)
	if err := both.Reseal(&prolonged, noon); !errors.Is(err, ErrNotSealed) || !bytes.Equal(prolonged.Sealed, good.Sealed) {
		t.Errorf("a previous code with another end: %v", err)
	}
	census := both.Census([]App{good, stranger}, noon)
	if census.Under[0] != 0 || census.Under[1] != 2 || !errors.As(census.Neither, &row) || row.AppID != stranger.AppID {
		t.Errorf("census %+v", census)
	}
	if err := both.Reseal(&good, noon.Add(time.Hour)); err != nil || good.Previous.Sealed != nil {
		t.Errorf("an expired code: %+v, %v", good.Previous, err)
	}
	if _, err := old.Open(good.AppID, good.Sealed); !errors.Is(err, ErrNotSealed) {
		t.Errorf("the old key still opens what was sealed anew: %v", err)
	}
}

// The file stays private, a link stays a link, and nothing else is left in the folder.
func TestMasterKeyFileIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "real.key"), filepath.Join(dir, "master.key")
	if err := errors.Join(CreateMasterKey(target), os.Symlink(target, link), os.Chmod(target, 0o400)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(string) error{BeginMasterKey, FinishMasterKey} {
		if err := step(link); err != nil {
			t.Fatal(err)
		}
		is, err := os.Lstat(link)
		file, err2 := os.Stat(target)
		if err != nil || err2 != nil || is.Mode()&fs.ModeSymlink == 0 || file.Mode() != 0o600 {
			t.Fatalf("link %v, file %v", is.Mode(), file.Mode())
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
	if err := os.Chmod(target, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(string) error{BeginMasterKey, FinishMasterKey} {
		if err := step(link); err == nil {
			t.Error("a file that others can read was changed as if it were good")
		}
	}
}
