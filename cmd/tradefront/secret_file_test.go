package main

import (
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/keypair"
)

// What an editor put around a password does not become a part of it, and what does not show
// in one is refused by name: such an account could never log in.
func TestPasswordFiles(t *testing.T) {
	bareSite(t)
	write(t, "code", "\ufeff"+givenCode+"\r\n")
	write(t, "bom", "\ufeffSecret123\n")
	write(t, "zero", "Secret123\u200b\n")
	write(t, "quoted", "“Secret123”\n")
	write(t, "plain", "Secret123\n")
	const add = "account add" + onC + " --password-file "
	play(t, []step{
		{"masterkey create -o json" + onC, "", 0, "{\n  \"file\": \"master.key\",\n  \"fingerprint\": \"…\"\n}", ""},
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{add + "bom --account 1", "", 0, "added account 1 (customer)", ""},
		{add + "- --account 2", "\ufeffSecret123\r\n", 0, "added account 2 (customer)", ""},
		{add + "zero --account 3", "", 1, "", "tradefront: --password-file: zero holds a zero-width space (U+200B), which does not show; write it anew, by hand; --as-is says that it belongs to it"},
		{add + "quoted --account 3", "", 1, "", "tradefront: --password-file: quoted is in quotation marks (“, U+201C); take them off; --as-is says that they belong to it"},
		{add + "quoted --account 3 --as-is", "", 0, "added account 3 (customer)", ""},
		{"account password --account 1 --password-file zero" + onC, "", 1, "", "tradefront: --password-file: zero holds a zero-width space…"},
		{"account password --account 1 --password-file keys" + onC, "", 1, "", "tradefront: --password-file: open keys: is a folder, not a regular file; - reads standard input"},
	})
	front := serve(t)
	ping := "ping --address " + front.address + " --app-id a_b_1 --authcode-file code --account "
	play(t, []step{
		{ping + "1 --password-file plain", "", 0, "front …\nlogin …", ""},
		{ping + "2 --password-file bom", "", 0, "front …\nlogin …", ""},
		{ping + "2 --password-file quoted", "", 1, "", "tradefront: login …is in quotation marks…"},
		{ping + "3 --password-file quoted --as-is", "", 0, "front …\nlogin …", ""},
	})
	front.stop()
}

// TestAuthCodeFiles: an authcode comes from a file or standard input, where the list of processes does not show it; without one in it no
// random code takes its place.
func TestAuthCodeFiles(t *testing.T) {
	bareSite(t)
	write(t, "code", "\ufeff"+givenCode+"\r\n")
	write(t, "empty", "")
	write(t, "short", "SHORT\n")
	const (
		add   = "app add --app-id a_b_1" + onC + " --authcode-file "
		other = "ZAGET0Q2VRCT1B0J"
	)
	shows := func(code string) string { return "…authcode  " + code + "\n…" }
	play(t, []step{
		{"masterkey create" + onC, "", 0, "…", ""},
		{add + "empty", "", 1, "", "tradefront: --authcode-file: empty …"},
		{add + "short", "", 1, "", "tradefront: --authcode-file: authcode: 5 characters, want 16"},
		{add + "nothing", "", 1, "", "tradefront: --authcode-file: open nothing: no such file or directory"},
		{add + "code --authcode " + givenCode, "", 2, "", "…[authcode authcode-file]…"},
		{"app list -o json" + onC, "", 0, "[]", ""},
		{add + "code", "", 0, shows(givenCode), ""},
		{"app rotate --app-id a_b_1 --authcode-file -" + onC, other + "\n", 0, shows(other), ""},
		{"app rotate --app-id a_b_1 --finish --authcode-file code" + onC, "", 2, "", "…[authcode-file finish]…"},
		{"relay add --app-id a_relay_1 --type operator --authcode-file code" + onC, "", 0, shows(givenCode), "…"},
	})
}

// A byte-order mark before a key, a calendar, a configuration or a master key is an editor's;
// what does not show within a key is named with its line.
func TestMarkedFiles(t *testing.T) {
	newSite(t)
	for _, file := range []string{"tradefront.yaml", "calendar.yaml", "keys/1.0.pem", "master.key"} {
		write(t, file, "\ufeff"+read(t, file))
	}
	play(t, []step{{"config check" + onC, "", 0, "tradefront.yaml is good: …", ""}})

	key := read(t, "keys/1.0.pem")
	write(t, "keys/1.0.pem", key[:60]+"\u200b"+key[60:])
	play(t, []step{{"config check" + onC, "", 1, "", "…keys/1.0.pem: public key: no PEM block…line 2 holds a zero-width space (U+200B), which does not show; copy the file anew"}})
	write(t, "keys/1.0.pem", "\xff\xfe-\x00")
	play(t, []step{{"config check" + onC, "", 1, "", "…keys/1.0.pem is saved as UTF-16; save it as UTF-8"}})
	write(t, "keys/1.0.pem", key)
	master := read(t, "master.key")
	write(t, "master.key", master[:len(master)-20]+"\u200b"+master[len(master)-20:])
	play(t, []step{{"config check" + onC, "", 1, "", "…its line holds a zero-width space (U+200B), which does not show…"}})
	write(t, "tradefront.yaml", "\xff\xfeb\x00")
	play(t, []step{{"config check" + onC, "", 1, "", "…tradefront.yaml is saved as UTF-16; save it as UTF-8"}})
}

// TestMarkedPEM: every flag that names a PEM file takes an editor's byte-order mark off, and names what does not show in the file.
func TestMarkedPEM(t *testing.T) {
	newSite(t)
	authority := certificates.New(t)
	pair := authority.Issue(t, "front-1", time.Now().Add(time.Hour))
	for name, pem := range map[string][]byte{"ca": authority.PEM, "cert": pair.Cert, "key": pair.Key, "public": keypair.RSA(0).Public} {
		text := string(pem)
		write(t, name, "\ufeff"+text)
		write(t, name+".hidden", text[:70]+"\u200b"+text[70:])
		write(t, name+".utf16", "\xff\xfe-\x00")
	}
	const (
		asks  = "core-check --endpoint localhost:1 --server-name core-a.firm --account 1 --password p --timeout 1s"
		adds  = "relay add --type operator -c tradefront.yaml --app-id a_relay_"
		utf16 = "is saved as UTF-16; save it as UTF-8"
		shows = "line 2 holds a zero-width space (U+200B), which does not show; copy the file anew"
	)
	for i, read := range []struct{ line, file, good string }{
		{asks + " --cert cert --key key --ca ", "ca", "FAIL  link_accept "},
		{asks + " --ca ca --key key --cert ", "cert", "FAIL  link_accept "},
		{asks + " --ca ca --cert cert --key ", "key", "FAIL  link_accept "},
		{adds + "1 --client-cert ", "cert", "authcode  "},
	} {
		for suffix, want := range map[string]string{"": read.good, ".utf16": utf16, ".hidden": shows} {
			got := tradefront("", strings.Fields(read.line+read.file+suffix)...)
			if !strings.Contains(got.out+got.err, want) || suffix != "" && strings.Contains(got.out, read.good) {
				t.Errorf("%d, %s%s: %+v, want %q", i, read.file, suffix, got, want)
			}
		}
	}
	play(t, []step{
		{"loadtest run --people nosuch --key public", "", 1, "", "tradefront: population: …"},
		{"loadtest run --people nosuch --key public.hidden", "", 1, "", "tradefront: --key: …line 2 holds a zero-width space…"},
		{"loadtest run --people nosuch --key public.utf16", "", 1, "", "tradefront: --key: public.utf16 is saved as UTF-16…"},
	})
}
