package auth

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/testmain"
	"github.com/tradefront/tradefront/test/timing"
)

// calls is how many verifications one measurement takes together: one alone is not much
// longer than reading the clock.
const calls = 40

// verification is a stranger's wrong answer for an AppID.
func verification(name string, id regulation.AppID, verify func([]byte, *Challenge, *[ChallengeLen]byte) Result) timing.Kind {
	var ch Challenge
	var answer [ChallengeLen]byte
	_, _ = rand.Read(ch[:])
	_, _ = rand.Read(answer[:])
	appID := []byte(id)
	return timing.Kind{Name: name, Measure: func(round int) time.Duration {
		answer[round%ChallengeLen]++
		begin := time.Now()
		for range calls {
			verify(appID, &ch, &answer)
		}
		return time.Since(begin)
	}}
}

// TestReasonsTakeTheSameTime: a wrong answer for an AppID that is there, with either cipher
// or with two codes, for one that is disabled, unreadable or not there at all takes the same
// time. What is less than the effect, some tens of nanoseconds, no network shows.
func TestReasonsTakeTheSameTime(t *testing.T) {
	testmain.NotRaced(t)
	for name, withSM4 := range map[string]bool{"AES alone": false, "AES and SM4": true} {
		t.Run(name, func(t *testing.T) {
			r, source, master := newTestRegistry(t)
			const code = "DAGET0Q2VRCT1B0J"
			apps := []App{
				app(t, master, "v_known_1", code, true), app(t, master, "v_disabled_1", code, false),
				app(t, mustMaster(t), "v_unreadable_1", code, true),
			}
			twoCodes := app(t, master, "v_twocodes_1", code, true)
			if err := master.Rotate(&twoCodes, mustCode(t, "AAAABBBBCCCCDDDD"), AES, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			apps = append(apps, twoCodes)
			if withSM4 {
				national := app(t, master, "v_national_1", code, true)
				national.Cipher = SM4
				apps = append(apps, national)
			}
			source.set(apps...)
			if _, err := r.Refresh(t.Context()); err == nil {
				t.Fatal("the unreadable AppID can be read")
			}
			kinds := []timing.Kind{
				verification("wrong answer", "v_known_1", r.Verify), verification("disabled", "v_disabled_1", r.Verify),
				verification("unreadable", "v_unreadable_1", r.Verify), verification("two codes", "v_twocodes_1", r.Verify),
				verification("unknown", "v_unknown_1", r.Verify),
			}
			if withSM4 {
				kinds = append(kinds, verification("SM4", "v_national_1", r.Verify))
			}
			plan := timing.Plan{Rounds: 1000, Effect: 0.10, Attempts: 3}
			leaks, all := plan.Leaks(1, kinds...)
			for _, pair := range all {
				t.Log(pair)
			}
			for _, pair := range leaks {
				t.Errorf("can be told apart: %v", pair)
			}
			wantLeak(t, plan, r)
		})
	}
}

// wantLeak: the same method sees a registry that does no work for whom it does not know.
func wantLeak(t *testing.T, plan timing.Plan, r *Registry) {
	t.Helper()
	hasty := func(appID []byte, ch *Challenge, answer *[ChallengeLen]byte) Result {
		if _, known := r.snapshot().apps.Get(string(appID)); !known {
			return Result{Verdict: UnknownApp}
		}
		return r.Verify(appID, ch, answer)
	}
	leaks, all := plan.Leaks(2, verification("wrong answer", "v_known_1", hasty), verification("unknown, hasty", "v_unknown_1", hasty))
	if len(leaks) != 1 {
		t.Errorf("a registry that leaks is not seen: %v", all)
	}
	t.Log("on purpose:", all)
}
