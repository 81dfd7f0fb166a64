package accountfile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
)

var cheap = local.Params{MemoryKiB: 8, Iterations: 1}

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := local.HashPassword([]byte(password), cheap)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestRead(t *testing.T) {
	t.Parallel()
	hash := hashOf(t, "x")
	text := "\ufeffpassword,account,user_type,password_hash\r\n" +
		"s3cret,1001,,\r\n\r\n\"with , and \"\" \",1002,2,\"\"\n" + // ends in a space: wrong, see below
		"中文,1003,1,\n,1004,1,\"" + hash + "\"\n"
	_, err := Read([]byte(text), false)
	if e, is := errors.AsType[*Error](err); !is || e.Count != 1 || e.Lines[0].Line != 4 || !strings.Contains(err.Error(), "ends in a space") {
		t.Fatal(err)
	}
	rows, err := Read([]byte(strings.Replace(text, `"" "`, `"""`, 1)), false)
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{
		{2, "1001", regulation.UserCustomer, []byte("s3cret"), ""},
		{4, "1002", regulation.UserOperator, []byte(`with , and "`), ""},
		{5, "1003", regulation.UserCustomer, []byte("中文"), ""},
		{6, "1004", regulation.UserCustomer, nil, hash},
	}
	if fmt.Sprint(rows) != fmt.Sprint(want) || Passwords(rows) != 3 {
		t.Errorf("%v\nwant %v", rows, want)
	}
}

// TestEveryWrongLineIsNamed: with its number, and without what is secret in it.
func TestEveryWrongLineIsNamed(t *testing.T) {
	t.Parallel()
	lines := []struct{ line, problem string }{
		{"1001,1,s3cret,", ""},
		{"1 2,1,s3cret,", "only digits and letters"},
		{",1,s3cret,", "empty"},
		{"1001,1,s3cret,", "is on line 2 too"},
		{"1002,3,s3cret,", "user_type"},
		{"1003,1,,", "empty"},
		{"1004,1,s3cret,$argon2id$s3cret", "a password and a hash"},
		{"1005,1,,$argon2id$s3cret", "password hash"},
		{"1006,1,s3cret", "3 columns, the first line has 4"},
		{"1007,1,s3cret\u200b,", "zero-width space"},
		{"1008,1," + strings.Repeat("s3cret", 7) + ",", "42 bytes"},
		{"1009,1,s3cret\xff,", "UTF-8"},
		{`1010,1,s3"cret,`, "bare"},
		{"1011,2,s3cret,", ""},
	}
	text := "account,user_type,password,password_hash\n"
	want := 0
	for _, l := range lines {
		text += l.line + "\n"
		if l.problem != "" {
			want++
		}
	}
	_, err := Read([]byte(text), false)
	e, is := errors.AsType[*Error](err)
	if !is || e.Count != want || len(e.Lines) != want {
		t.Fatalf("%v: want %d lines", err, want)
	}
	named := map[int]string{}
	for _, w := range e.Lines {
		named[w.Line] = w.Problem
	}
	for i, l := range lines {
		if got := named[i+2]; (got == "") != (l.problem == "") || !strings.Contains(got, l.problem) {
			t.Errorf("line %d: %q, want %q", i+2, got, l.problem)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error shows a password: %v", err)
	}
	if _, err := Read([]byte("account,password\n1007,s3cret\u200b\n"), true); err != nil {
		t.Errorf("as it is: %v", err)
	}
}

func TestManyWrongLines(t *testing.T) {
	t.Parallel()
	_, err := Read([]byte("account,password\n"+strings.Repeat("?,x\n", 1000)), false)
	if e, is := errors.AsType[*Error](err); !is || e.Count != 1000 || len(e.Lines) != 1000 || !strings.HasSuffix(err.Error(), "and 900 more") {
		t.Errorf("%.200v", err)
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "must name the columns",
		"account,user_type\n1,1\n":           "must name the columns account, and password",
		"1001,1,s3cret\n":                    "column 1 has another name (\"…\")",
		"account,password,account\n":         "is there twice",
		"account,password\n":                 "has no account",
		"account,user_type,created,changed,": "what `account export` wrote",
		"\xff\xfea\x00":                      "UTF-16",
	} {
		if _, err := Read([]byte(text), false); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestHash: every password, and the end of the context.
func TestHash(t *testing.T) {
	t.Parallel()
	given := hashOf(t, "given")
	rows := make([]Row, 50)
	for i := range rows {
		rows[i] = Row{Account: regulation.Account(fmt.Sprint(i)), Password: fmt.Append(nil, "password ", i)}
	}
	rows[7] = Row{Hash: given}
	most := make(chan int, len(rows))
	if err := Hash(t.Context(), rows, cheap, func(done int) { most <- done }); err != nil {
		t.Fatal(err)
	}
	if len(most) != 49 || rows[7].Hash != given {
		t.Errorf("%d hashed, and the one that was given is %q", len(most), rows[7].Hash)
	}
	seen := map[string]bool{}
	for i := range rows {
		if local.CheckHash(rows[i].Hash) != nil || seen[rows[i].Hash] || strings.Contains(string(rows[i].Password), "password") {
			t.Errorf("%d: hash %q, password %q", i, rows[i].Hash, rows[i].Password)
		}
		seen[rows[i].Hash] = true
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Hash(ctx, []Row{{Password: []byte("x")}}, cheap, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	w, err := NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)
	if err := errors.Join(w.Write(&local.Account{Account: "1001", UserType: regulation.UserOperator, PasswordHash: "$argon2id$x", Created: at, Changed: at}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if want := "account,user_type,created,changed,last_unlocked\n1001,2,2026-01-05T09:00:00+08:00,2026-01-05T09:00:00+08:00,\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
