package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestNoPartOfAPasswordIsPrinted: with any characters in a password, encoded or not, no
// command prints a part of it, nor do the log and the page of a front.
func TestNoPartOfAPasswordIsPrinted(t *testing.T) {
	newSite(t)
	const a, b = "Zq3xW", "vK9tM"
	for _, mark := range []string{"@", "/", ":", "#", "?", "%", " ", "@h/", ":1/", "?x=1&", "%40", "%2F"} {
		for _, form := range []string{"postgres://front:%s@127.0.0.1:1/firm", "postgres://front:%s@127.0.0.1:1/firm?sslmode=disable&connect_timeout=2"} {
			url := fmt.Sprintf(form, a+mark+b)
			write(t, "url", url+"\n")
			for _, store := range []string{fmt.Sprintf("url: %q", url), "url_file: url"} {
				write(t, "tradefront.yaml", siteConfig+"store: {driver: postgres, "+store+"}\n")
				for _, args := range []string{"config check -c tradefront.yaml", "migrate -c tradefront.yaml", "serve -c tradefront.yaml", "app list -c tradefront.yaml", "front list -c tradefront.yaml"} {
					got := tradefront("", strings.Split(args, " ")...)
					if said := got.out + got.err; strings.Contains(said, a) || strings.Contains(said, b) {
						t.Errorf("%s, tradefront %s: %s", url, args, said)
					}
					if got.status == 0 && !strings.HasPrefix(args, "config") {
						t.Errorf("%s, tradefront %s: status 0", url, args)
					}
				}
			}
		}
	}
}

// TestURLFileThatHoldsSomethingElse: config check says so, where it called it good and another
// database was dialled.
func TestURLFileThatHoldsSomethingElse(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"store: {driver: postgres, url_file: url}\n")
	for text, want := range map[string]string{
		"":       "url is empty",
		"\n\n":   "url is empty",
		"a\nb\n": "does not hold one line",
		"DATABASE_URL=postgres://u:secret@127.0.0.1:1/d": "NAME=postgres://…",
		"jdbc:postgresql://127.0.0.1:1/d":                "jdbc:",
		"postgres://u:sec/ret@127.0.0.1:1/d":             "percent-encode",
	} {
		write(t, "url", text)
		for _, command := range []string{"config check", "migrate", "serve"} {
			got := tradefront("", append(strings.Split(command, " "), "-c", "tradefront.yaml")...)
			if said := got.out + got.err; got.status != exitFailed || !strings.Contains(said, "store.url_file: ") || !strings.Contains(said, want) || strings.Contains(said, "sec") {
				t.Errorf("%q, %s: %+v", text, command, got)
			}
		}
	}
	write(t, "url", "\ufeff  postgres://u:secret@127.0.0.1:1/d \r\n\r\n")
	if got := tradefront("", "config", "check", "-c", "tradefront.yaml"); got.status != exitDone {
		t.Errorf("blanks around the URL: %+v", got)
	}
}
