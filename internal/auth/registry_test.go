package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/regulation"
)

// table is a Source in memory.
type table struct {
	mu         sync.Mutex
	generation int64
	apps       []App
	reads      int
	err        error // of Apps
	genErr     error
	since      func(generation int64) (changed []App, gone []regulation.AppID) // nil: it cannot tell
	onRead     func(*table)                                                    // runs while Apps reads, mu held
}

func (s *table) Generation(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation, s.genErr
}

func (s *table) Apps(context.Context) ([]App, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	apps := append([]App(nil), s.apps...)
	if s.onRead != nil {
		s.onRead(s)
	}
	return apps, s.err
}

func (s *table) AppsSince(_ context.Context, generation int64) (changed []App, gone []regulation.AppID, known bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since == nil {
		return nil, nil, false, s.err
	}
	changed, gone = s.since(generation)
	return changed, gone, true, s.err
}

func (s *table) set(apps ...App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.apps = apps
}

func app(t testing.TB, master *MasterKey, id regulation.AppID, code string, enabled bool) App {
	t.Helper()
	return App{AppID: id, Type: AppDirect, Sealed: mustSeal(t, master, id, mustCode(t, code)), Enabled: enabled}
}

func newTestRegistry(t testing.TB) (*Registry, *table, *MasterKey) {
	t.Helper()
	master, source := mustMaster(t), &table{}
	r, err := NewRegistry(source, master)
	if err != nil {
		t.Fatal(err)
	}
	return r, source, master
}

func mustRefresh(t testing.TB, r *Registry, want bool) {
	t.Helper()
	if changed, err := r.Refresh(t.Context()); err != nil || changed != want {
		t.Fatalf("refresh: changed %v, %v; want %v", changed, err, want)
	}
}

func TestVerify(t *testing.T) {
	r, source, master := newTestRegistry(t)
	ch, right := vector(t)
	wrong := right
	wrong[ChallengeLen-1] ^= 1
	otherChallenge := *ch
	otherChallenge[0] ^= 1

	check := func(name, id string, ch *Challenge, answer *[ChallengeLen]byte, want Verdict) {
		t.Helper()
		result := r.Verify([]byte(id), ch, answer)
		got, appType := result.Verdict, result.Type
		wantType := AppType(0)
		if want == OK {
			wantType = AppDirect
		}
		if got != want || appType != wantType {
			t.Errorf("%s: %v, type %q; want %v, %q", name, got, byte(appType), want, byte(wantType))
		}
	}
	check("before the first refresh", string(appID), ch, &right, UnknownApp)
	source.set(app(t, master, appID, vectorCode, true),
		app(t, master, "client_off_1.0", vectorCode, false),
		app(t, master, "client_two_1.0", "AAAAAAAABBBBBBBB", true))
	mustRefresh(t, r, true)

	check("right", string(appID), ch, &right, OK)
	check("last bit wrong", string(appID), ch, &wrong, WrongAnswer)
	check("answer to another challenge", string(appID), &otherChallenge, &right, WrongAnswer)
	check("the challenge itself", string(appID), ch, (*[ChallengeLen]byte)(ch), WrongAnswer)
	check("zeros", string(appID), ch, new([ChallengeLen]byte), WrongAnswer)
	check("another app's authcode", "client_two_1.0", ch, &right, WrongAnswer)
	check("disabled, right", "client_off_1.0", ch, &right, DisabledApp)
	check("disabled, wrong", "client_off_1.0", ch, &wrong, DisabledApp)
	check("unknown", "client_new_1.0", ch, &right, UnknownApp)
	check("other case", "Client_xsb_1.0", ch, &right, UnknownApp)
	check("empty", "", ch, &right, UnknownApp)
}

// TestRightBlocks: how far a wrong answer is right tells a mistake in its making from a wrong authcode. Of an AppID that is not
// admitted nothing is told.
func TestRightBlocks(t *testing.T) {
	r, source, master := newTestRegistry(t)
	source.set(app(t, master, appID, vectorCode, true), app(t, master, "client_off_1.0", vectorCode, false))
	mustRefresh(t, r, true)
	ch, right := vector(t)
	block, err := aes.NewCipher([]byte(vectorCode))
	if err != nil {
		t.Fatal(err)
	}
	var chained [ChallengeLen]byte
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(chained[:], ch[:])
	cut := right // as of a C string that ends in the fourth block
	copy(cut[3*aes.BlockSize:], make([]byte, ChallengeLen))
	lastWrong, firstWrong := right, right
	lastWrong[ChallengeLen-1] ^= 1
	firstWrong[0] ^= 1
	for name, c := range map[string]struct {
		id     string
		answer [ChallengeLen]byte
		want   Result
	}{
		"CBC":                 {string(appID), chained, Result{Verdict: WrongAnswer, RightBlocks: 1}},
		"cut":                 {string(appID), cut, Result{Verdict: WrongAnswer, RightBlocks: 3}},
		"the last bit":        {string(appID), lastWrong, Result{Verdict: WrongAnswer, RightBlocks: Blocks - 1}},
		"the first bit":       {string(appID), firstWrong, Result{Verdict: WrongAnswer}},
		"not encrypted":       {string(appID), *ch, Result{Verdict: WrongAnswer}},
		"right":               {string(appID), right, Result{Verdict: OK, Type: AppDirect}},
		"of a disabled AppID": {"client_off_1.0", cut, Result{Verdict: DisabledApp}},
		"of no AppID":         {"client_new_1.0", cut, Result{Verdict: UnknownApp}},
	} {
		if got := r.Verify([]byte(c.id), ch, &c.answer); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What is done for an AppID that is not admitted must not be predictable: an answer
// made with any fixed key may not come out right, or timing would show the branch.
func TestVerifyDummyIsRandom(t *testing.T) {
	a, _, _ := newTestRegistry(t)
	b, _, _ := newTestRegistry(t)
	var ch Challenge
	var x, y [ChallengeLen]byte
	encryptBlocks(a.dummies[AES], &x, &ch)
	encryptBlocks(b.dummies[AES], &y, &ch)
	if x == y {
		t.Fatal("two registries have one dummy key")
	}
}

func TestVerifyLeavesNoExpectedAnswer(t *testing.T) {
	r, source, master := newTestRegistry(t)
	source.set(app(t, master, appID, vectorCode, true))
	mustRefresh(t, r, true)
	var scratch *[ChallengeLen]byte
	r.scratch.New = func() any { scratch = new([ChallengeLen]byte); return scratch }
	ch, _ := vector(t)
	if got := r.Verify([]byte(appID), ch, new([ChallengeLen]byte)).Verdict; got != WrongAnswer {
		t.Fatal(got)
	}
	if scratch == nil || *scratch != [ChallengeLen]byte{} {
		t.Fatal("the expected answer is still in the scratch")
	}
}

func TestRefresh(t *testing.T) {
	r, source, master := newTestRegistry(t)
	if r.Loaded() || r.Len() != 0 {
		t.Error("loaded before the first refresh")
	}
	mustRefresh(t, r, true) // an empty registry is a state too
	if !r.Loaded() || r.Len() != 0 {
		t.Error("not loaded after the first refresh")
	}
	mustRefresh(t, r, false)
	if source.reads != 1 {
		t.Errorf("%d reads: a refresh without a change reads the rows", source.reads)
	}
	ch, right := vector(t)
	source.set(app(t, master, appID, vectorCode, true))
	mustRefresh(t, r, true)
	if got := r.Verify([]byte(appID), ch, &right).Verdict; got != OK || r.Len() != 1 {
		t.Errorf("added: %v", got)
	}
	source.set(app(t, master, appID, "AAAAAAAABBBBBBBB", true))
	mustRefresh(t, r, true)
	if got := r.Verify([]byte(appID), ch, &right).Verdict; got != WrongAnswer {
		t.Errorf("rotated: %v", got)
	}
	source.set()
	mustRefresh(t, r, true)
	if got := r.Verify([]byte(appID), ch, &right).Verdict; got != UnknownApp {
		t.Errorf("removed: %v", got)
	}
}

func TestRefreshKeepsTheOldSnapshotWhenTheSourceFails(t *testing.T) {
	r, source, master := newTestRegistry(t)
	source.set(app(t, master, appID, vectorCode, true))
	mustRefresh(t, r, true)
	ch, right := vector(t)
	down := errors.New("database is away")
	for name, fail := range map[string]func(){
		"generation": func() { source.genErr, source.err = down, nil },
		"apps":       func() { source.genErr, source.err = nil, down },
	} {
		source.set()
		fail()
		if changed, err := r.Refresh(t.Context()); changed || !errors.Is(err, down) {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
		if got := r.Verify([]byte(appID), ch, &right).Verdict; got != OK {
			t.Errorf("%s: %v", name, got)
		}
	}
	source.genErr, source.err = nil, nil
	mustRefresh(t, r, true) // what changed meanwhile is not missed
	if got := r.Verify([]byte(appID), ch, &right).Verdict; got != UnknownApp {
		t.Errorf("after the failure: %v", got)
	}
}

// A change between the reading of the generation and of the rows is seen by the next Refresh.
func TestRefreshMissesNoChange(t *testing.T) {
	r, source, master := newTestRegistry(t)
	late := app(t, master, appID, vectorCode, true)
	source.onRead = func(s *table) {
		s.generation++
		s.apps = []App{late}
		s.onRead = nil
	}
	mustRefresh(t, r, true)
	mustRefresh(t, r, true)
	if r.Len() != 1 {
		t.Fatal("the change was missed")
	}
}

func TestRefreshLeavesBadRowsOut(t *testing.T) {
	r, source, master := newTestRegistry(t)
	stranger := mustMaster(t)
	good := app(t, master, appID, vectorCode, true)
	moved := good
	moved.AppID = "client_mov_1.0" // sealed for another AppID
	source.set(moved, app(t, stranger, "client_str_1.0", vectorCode, true), good,
		App{AppID: "client_non_1.0", Enabled: true}, App{AppID: "no AppID"},
		app(t, master, appID, "AAAAAAAABBBBBBBB", true))
	changed, err := r.Refresh(t.Context())
	if !changed || err == nil {
		t.Fatalf("changed %v, %v", changed, err)
	}
	var ids []regulation.AppID
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var row *RowError
		if !errors.As(e, &row) {
			t.Fatalf("%v is no *RowError", e)
		}
		ids = append(ids, row.AppID)
	}
	want := []regulation.AppID{"client_mov_1.0", "client_str_1.0", "client_non_1.0", "no AppID", appID}
	if len(ids) != len(want) {
		t.Fatalf("reported %q, want %q", ids, want)
	}
	for i := range want {
		if ids[i] != want[i] {
			t.Errorf("reported %q, want %q", ids[i], want[i])
		}
	}
	ch, right := vector(t)
	if got := r.Verify([]byte(appID), ch, &right).Verdict; got != OK || r.Len() != 1 {
		t.Errorf("the good row: %v", got)
	}
	if got := r.Verify([]byte("client_str_1.0"), ch, &right).Verdict; got != UnreadableApp || r.Unreadable() != 4 {
		t.Errorf("a row of another master key: %v, %d unreadable", got, r.Unreadable())
	}
	mustRefresh(t, r, false)
}

// Readers always see a whole registry while it changes under them.
func TestVerifyDuringRefresh(t *testing.T) {
	r, source, master := newTestRegistry(t)
	on, off := app(t, master, appID, vectorCode, true), app(t, master, appID, vectorCode, false)
	source.set(on)
	mustRefresh(t, r, true)
	ch, right := vector(t)
	ctx, done := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if got := r.Verify([]byte(appID), ch, &right).Verdict; got != OK && got != DisabledApp {
					t.Errorf("saw %v", got)
					return
				}
			}
		})
	}
	for i := range 200 {
		source.set([]App{on, off}[i%2])
		mustRefresh(t, r, true)
	}
	done()
	readers.Wait()
}

func TestVerdictWords(t *testing.T) {
	for v, want := range []string{"ok", "unknown_app", "disabled_app", "wrong_answer", "unreadable_app", "app_network", "app_account", "account_confined", "invalid"} {
		if got := Verdict(v).String(); got != want {
			t.Errorf("verdict %d is %q, want %q", v, got, want)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	r, source, master := newTestRegistry(b)
	source.set(app(b, master, appID, vectorCode, true))
	mustRefresh(b, r, true)
	ch, right := vector(b)
	for _, tt := range []struct {
		name string
		id   []byte
	}{{"admitted", []byte(appID)}, {"unknown", []byte("client_new_1.0")}} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Verify(tt.id, ch, &right)
			}
		})
	}
}
