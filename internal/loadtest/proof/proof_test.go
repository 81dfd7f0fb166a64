package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

const day, nextDay = calendar.TradingDay(20260105), calendar.TradingDay(20260106)

// kept is a store.
type kept []store.Record

func (k kept) Scan(_ context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	for i := range k {
		if k[i].TradingDay == day {
			if err := f(&k[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// logins are n answers, and their records, sealed under the test key.
func logins(t *testing.T, n int) (answers []result.Answer, records kept, keys map[string]Decrypter) {
	t.Helper()
	pair := keypair.RSA(0)
	public, err := supplement.ParsePublicKey(pair.Public)
	if err != nil {
		t.Fatal(err)
	}
	private, err := testkey.Parse(pair.Private)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		s := supplement.Supplement{
			Flag: '0', AppID: "client_test_1.0", Account: regulation.Account(fmt.Sprintf("LT%07d", i)), UserType: regulation.UserCustomer,
			Public: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(1024+i)), LoginTime: time.Date(2026, 1, 5, 9, 0, i%60, 0, regulation.Zone),
		}
		plain, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := public.Encrypt(nil, plain)
		if err != nil {
			t.Fatal(err)
		}
		r := store.Record{
			ID: uuid.Must(uuid.NewV7()), TradingDay: day, LoginTime: s.LoginTime, VendorID: "TF01", KeyVersion: "1.0",
			Terminal: fmt.Appendf(nil, "ciphertext of login %d", i), Supplement: sealed, Flag: s.Flag, AppID: s.AppID, Account: s.Account,
			UserType: s.UserType, FrontID: 1, SessionID: int32(i + 1),
		}
		records = append(records, r)
		answers = append(answers, result.Answer{
			RecordID: r.ID.String(), TradingDay: day.String(), LoginTime: r.LoginTime, Account: string(r.Account), AppID: string(r.AppID),
			FrontID: 1, SessionID: r.SessionID, Address: s.Public, Own: s.Public, Flag: "0", Ciphertext: r.Terminal,
		})
	}
	return answers, records, map[string]Decrypter{"1.0": private}
}

// file writes answers as `loadtest run --answers` does.
func file(t *testing.T, answers []result.Answer) string {
	t.Helper()
	var b bytes.Buffer
	for i := range answers {
		if err := json.NewEncoder(&b).Encode(&answers[i]); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "answers.ndjson")
	if err := files.Write(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// kinds are what was found, as words.
func kinds(p *result.Proof) string {
	var all []string
	for _, k := range p.Kinds {
		all = append(all, fmt.Sprintf("%s %d", k.Kind, k.Count))
	}
	return strings.Join(all, ", ")
}

// TestDifferencesAreFound: each way in which answers and store may differ is found, named by its RecordID, and is the only one that is.
func TestDifferencesAreFound(t *testing.T) {
	t.Parallel()
	const n = 40
	for name, test := range map[string]struct {
		change func(answers []result.Answer, records kept) ([]result.Answer, kept)
		want   string // kinds
		detail string
		proven int64
		others int64
	}{
		"nothing": {func(a []result.Answer, r kept) ([]result.Answer, kept) { return a, r }, "", "", n, 0},
		"a login through a relay, a second before the front's instant": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				r[7].VisitTime, r[7].LoginTime = r[7].LoginTime, r[7].LoginTime.Add(time.Second)
				return a, r
			},
			"", "", n, 0,
		},
		"a record removed": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) { return a, slices.Delete(r, 7, 8) },
			"missing 1", "answered for trading day 20260105", n - 1, 0,
		},
		"a record doubled under another RecordID": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				again := r[7]
				again.ID = uuid.Must(uuid.NewV7())
				return a, append(r, again)
			},
			"doubled 1", "it was answered as ", n, 0,
		},
		"a record doubled under its RecordID": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) { return a, append(r, r[7]) },
			"doubled 1", "the same RecordID is stored again", n - 1, 0,
		},
		"an account changed": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) { r[7].Account = "LT9"; return a, r },
			"changed 1, supplement 1", "account: answered LT0000007, stored LT9", n - 1, 0,
		},
		"an AppID, a session and a flag changed": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				a[7].AppID, a[7].SessionID, a[7].Flag = "other_app_2.0", 99, "3"
				return a, r
			},
			"changed 1", "AppID: answered other_app_2.0, stored client_test_1.0; SessionID: answered 99, stored 8; abnormal flag: answered 3", n - 1, 0,
		},
		"a ciphertext changed": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				r[7].Terminal = []byte("another ciphertext")
				return a, r
			},
			"changed 1", "the terminal's ciphertext is not the one that was sent", n - 1, 0,
		},
		"a login time changed": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				a[7].LoginTime = a[7].LoginTime.Add(time.Second)
				return a, r
			},
			"changed 1", "login time: answered 2026-01-05 09:00:08, stored 2026-01-05 09:00:07", n - 1, 0,
		},
		"stored on another day": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				r[7].TradingDay, a[8].TradingDay = nextDay, nextDay.String()
				r[8].TradingDay = nextDay
				return a, r
			},
			"changed 1", "trading day: answered 20260105, stored 20260106", n - 1, 0,
		},
		"an address that the terminal had not": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				a[7].Own = netip.MustParseAddrPort("127.0.0.2:1031")
				return a, r
			},
			"supplement 1", "the supplement says 127.0.0.1:1031, the terminal had 127.0.0.2:1031", n - 1, 0,
		},
		"the supplement of another login": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				r[7].Supplement = r[8].Supplement
				return a, r
			},
			"supplement 1", `account: the supplement says "LT0000008", the record "LT0000007"`, n - 1, 0,
		},
		"a supplement that does not open": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				r[7].Supplement = slices.Repeat([]byte{7}, 256)
				return a, r
			},
			"unopened 1", "does not open it", n - 1, 0,
		},
		"a key that was not given": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) { r[7].KeyVersion = "2.0"; return a, r },
			"unopened 1", "no test key of version 2.0 was given", n - 1, 0,
		},
		"answered twice": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) { return append(a, a[7]), r },
			"answered_twice 1", "the same RecordID was answered again", n - 1, 0,
		},
		"answered twice, under two RecordIDs": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) {
				a[8].Ciphertext, r[8].Terminal = a[7].Ciphertext, a[7].Ciphertext
				return a, r
			},
			"answered_twice 1", "answered again under another RecordID", n, 0,
		},
		"a record that was not answered": {
			func(a []result.Answer, r kept) ([]result.Answer, kept) { return slices.Delete(a, 7, 8), r },
			"", "", n - 1, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers, records, keys := logins(t, n)
			changed := answers[7].RecordID
			answers, records = test.change(answers, records)
			p, err := Run(t.Context(), Options{Answers: []string{file(t, answers)}, Records: records, Keys: keys})
			if err != nil {
				t.Fatal(err)
			}
			if got := kinds(p); got != test.want || p.Proven != test.proven || p.Others != test.others || p.Answers != int64(len(answers)) {
				t.Errorf("%s, %d of %d proven, %d others; want %q, %d, %d: %+v", got, p.Proven, p.Answers, p.Others, test.want, test.proven, test.others, p.First)
			}
			named := slices.ContainsFunc(p.First, func(d result.Discrepancy) bool {
				return strings.Contains(d.Detail, test.detail) && (d.RecordID == changed || strings.Contains(d.Detail, "another RecordID"))
			})
			if test.want != "" && !named {
				t.Errorf("%q of %s is not named: %+v", test.detail, changed, p.First)
			}
		})
	}
}

// TestOpenedOnlyWithAKey: without one the rest is proven, and the result does not say that supplements were opened.
func TestOpenedOnlyWithAKey(t *testing.T) {
	t.Parallel()
	answers, records, keys := logins(t, 5)
	for want, keys := range map[int64]map[string]Decrypter{0: nil, 5: keys} {
		p, err := Run(t.Context(), Options{Answers: []string{file(t, answers)}, Records: records, Keys: keys})
		if err != nil || p.Opened != want || p.Proven != 5 || p.Faults != 0 {
			t.Errorf("%v, %+v", err, p)
		}
	}
}

// TestExact: where nothing else may be stored, what no answer names is a difference.
func TestExact(t *testing.T) {
	t.Parallel()
	answers, records, _ := logins(t, 5)
	p, err := Run(t.Context(), Options{Answers: []string{file(t, answers[:3])}, Records: records, Exact: true})
	if err != nil || kinds(p) != "unanswered 2" || p.Proven != 3 || p.Others != 2 {
		t.Errorf("%v, %s, %+v", err, kinds(p), p)
	}
}

// TestLocalStoreAndPostgres: a record in either or in both is one; what PostgreSQL does not have yet is counted; several files are one run.
func TestLocalStoreAndPostgres(t *testing.T) {
	t.Parallel()
	answers, records, keys := logins(t, 10)
	files := []string{file(t, answers[:4]), file(t, answers[4:])}
	p, err := Run(t.Context(), Options{Answers: files, Local: records[:6], Records: records[4:], Keys: keys})
	if err != nil || p.Faults != 0 || p.Proven != 10 || p.Waiting != 4 || p.Opened != 10 {
		t.Errorf("%v, %+v", err, p)
	}
	changed := slices.Clone(records)
	changed[5].AppID = "other_app_1.0" // in the local store only: the copies differ
	p, err = Run(t.Context(), Options{Answers: files, Local: changed[:6], Records: records[4:]})
	if err != nil || kinds(p) != "changed 1" {
		t.Errorf("%v, %+v", err, p)
	}
}

// TestFewAreNamedAllAreCounted: of each kind.
func TestFewAreNamedAllAreCounted(t *testing.T) {
	t.Parallel()
	answers, records, _ := logins(t, 60)
	for i := 30; i < 60; i++ {
		records[i].FrontID = 2
	}
	p, err := Run(t.Context(), Options{Answers: []string{file(t, answers)}, Records: records[20:]})
	if err != nil || kinds(p) != "missing 20, changed 30" || len(p.First) != 2*DefaultLimit || p.Faults != 50 || p.Proven != 10 {
		t.Errorf("%v, %s, %d named, %+v", err, kinds(p), len(p.First), p)
	}
	for language, want := range map[string][]string{
		"en": {"60 logins were answered on 20260105; 10 of them", "answered, not stored: 20\n", "    and 10 more\n", "NOT PROVEN: 50 differences\n"},
		"zh": {"20260105 共应答登录 60 次，其中 10 次", "已应答而无记录: 20\n", "另有 20 处", "核对不一致：50 处差异\n"},
	} {
		var b strings.Builder
		p.Text(&b, language)
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%q is not in\n%s", w, b.String())
			}
		}
	}
}

// TestNothingProvesNothing: no answers, a torn line, something else, no file, too many days, an end by the caller.
func TestNothingProvesNothing(t *testing.T) {
	t.Parallel()
	answers, records, _ := logins(t, 2)
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "answers.ndjson")
		if err := files.Write(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var days []result.Answer
	for i := range maxDays + 1 {
		a := answers[0]
		a.TradingDay = calendar.DayOf(time.Date(2026, 1, 1+i, 12, 0, 0, 0, time.UTC)).String()
		days = append(days, a)
	}
	good := file(t, answers)
	for name, path := range map[string]string{
		"line 1": write("{\"record_id\":\n"), "no answer": write(""), "no such file": filepath.Join(t.TempDir(), "none"), "UUID": write("{}\n"),
		"trading days": file(t, days), "token too long": write(strings.Repeat("x", 2*maxLine)),
	} {
		if _, err := Run(t.Context(), Options{Answers: []string{good, path}[btoi(name == "no answer"):], Records: records}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	cancel(stop)
	if _, err := Run(ended, Options{Answers: []string{good}, Records: records}); !errors.Is(err, stop) {
		t.Errorf("ended by the caller: %v", err)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// endless is a store of so many records, made as they are scanned.
type endless struct {
	n    int
	look func()
}

// numbered is the RecordID of login i.
func numbered(i int) uuid.UUID {
	return uuid.UUID{0: 1, 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
}

func (e endless) Scan(_ context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	r := store.Record{TradingDay: day, LoginTime: time.Unix(1_767_600_000, 0), Terminal: make([]byte, 256), Flag: '0', AppID: "a_b_1", Account: "LT1"}
	for i := range e.n {
		r.ID = numbered(i)
		copy(r.Terminal, r.ID[:])
		if i%(e.n/8) == 0 {
			e.look()
		}
		if err := f(&r); err != nil {
			return err
		}
	}
	return nil
}

// TestMemoryIsConstant: it does not follow the number of logins.
func TestMemoryIsConstant(t *testing.T) {
	testmain.NotRaced(t) // its heap is not the product's
	most := func(n int) (most uint64) {
		answers := make([]result.Answer, n)
		for i := range answers {
			text := make([]byte, 256)
			id := numbered(i)
			copy(text, id[:])
			answers[i] = result.Answer{
				RecordID: id.String(), TradingDay: day.String(), LoginTime: time.Unix(1_767_600_000, 0), Flag: "0", AppID: "a_b_1", Account: "LT1", Ciphertext: text,
			}
		}
		path := file(t, answers)
		p, err := Run(t.Context(), Options{Answers: []string{path}, Records: endless{n, func() {
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc)
		}}})
		if err != nil || p.Proven != int64(n) {
			t.Fatalf("%v, %+v", err, p)
		}
		return most
	}
	few, many := most(2000), most(80_000)
	if many > few+few/4+(8<<20) {
		t.Errorf("%d MiB of heap for 2,000 logins, %d MiB for 80,000", few>>20, many>>20)
	}
}
