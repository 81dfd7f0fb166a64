package gateway

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

func steppedClock(s string) time.Time {
	at, err := time.ParseInLocation(regulation.TimeLayout, s, regulation.Zone)
	if err != nil {
		panic(err)
	}
	return at
}

// A change from RSA 1.0 to SM2 2.0 with a time in which both are valid. Each row is a
// login at that second; a life is half-open.
func TestLoginAtTheChange(t *testing.T) {
	oldPair, newPair := newRSA(t), newSM2(t)
	pairs := map[string]pair{"1.0": oldPair, "2.0": newPair}
	g, r := newGateway(t,
		oldPair.version("1.0", steppedClock("2026-01-05 00:00:00"), steppedClock("2026-03-02 15:30:00")),
		newPair.version("2.0", steppedClock("2026-03-02 09:00:00"), steppedClock("2026-06-01 00:00:00")))
	const (
		ok, none      = reason.OK, reason.NoValidKey
		good, version = regulation.FlagNormal, regulation.FlagKeyVersion
	)
	for _, tt := range []struct {
		at, sent string
		reason   reason.Reason
		flag     regulation.AbnormalFlag
		under    string
		problem  string
	}{
		{"2026-01-04 23:59:59", "1.0", none, 0, "", ""},
		{"2026-01-05 00:00:00", "1.0", ok, good, "1.0", ""},
		{"2026-01-05 00:00:00", "2.0", ok, version, "1.0", "key_version_not_yet_valid"},
		{"2026-03-02 08:59:59", "2.0", ok, version, "1.0", "key_version_not_yet_valid"},
		{"2026-03-02 08:59:59", "1.0", ok, good, "1.0", ""},
		{"2026-03-02 09:00:00", "2.0", ok, good, "2.0", ""},
		{"2026-03-02 09:00:00", "1.0", ok, good, "1.0", ""},
		{"2026-03-02 09:00:00", "7", ok, version, "2.0", "key_version_unknown"},
		{"2026-03-02 15:29:59", "1.0", ok, good, "1.0", ""},
		{"2026-03-02 15:30:00", "1.0", ok, version, "2.0", "key_version_expired"},
		{"2026-03-02 15:30:00", "2.0", ok, good, "2.0", ""},
		{"2026-05-31 23:59:59", "2.0", ok, good, "2.0", ""},
		{"2026-05-31 23:59:59", "1.0", ok, version, "2.0", "key_version_expired"},
		{"2026-06-01 00:00:00", "2.0", none, 0, "", ""},
		{"2026-06-01 00:00:00", "1.0", none, 0, "", ""},
	} {
		t.Run(tt.at+" "+tt.sent, func(t *testing.T) {
			// The last nanosecond of the second before belongs to it, the first to the next.
			r.now = steppedClock(tt.at)
			if r.now.Second() == 59 {
				r.now = r.now.Add(time.Second - 1)
			}
			ciphertext := append([]byte{4}, make([]byte, 255)...) // of either algorithm
			outcome, rec := r.logIn(g, tt.sent, ciphertext)
			entry := r.entries[len(r.entries)-1]
			if outcome.Reason != tt.reason || (rec != nil) != (tt.reason == ok) || entry.TerminalProblem != tt.problem {
				t.Fatalf("%v, record %v, problem %q; want %v, %q", outcome.Reason, rec, entry.TerminalProblem, tt.reason, tt.problem)
			}
			if rec == nil {
				if code := outcome.Reason.Code(); code != 7 {
					t.Errorf("code %d, want 7", code)
				}
				return
			}
			if rec.Flag != tt.flag || rec.KeyVersion != tt.under || outcome.Receipt.Flag != tt.flag {
				t.Errorf("flag %c under %s, want %c under %s", rec.Flag, rec.KeyVersion, tt.flag, tt.under)
			}
			want := fmt.Sprintf("%c@client_xsb_1.0@203.0.113.7@50123@%s@@@@@88888888@1", tt.flag, tt.at)
			if got := pairs[tt.under].opened(rec); got != want {
				t.Errorf("the key of version %s opens %q, want %q", tt.under, got, want)
			}
		})
	}
}

// A terminal that encrypted under the old key is judged by the old key while it is valid,
// and only by its version afterwards: RSA's 256 bytes are no SM2 ciphertext's fault.
func TestTerminalLengthByItsKey(t *testing.T) {
	oldPair, newPair := newRSA(t), newSM2(t)
	g, r := newGateway(t, oldPair.version("1.0", time.Time{}, time.Time{}), newPair.version("2.0", time.Time{}, time.Time{}))
	r.now = steppedClock("2026-03-02 10:00:00")
	sealed, err := newPair.public.Encrypt(nil, []byte("2@2026-01-05 09:00:00@192.168.1.7@@00155D01AB02@@desk7@Debian12@86D6C8Z6T@BFEBFBFF000306C3@PCOCJEY5"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		version    string
		ciphertext []byte
		want       regulation.AbnormalFlag
	}{
		{"2.0", sealed, regulation.FlagNormal},
		{"1.0", sealed, regulation.FlagTerminalData},
		{"2.0", sealed[:112], regulation.FlagTerminalData},
		{"2.0", make([]byte, 343), regulation.FlagTerminalData},
		{"2.0", append([]byte{0x30}, sealed[1:]...), regulation.FlagTerminalData}, // as OpenSSL writes it
		{"1.0", make([]byte, 256), regulation.FlagNormal},
	} {
		if _, rec := r.logIn(g, tt.version, tt.ciphertext); rec == nil || rec.Flag != tt.want || rec.KeyVersion != tt.version {
			t.Errorf("version %s, %d bytes: %+v, want flag %c", tt.version, len(tt.ciphertext), rec, tt.want)
		}
	}
}

// oneDay is a calendar whose trading days differ from the sample's: everything in the
// spring of 2026 is closed.
func oneDay(t *testing.T) *calendar.Calendar {
	t.Helper()
	cal, err := calendar.Parse([]byte("years:\n  - year: 2026\n    provisional: false\n    source: test\n" +
		"    closed:\n      - {from: 2026-03-01, to: 2026-03-20, name: test}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

// A reload while a login is in the core is seen by it as a whole; one while its record is
// on its way is not seen by it at all.
func TestOneLoginUsesOneSet(t *testing.T) {
	oldPair, newPair := newRSA(t), newSM2(t)
	oldKey, newKey := oldPair.version("1.0", time.Time{}, time.Time{}), newPair.version("2.0", time.Time{}, time.Time{})
	next := Policy{Keys: ring(t, newKey), Calendar: oneDay(t)}

	g, r := newGateway(t, oldKey)
	r.now = steppedClock("2026-03-02 10:00:00")
	first := *g.Policy()
	r.onAppend = func() { g.SetPolicy(next) }
	if _, rec := r.logIn(g, "1.0", make([]byte, 256)); rec.KeyVersion != "1.0" || rec.TradingDay.String() != "20260302" {
		t.Errorf("replaced at the end: key %s, day %v", rec.KeyVersion, rec.TradingDay)
	}
	r.onAppend = nil
	g.SetPolicy(first)
	r.onVerify = func() { g.SetPolicy(next) }
	if _, rec := r.logIn(g, "1.0", make([]byte, 256)); rec.KeyVersion != "2.0" || rec.TradingDay.String() != "20260323" || rec.Flag != '2' {
		t.Errorf("replaced at the start: key %s, day %v, flag %c", rec.KeyVersion, rec.TradingDay, rec.Flag)
	}
	next.Strict = true
	if outcome, rec := r.logIn(g, "1.0", make([]byte, 256)); outcome.Reason != reason.TerminalInfoRefused || rec != nil {
		t.Errorf("strict after a reload: %v, %v", outcome.Reason, rec)
	}
}

// Under a storm of reloads every record has the key and the day of one set, never of two.
func TestSetPolicyUnderLoad(t *testing.T) {
	oldPair, newPair := newSM2(t), newSM2(t)
	g, r := newGateway(t, oldPair.version("1.0", time.Time{}, time.Time{}))
	r.now = steppedClock("2026-03-02 10:00:00")
	sets := [2]Policy{*g.Policy(), {Keys: ring(t, newPair.version("2.0", time.Time{}, time.Time{})), Calendar: oneDay(t)}}
	stop := make(chan struct{})
	var reloads, logins sync.WaitGroup
	reloads.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				g.SetPolicy(sets[i%2])
			}
		}
	})
	for range 4 {
		logins.Go(func() {
			for range 100 {
				enter(g, "1.0", make([]byte, 200))
			}
		})
	}
	logins.Wait()
	close(stop)
	reloads.Wait()
	want := map[string]string{"1.0": "20260302", "2.0": "20260323"}
	pairs := map[string]pair{"1.0": oldPair, "2.0": newPair}
	for _, rec := range r.stored {
		if rec.TradingDay.String() != want[rec.KeyVersion] || pairs[rec.KeyVersion].opened(rec) == "" {
			t.Fatalf("key version %s with trading day %v", rec.KeyVersion, rec.TradingDay)
		}
	}
	if len(r.stored) != 400 {
		t.Errorf("%d records of 400 logins", len(r.stored))
	}
}
