package auth

import (
	"crypto/cipher"
	"errors"
	"sync"
	"testing"
	"time"
)

const newerCode = "K7Q2ZP0XW9RT4VMB"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newRegistryAt(t testing.TB) (*Registry, *table, *MasterKey, *clock) {
	t.Helper()
	master, source, c := mustMaster(t), &table{}, &clock{now: noon}
	r, err := NewRegistryAt(source, master, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r, source, master, c
}

// rotated is an AppID whose code is newerCode, and was vectorCode.
func rotated(t testing.TB, master *MasterKey, until time.Time) App {
	t.Helper()
	row := app(t, master, appID, newerCode, true)
	sealed, err := master.SealPrevious(appID, mustCode(t, vectorCode), until)
	if err != nil {
		t.Fatal(err)
	}
	row.Previous, row.Changed = Predecessor{Sealed: sealed, Until: until}, noon
	return row
}

func respond(t testing.TB, c Cipher, code string, ch *Challenge) *[ChallengeLen]byte {
	t.Helper()
	answer, err := c.Respond(mustCode(t, code), ch)
	if err != nil {
		t.Fatal(err)
	}
	return &answer
}

func TestBothCodesDuringAnOverlap(t *testing.T) {
	r, source, master, clock := newRegistryAt(t)
	until := noon.Add(time.Hour)
	source.set(rotated(t, master, until))
	mustRefresh(t, r, true)
	ch, _ := vector(t)
	check := func(when, code string, want Result) {
		t.Helper()
		if got := r.Verify([]byte(appID), ch, respond(t, AES, code, ch)); got != want {
			t.Errorf("%s, %s: %+v, want %+v", when, code, got, want)
		}
	}
	before, after, wrong := Result{Verdict: OK, Type: AppDirect, Slot: Previous}, Result{Verdict: OK, Type: AppDirect}, Result{Verdict: WrongAnswer}
	check("in the overlap", vectorCode, before)
	check("in the overlap", newerCode, after)
	check("in the overlap", "AAAAAAAABBBBBBBB", wrong)
	clock.advance(time.Hour - time.Microsecond)
	check("its last microsecond", vectorCode, before)
	clock.advance(time.Microsecond)
	check("at its end, before any refresh", vectorCode, wrong)
	check("at its end", newerCode, after)
}

// TestExpiredCodesLeaveMemory: also while the source is away.
func TestExpiredCodesLeaveMemory(t *testing.T) {
	r, source, master, clock := newRegistryAt(t)
	source.set(rotated(t, master, noon.Add(time.Hour)))
	mustRefresh(t, r, true)
	inMemory := func() bool {
		app, _ := r.snapshot().apps.Get(string(appID))
		return !sameKey(app.codes[Previous].block, r.dummies[AES])
	}
	source.genErr = errors.New("database is away")
	clock.advance(time.Hour - 1)
	_, _ = r.Refresh(t.Context())
	if !inMemory() {
		t.Error("dropped before its time")
	}
	clock.advance(1)
	if _, err := r.Refresh(t.Context()); err == nil || inMemory() {
		t.Errorf("%v; the expired code is still there: %t", err, inMemory())
	}
	source.genErr = nil
	source.set(rotated(t, master, noon.Add(time.Hour)))
	mustRefresh(t, r, true)
	if inMemory() {
		t.Error("an expired code was opened again")
	}
}

// TestASealedCodeKeepsItsPlace: an attacker who can write the database can move no code to another
// slot, another AppID or another end.
func TestASealedCodeKeepsItsPlace(t *testing.T) {
	master, until := mustMaster(t), noon.Add(time.Hour)
	code := mustCode(t, vectorCode)
	current := mustSeal(t, master, appID, code)
	previous, err := master.SealPrevious(appID, code, until)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := master.OpenPrevious(appID, previous, until.In(time.FixedZone("", 8*3600))); err != nil || got.Reveal() != vectorCode {
		t.Errorf("it does not open in its place: %v", err)
	}
	for name, open := range map[string]func() (AuthCode, error){
		"previous as current":      func() (AuthCode, error) { return master.Open(appID, previous) },
		"current as previous":      func() (AuthCode, error) { return master.OpenPrevious(appID, current, until) },
		"a microsecond longer":     func() (AuthCode, error) { return master.OpenPrevious(appID, previous, until.Add(time.Microsecond)) },
		"of another AppID":         func() (AuthCode, error) { return master.OpenPrevious("client_xsb_1.1", previous, until) },
		"under another master key": func() (AuthCode, error) { return mustMaster(t).OpenPrevious(appID, previous, until) },
	} {
		if _, err := open(); !errors.Is(err, ErrNotSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A terminal with the current code is let in although the previous code does not open.
func TestUnreadablePreviousCode(t *testing.T) {
	r, source, master, _ := newRegistryAt(t)
	row := rotated(t, master, noon.Add(time.Hour))
	row.Previous.Until = row.Previous.Until.Add(time.Hour)
	source.set(row)
	if changed, err := r.Refresh(t.Context()); !changed || !errors.Is(err, ErrNotSealed) || r.Unreadable() != 1 {
		t.Errorf("changed %t, %v, %d unreadable", changed, err, r.Unreadable())
	}
	ch, right := vector(t)
	if got := r.Verify([]byte(appID), ch, respond(t, AES, newerCode, ch)); got.Verdict != OK {
		t.Errorf("the current code: %v", got.Verdict)
	}
	if got := r.Verify([]byte(appID), ch, &right); got.Verdict != WrongAnswer {
		t.Errorf("the prolonged code: %v", got.Verdict)
	}
}

// counting notes the runs of a cipher.
type counting struct {
	cipher.Block
	runs *int
}

func (c counting) Encrypt(dst, src []byte) { *c.runs++; c.Block.Encrypt(dst, src) }

// TestVerifyDoesTheSameWork: by count, for every AppID and whichever code is right. With SM4
// in use, every slot is worth one run of each cipher.
func TestVerifyDoesTheSameWork(t *testing.T) {
	for _, mixed := range []bool{false, true} {
		r, source, master, _ := newRegistryAt(t)
		off := app(t, master, "client_off_1.0", vectorCode, false)
		rows := []App{rotated(t, master, noon.Add(time.Hour)), off, {AppID: "client_non_1.0", Enabled: true}}
		if mixed {
			national := app(t, master, "client_sm4_1.0", vectorCode, true)
			national.Cipher = SM4
			rows = append(rows, national)
		}
		var runs [2]int
		source.set(rows...)
		_, _ = r.Refresh(t.Context())
		s := r.snapshot()
		count := func(a *admitted) {
			for slot := range a.codes {
				c := &a.codes[slot]
				c.block = counting{c.block, &runs[c.cipher]}
				if c.pad != nil {
					c.pad = counting{c.pad, &runs[1-c.cipher]}
				}
			}
		}
		counted := make(map[string]admitted)
		for id, a := range s.apps.All() {
			count(&a)
			counted[id] = a
		}
		s.apps = s.apps.With(counted, nil)
		count(&s.unknown)
		ch, _ := vector(t)
		want := [2]int{AES: 16}
		if mixed {
			want[SM4] = 16
		}
		for _, id := range []string{string(appID), "client_off_1.0", "client_non_1.0", "client_new_1.0", "client_sm4_1.0", ""} {
			for _, code := range []string{vectorCode, newerCode, "AAAAAAAABBBBBBBB"} {
				runs = [2]int{}
				got := r.Verify([]byte(id), ch, respond(t, AES, code, ch))
				if runs != want {
					t.Errorf("SM4 in use %t, %q with %s (%v): %v runs, want %v", mixed, id, code, got.Verdict, runs, want)
				}
			}
		}
	}
}

// TestUsesFollowTheCode: when a code was last used is known also after it became the
// previous one, was sealed anew, or its AppID was changed.
func TestUsesFollowTheCode(t *testing.T) {
	r, source, master, clock := newRegistryAt(t)
	source.set(app(t, master, appID, vectorCode, true))
	mustRefresh(t, r, true)
	ch, right := vector(t)
	want := func(when string, current, previous time.Time) {
		t.Helper()
		uses := r.Uses()
		if len(uses) != 1 || uses[0].AppID != appID || !uses[0].Current.Equal(current) || !uses[0].Previous.Equal(previous) {
			t.Errorf("%s: %+v, want %v and %v", when, uses, current, previous)
		}
	}
	want("never used", time.Time{}, time.Time{})
	r.Verify([]byte(appID), ch, &right)
	want("used", noon, time.Time{})
	r.Verify([]byte(appID), ch, new([ChallengeLen]byte))
	want("a wrong answer is no use", noon, time.Time{})

	source.set(rotated(t, master, noon.Add(24*time.Hour)))
	mustRefresh(t, r, true)
	want("rotated", time.Time{}, noon)
	clock.advance(time.Minute)
	r.Verify([]byte(appID), ch, respond(t, AES, newerCode, ch))
	want("changed over", noon.Add(time.Minute), noon)
	clock.advance(time.Minute)
	r.Verify([]byte(appID), ch, &right)
	want("an old terminal", noon.Add(time.Minute), noon.Add(2*time.Minute))

	source.set(app(t, master, appID, newerCode, true))
	mustRefresh(t, r, true)
	want("finished", noon.Add(time.Minute), time.Time{})
}

// TestLastKnownCodesStayInForce: a front without the new master key goes on with what it
// knows, but only while no operator has changed the AppID.
func TestLastKnownCodesStayInForce(t *testing.T) {
	r, source, master, _ := newRegistryAt(t)
	until := noon.Add(time.Hour)
	row := rotated(t, master, until)
	source.set(row)
	mustRefresh(t, r, true)
	ch, right := vector(t)
	verdicts := func(when string, want Verdict) {
		t.Helper()
		for _, answer := range []*[ChallengeLen]byte{&right, respond(t, AES, newerCode, ch)} {
			if got := r.Verify([]byte(appID), ch, answer); got.Verdict != want {
				t.Errorf("%s: %v, want %v", when, got.Verdict, want)
			}
		}
	}
	next := mustMaster(t)
	source.set(rotated(t, next, until)) // the same codes and the same Changed
	if changed, err := r.Refresh(t.Context()); !changed || !errors.Is(err, ErrNotSealed) || r.Unreadable() != 1 {
		t.Errorf("changed %t, %v", changed, err)
	}
	verdicts("sealed anew", OK)
	source.set(rotated(t, next, until)) // and once more
	_, _ = r.Refresh(t.Context())
	verdicts("sealed anew twice", OK)

	changed := rotated(t, next, until)
	changed.Changed = noon.Add(time.Second)
	source.set(changed)
	_, _ = r.Refresh(t.Context())
	verdicts("changed", UnreadableApp)

	r.Replace(next)
	mustRefresh(t, r, true) // although the generation is the same
	verdicts("the new key is here", OK)
}

func TestSlotWords(t *testing.T) {
	for s, want := range []string{"current", "previous", "invalid"} {
		if got := Slot(s).String(); got != want {
			t.Errorf("slot %d is %q, want %q", s, got, want)
		}
	}
}

// A code that was wiped is nowhere in its memory, and the copy that was parsed from stays.
func TestWipe(t *testing.T) {
	code := mustCode(t, vectorCode)
	again := code
	code.Wipe()
	if again.Reveal() == vectorCode || *again.code != [AuthCodeLen]byte{} {
		t.Error("the code is still there")
	}
	AuthCode{}.Wipe()
}
