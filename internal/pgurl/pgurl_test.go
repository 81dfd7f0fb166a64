package pgurl

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ text, shown, password, conn string }{
		{"postgres://u:p@h/d", "database d on h:5432 as u", "p", "postgres://u:p@h:5432/d"},
		{" \t\ufeffpostgresql://u:p@h:1/d\r\n", "database d on h:1 as u", "p", "postgres://u:p@h:1/d"},
		{"POSTGRES://u@h/d?sslmode=verify-full&application_name=a+b", "database d on h:5432 as u", "", "postgres://u@h:5432/d?sslmode=verify-full&application_name=a%2Bb"},
		{"postgres://u:a:b@h1:1,h2/d", "database d on h1:1,h2:5432 as u", "a:b", "postgres://u:a%3Ab@h1:1,h2:5432/d"},
		{"postgres://u:%40%2F%3A%23%3F%25%20@[::1]:7/d", "database d on [::1]:7 as u", "@/:#?% ", "postgres://u:%40%2F%3A%23%3F%25%20@[::1]:7/d"},
		{"postgres://u@/d?host=/run/postgresql", "database d on /run/postgresql as u", "", "postgres://u@%2Frun%2Fpostgresql:5432/d"},
		{"postgres://u@%2Frun%2Fpostgresql/d", "database d on /run/postgresql as u", "", "postgres://u@%2Frun%2Fpostgresql:5432/d"},
		{"postgres:///?host=a,b&port=1,2&user=u&password=p&dbname=d", "database d on a:1,b:2 as u", "p", "postgres://u:p@a:1,b:2/d"},
		{"postgres://u@a,b/d?port=9", "database d on a:9,b:9 as u", "", "postgres://u@a:9,b:9/d"},
		{"postgres://u%40server@10.0.0.1/%E6%9C%9F%E8%B4%A7", "database 期货 on 10.0.0.1:5432 as u@server", "", "postgres://u%40server@10.0.0.1:5432/%E6%9C%9F%E8%B4%A7"},
	} {
		u, err := Parse(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got := fmt.Sprint(u); got != tt.shown {
			t.Errorf("%q shows as %q, want %q", tt.text, got, tt.shown)
		}
		if u.password != tt.password || u.HasPassword() != (tt.password != "") {
			t.Errorf("%q: password %q, want %q", tt.text, u.password, tt.password)
		}
		if got := u.Conn(); got != tt.conn {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.conn)
		}
		if again, err := Parse(u.Conn()); err != nil || again.Conn() != u.Conn() {
			t.Errorf("%q: its own URL is not understood: %v", tt.text, err)
		}
	}
}

// TestSameButPassword: what an operator changes when a role gets another password, and what leads elsewhere.
func TestSameButPassword(t *testing.T) {
	const base = "postgres://u:p@h1:1,h2/d?sslmode=require&sslpassword=x"
	for text, want := range map[string]bool{
		base: true,
		"postgres://u:other@h1:1,h2:5432/d?sslmode=require&sslpassword=y": true,
		"postgres://u@h1:1,h2/d?sslmode=require":                          true,
		"postgres://v:p@h1:1,h2/d?sslmode=require":                        false,
		"postgres://u:p@h1:1/d?sslmode=require":                           false,
		"postgres://u:p@h1:2,h2/d?sslmode=require":                        false,
		"postgres://u:p@h1:1,h2/e?sslmode=require":                        false,
		"postgres://u:p@h1:1,h2/d":                                        false,
	} {
		a, err := Parse(base)
		b, err2 := Parse(text)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if a.SameButPassword(b) != want || b.SameButPassword(a) != want {
			t.Errorf("%s: not %t", text, want)
		}
	}
}

// TestRefused: each by its name, and with what to do.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                              "is empty",
		`"postgres://u:p@h/d"`:                          "is in quotes",
		`'postgres://u:p@h/d'`:                          "is in quotes",
		"“postgres://u:p@h/d”":                          "is in quotes",
		`postgres://u:p@h/d"`:                           "quotation mark",
		"DATABASE_URL=postgres://u:p@h/d":               "begins with a name",
		"export DATABASE_URL='postgres://u@h/d'":        "begins with a name",
		"url: postgres://u:p@h/d":                       "begins with a name",
		"jdbc:postgresql://h/d":                         "jdbc:",
		"credential:database-url":                       "is the name of a credential",
		"host=h user=u password=p dbname=d":             "keyword=value",
		"mysql://u:p@h/d":                               "another scheme",
		"u:p@h/d":                                       "does not begin with postgres://",
		"postgres:/u:p@h/d":                             "does not begin with postgres://",
		"postgres://u:p@/d":                             "names no host",
		"postgres:///d":                                 "names no host",
		"postgres://h/d":                                "names no user",
		"postgres://:p@h/d":                             "names no user",
		"postgres://u@h":                                "names no database",
		"postgres://u@h/?sslmode=disable":               "names no database",
		"postgres://u@h/a/b":                            "database's name",
		"postgres://u@h/a:b":                            "database's name",
		"postgres://u%2Fx@h/d":                          "user's name",
		"postgres://u@h:0/d":                            "port",
		"postgres://u@h:65536/d":                        "port",
		"postgres://u@h:p/d":                            "port",
		"postgres://u@12.34/d":                          "host",
		"postgres://u@h,/d":                             "names no host",
		"postgres://u@h/d?user=v":                       "names the user twice",
		"postgres://u@h/d?dbname=e":                     "names the database twice",
		"postgres://u@h/d?host=i":                       "names the host twice",
		"postgres://u@h:1/d?port=2":                     "names the port twice",
		"postgres://u@h/d?a=1&a=2":                      "twice",
		"postgres://u@h/d?service=x":                    "service",
		"postgres://u@h/d?client_encoding=GBK":          "client_encoding",
		"postgres://u@h/d?default_query_exec_mode=exec": "default_query_exec_mode",
		"postgres://u@h/d?default_query_exec_mode=simple_protocol": "default_query_exec_mode",
		"postgres://u@h/d?target_session_attrs=standby":            "target_session_attrs",
		"postgres://u@h/d?statement_cache_capacity=0":              "statement_cache_capacity",
		"postgres://u:密码@h/d":                                      "not plain ASCII",
	} {
		_, err := Parse(text)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Problem, want) || e.Fix == "" {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestPasswordThatIsNotEncoded: for any characters of a password, the URL either means what was
// written or is refused without any part of it.
func TestPasswordThatIsNotEncoded(t *testing.T) {
	const a, b = "Zq3xW", "vK9tM"
	var passwords []string
	for _, mark := range []string{"@", "/", ":", "#", "?", "%", " ", "@/", "/@", "?x=", "&", "%zz", "[", "]", ",", "=", "+", "'", `"`, `\`, "^", "//", "/?", "@1/", ":5432/"} {
		passwords = append(passwords, a+mark+b, mark+a+b, a+b+mark, "12"+mark+b, a+mark+"12"+mark+b)
	}
	refusals := 0
	for _, p := range passwords {
		for _, form := range []string{"postgres://front:%s@db.example:5432/firm", "postgres://front:%s@db.example/firm?sslmode=disable", "postgres://%s@db.example/firm"} {
			text := fmt.Sprintf(form, p)
			u, err := Parse(text)
			if err != nil {
				refusals++
				if strings.Contains(err.Error(), a) || strings.Contains(err.Error(), b) {
					t.Errorf("%q: the refusal shows a part of it: %v", text, err)
				}
				continue
			}
			if !strings.Contains(form, "front") {
				continue // the password was written in the user's place
			}
			if u.password != p || u.User != "front" || len(u.Hosts) != 1 || u.Hosts[0].Name != "db.example" || u.Database != "firm" {
				t.Errorf("%q was taken for %v with password %q", text, u, u.password)
			}
		}
		text := "postgres://front:" + escape(p) + "@db.example/firm"
		if u, err := Parse(text); err != nil || u.password != p {
			t.Errorf("%q: %v, %v", text, u, err)
		}
		if u, err := Parse("postgres://front:" + url.PathEscape(p) + "@db.example/firm"); err == nil && u.password != p {
			t.Errorf("%q by Go's encoding: %q", p, u.password)
		}
	}
	if refusals == 0 {
		t.Error("nothing was refused")
	}
	for _, mark := range []string{"@", "/", "?", "#", "%"} {
		if _, err := Parse("postgres://front:" + a + mark + b + "@h/d"); err == nil || !strings.Contains(err.Error(), "percent-encode") {
			t.Errorf("%s in a password: %v", mark, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("postgres://u:p@h:1,h2/d?sslmode=disable")
	f.Add("postgres://u@/d?host=/run/postgresql")
	f.Add("postgres://u:p/w@h/d")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(u.Conn())
		if err != nil || again.Conn() != u.Conn() || again.String() != u.String() {
			t.Errorf("%q: read again: %v, %v", text, again, err)
		}
	})
}

// TestErrorHidesPassword: the error is printed and logged.
func TestErrorHidesPassword(t *testing.T) {
	for _, text := range []string{"postgres://u:secret@host:notaport/db", "postgres://u:secret@db.example/d?sslmode=verify-full&port=nonsense"} {
		if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://u@h/d":        "",
		"postgres://u:p%40ss@h/d": "p@ss p%40ss",
		"postgres://u:pass@h/d?sslpassword=other&sslmode=prefer": "pass other",
	} {
		u, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(u.Secrets(), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
