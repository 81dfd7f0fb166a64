package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Every fault of what is inside the ciphertexts of line 2. supplement and terminal replace
// those of a good line; raw is a terminal item that is no ciphertext of the key.
func TestFaultsInside(t *testing.T) {
	const good = goodSupplement
	item := func(i int, value string) string {
		items := strings.Split(good, "@")
		items[i] = value
		return strings.Join(items, "@")
	}
	relay := func(items string) string { return strings.Replace(good, "@@@@@", "@"+items+"@", 1) }
	const otherTerminal = "2@2026-01-05 08:59:00@10.0.0.1@FE80::1@@@name@os@disk@cpu@bios"
	wrong := (&sealer{name: "B"}).seal("")

	for _, c := range []struct {
		name, supplement, terminal string
		raw                        []byte
		want                       []string
		problem                    string
	}{
		{name: "good"},
		{name: "10 items", supplement: strings.Replace(good, "@@@@@", "@@@@", 1), want: []string{"supplement_items:2"}, problem: "10 items"},
		{name: "12 items", supplement: good + "@", want: []string{"supplement_items:2"}, problem: "12 items"},
		{name: "items out of order", supplement: item(1, "88888888"), want: []string{"app_id:2"}},
		{name: "flag empty", supplement: item(0, ""), want: []string{"flag:2"}},
		{name: "flag 4", supplement: item(0, "4"), want: []string{"flag:2"}},
		{name: "flag of two bytes", supplement: item(0, "00"), want: []string{"flag:2"}},
		{name: "AppID of two parts", supplement: item(1, "client_xsb"), want: []string{"app_id:2"}, problem: "three parts"},
		{name: "AppID too long", supplement: item(1, "clientclient_xsb_1.0"), want: []string{"app_id:2"}, problem: "longer than 10"},
		{name: "address empty", supplement: item(2, ""), want: []string{"address:2"}},
		{name: "address with a zero before", supplement: item(2, "116.228.052.10"), want: []string{"address:2"}},
		{name: "address unspecified", supplement: item(2, "0.0.0.0"), want: []string{"address:2"}, problem: "unspecified"},
		{name: "IPv6", supplement: item(2, "240E:0390:0000:0000:0000:0000:0000:0001")},
		{name: "IPv6 in lower case", supplement: item(2, "240e:0390:0000:0000:0000:0000:0000:0001"), want: []string{"address:2"}, problem: "4.2.4"},
		{name: "IPv6 shortened", supplement: item(2, "240E:390::1"), want: []string{"address:2"}, problem: "4.2.4"},
		{name: "IPv4-mapped", supplement: item(2, "::FFFF:116.228.52.10"), want: []string{"address:2"}, problem: "4.2.4"},
		{name: "IPv4-mapped in groups", supplement: item(2, "0000:0000:0000:0000:0000:FFFF:74E4:340A"), want: []string{"address:2"}, problem: "4.2.4"},
		{name: "address with a zone", supplement: item(2, "FE80::1%eth0"), want: []string{"address:2"}},
		{name: "private address", supplement: item(2, "192.168.1.1"), want: []string{"address_not_public:2"}, problem: "private"},
		{name: "loopback", supplement: item(2, "127.0.0.1"), want: []string{"address_not_public:2"}, problem: "loopback"},
		{name: "carrier's shared address", supplement: item(2, "100.64.1.1"), want: []string{"address_not_public:2"}, problem: "shared"},
		{name: "link-local", supplement: item(2, "169.254.1.1"), want: []string{"address_not_public:2"}, problem: "link-local"},
		{name: "documentation", supplement: item(2, "203.0.113.5"), want: []string{"address_not_public:2"}, problem: "reserved"},
		{name: "port empty", supplement: item(3, ""), want: []string{"port:2"}},
		{name: "port 0", supplement: item(3, "0"), want: []string{"port:2"}},
		{name: "port with a zero before", supplement: item(3, "080"), want: []string{"port:2"}},
		{name: "port too big", supplement: item(3, "65536"), want: []string{"port:2"}},
		{name: "port of six digits", supplement: item(3, "100000"), want: []string{"port:2"}},
		{name: "port with a sign", supplement: item(3, "+80"), want: []string{"port:2"}},
		{name: "largest port", supplement: item(3, "65535")},
		{name: "time empty", supplement: item(4, ""), want: []string{"login_time:2"}},
		{name: "no such time", supplement: item(4, "2026-01-05 24:00:00"), want: []string{"login_time:2"}},
		{name: "time of one digit", supplement: item(4, "2026-01-05 9:00:00"), want: []string{"login_time:2"}},
		{name: "time with a fraction", supplement: item(4, morning+".5"), want: []string{"login_time:2"}},
		{name: "start of the window", supplement: item(4, "2025-12-31 15:30:00"), terminal: strings.Replace(goodTerminal, morning, "2025-12-31 15:30:00", 1)},
		{name: "before the window", supplement: item(4, "2025-12-31 15:29:59"), want: []string{"login_time_window:2"}, problem: "before its start"},
		{name: "end of the window", supplement: item(4, "2026-01-05 15:29:59")},
		{name: "after the window", supplement: item(4, "2026-01-05 15:30:00"), want: []string{"login_time_window:2"}, problem: "at or after its end"},
		{name: "relay", supplement: relay("relay_r_1.0@116.228.52.11@1234@2026-01-05 08:00:00")},
		{name: "relay without a port", supplement: relay("relay_r_1.0@116.228.52.11@@2026-01-05 08:00:00"), want: []string{"relay:2"}, problem: "relay port: empty"},
		{name: "relay's AppID alone", supplement: relay("relay_r_1.0@@@"), want: []string{"relay:2"}, problem: "relay IP: empty"},
		{name: "relay's AppID missing", supplement: relay("@116.228.52.11@1@2026-01-05 08:00:00"), want: []string{"relay:2"}, problem: "RelayAppID: empty"},
		{name: "relay, the terminal logged in there long before the window", supplement: strings.Replace(operatorLine, morning, "2025-12-30 09:00:00", 1)},
		{
			name: "relay, the terminal's time is older than any front takes", supplement: strings.Replace(operatorLine, morning, "2025-12-14 09:00:00", 1),
			want: []string{"login_time_window:2"}, problem: "longer before its start",
		},
		{name: "relay, its clock a little ahead", supplement: strings.Replace(operatorLine, morning, "2026-01-05 15:30:40", 1)},
		{
			name: "relay, the terminal's time is after the day", supplement: strings.Replace(operatorLine, morning, "2026-01-05 15:40:00", 1),
			want: []string{"login_time_window:2"}, problem: "after its end",
		},
		{name: "operator, logged in before the window", supplement: strings.Replace(operatorLine, "01-05 08:30", "01-01 08:30", 1)},
		{
			name: "many-to-many, logged in before the window", supplement: strings.Replace(manyLine, "2026-01-05 08:30", "2025-12-31 15:29", 1),
			want: []string{"relay_login_time:2"}, problem: "before its start",
		},
		{name: "offline order through a relay", supplement: offlineLine, want: []string{"offline_order:2"}},
		{name: "offline order without a relay", supplement: strings.Replace(good, "116.228.52.10@37768", "@", 1), want: []string{"address:2", "port:2"}},
		{
			name: "no address, and another terminal than offline", supplement: offlineLine, terminal: otherTerminal,
			want: []string{"address:2", "offline_order:2"}, problem: "not of type 6",
		},
		{name: "no address, and a terminal that cannot be opened", supplement: "3" + offlineLine[1:], raw: wrong, want: []string{"offline_order:2"}},
		{name: "a port without an address", supplement: strings.Replace(operatorLine, "116.228.52.10", "", 1), want: []string{"address:2"}},
		{name: "relay all wrong", supplement: relay("r@1@x@y"), want: []string{"relay:2", "relay:2", "relay:2", "relay:2"}},
		{name: "relay after the day", supplement: relay("relay_r_1.0@116.228.52.11@1@2026-01-05 15:30:00"), want: []string{"relay:2"}, problem: "after the end"},
		{name: "account empty", supplement: item(9, ""), want: []string{"account:2"}},
		{name: "account with a space", supplement: item(9, "88 88"), want: []string{"account:2"}, problem: "digits and letters"},
		{name: "account too long", supplement: item(9, "1234567890123456789"), want: []string{"account:2"}},
		{name: "user type 3", supplement: item(10, "3"), want: []string{"user_type:2"}},
		{name: "user type empty", supplement: item(10, ""), want: []string{"user_type:2"}},
		{name: "operator", supplement: item(10, "2")},
		{name: "everything wrong", supplement: "9@a@b@c@d@e@f@g@h@i j@k", want: []string{"flag:2", "app_id:2", "address:2", "port:2", "login_time:2", "relay:2", "relay:2", "relay:2", "relay:2", "account:2", "user_type:2"}},

		{name: "flag 0, nothing sent", raw: []byte{}, want: []string{"flag_mismatch:2"}, problem: "want 1"},
		{name: "flag 1, nothing sent", supplement: item(0, "1"), raw: []byte{}},
		{name: "flag 3, nothing sent", supplement: item(0, "3"), raw: []byte{}, want: []string{"flag_mismatch:2"}, problem: "want 1"},
		{name: "flag 0, wrong length", raw: []byte("abc"), want: []string{"flag_mismatch:2", "terminal_length:2"}, problem: "want 3"},
		{name: "flag 1, wrong length", supplement: item(0, "1"), raw: []byte("abc"), want: []string{"flag_mismatch:2", "terminal_length:2"}, problem: "want 3"},
		{name: "flag 2, wrong length", supplement: item(0, "2"), raw: []byte("abc"), want: []string{"terminal_length:2"}},
		{name: "flag 3, wrong length", supplement: item(0, "3"), raw: []byte("abc"), want: []string{"terminal_length:2"}},
		{name: "flag 1, something sent", supplement: item(0, "1"), want: []string{"flag_own:2"}},
		{name: "flag 2, another key", supplement: item(0, "2"), raw: wrong},
		{name: "flag 3, another key", supplement: item(0, "3"), raw: wrong},
		{name: "flag 0, another key", raw: wrong, want: []string{"terminal_unopened:2"}},
		{name: "incumbent's header", raw: append([]byte("12345678"), newSealer().seal(goodTerminal)...), want: []string{"terminal_length:2"}, problem: "264 bytes"},
		{name: "terminal type 8", terminal: "8" + goodTerminal[1:], want: []string{"terminal_string:2"}},
		{name: "terminal item missing", terminal: "6@" + morning, want: []string{"terminal_string:2"}, problem: "2 items, offline has 3"},
		{name: "terminal's private IP", terminal: strings.Replace(otherTerminal, "FE80::1", "here", 1), want: []string{"terminal_string:2"}, problem: "私网IP2: not an IP address"},
		{name: "terminal confessed to be malformed", supplement: item(0, "3"), terminal: "x"},
		{name: "Linux", terminal: otherTerminal},
		{name: "collected long ago", terminal: strings.Replace(otherTerminal, "01-05 08", "01-04 08", 1), want: []string{"collected_time:2"}, problem: "24h1m0s apart"},
		{name: "order by telephone, given later", terminal: strings.Replace(goodTerminal, "09:00", "14:00", 1)},
		{name: "supplement of another key", supplement: "B", want: []string{"supplement_unopened:2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSealer()
			s.made = 100 // others are sealed above
			supplement := s.seal(orElse(c.supplement, good))
			if c.supplement == "B" {
				supplement = wrong
			}
			terminal := s.seal(orElse(c.terminal, goodTerminal))
			if c.raw != nil {
				terminal = c.raw
			}
			line := "TF01@1.0@" + text64(terminal) + "@" + text64(supplement) + "\n"
			r := mustVerify(t, options(t, write(t, reportName, s.good()+line+s.good()), s))
			expect(t, r, c.want, c.problem)
		})
	}
}

// Findings tell of items by their names and never what a customer's item was.
func TestFindingsDoNotContainValues(t *testing.T) {
	s := newSealer()
	const secret = "Xq7Zz"
	bad := s.record(strings.Repeat(secret+"@", 10)+secret, "2@"+strings.Repeat(secret+"@", 9))
	r := mustVerify(t, options(t, write(t, reportName, s.good()+bad), s))
	if len(r.Faults) < 7 || strings.Contains(problems(r), secret) {
		t.Errorf("%v: %s", told(r), problems(r))
	}
}

// Keys that cannot be meant are no fault of the file: there is no report then.
func TestKeys(t *testing.T) {
	a, b := newSealer(), &sealer{name: "B"}
	lines := func(s *sealer, version string, n int) string {
		var all strings.Builder
		for range n {
			all.WriteString(strings.Replace(s.good(), "@1.0@", "@"+version+"@", 1))
		}
		return all.String()
	}
	for _, c := range []struct {
		name, content string
		keys          []Version
		err           string // "" for a report
		want          []string
	}{
		{"fits", lines(a, "1.0", 2), []Version{{Name: "1.0", Decrypter: a}}, "", nil},
		{"both fit", lines(a, "1.0", 2) + lines(b, "2.0", 2), []Version{{Name: "1.0", Decrypter: a}, {Name: "2.0", Decrypter: b}}, "", nil},
		{"does not fit, short file", lines(a, "1.0", 2), []Version{{Name: "1.0", Decrypter: b}}, "version 1.0: it opens no line of that version (2 tried)", nil},
		{"does not fit, long file", lines(a, "1.0", 3000), []Version{{Name: "1.0", Decrypter: b}}, "version 1.0: it opens no line of that version (100 tried)", nil},
		{"swapped", lines(a, "1.0", 3000), []Version{{Name: "1.0", Decrypter: b}, {Name: "2.0", Decrypter: a}}, "the key given for 2.0 does: are they swapped?", nil},
		{"wrong version", lines(a, "1.0", 2), []Version{{Name: "2.0", Decrypter: a}}, "version 2.0: no line has that version; the file has 1.0", nil},
		{"one not used", lines(a, "1.0", 1), []Version{{Name: "1.0", Decrypter: a}, {Name: "2.0", Decrypter: b}}, "", []string{"key_unused:0"}},
		{"one not given", lines(a, "1.0", 1) + lines(b, "2.0", 2), []Version{{Name: "1.0", Decrypter: a}, {Name: "2.0"}}, "", []string{"key_missing:2", "key_missing:3"}},
		{"nothing to open", "", []Version{{Name: "1.0", Decrypter: a}}, "", []string{"file_empty:0", "key_unused:0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, write(t, reportName, c.content), nil)
			o.Versions = c.keys
			r, err := Verify(t.Context(), o)
			if c.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				expect(t, r, c.want, "")
				return
			}
			var key *KeyError
			if !errors.As(err, &key) || r != nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v, want %q", err, c.err)
			}
		})
	}
}

// A key that has opened a line is the right one, and lines that it fails to open afterwards
// are faults of the file. All in one chunk, so that the order is certain.
func TestKeyThatOpenedOnce(t *testing.T) {
	s, other := newSealer(), &sealer{name: "B"}
	content := s.good()
	for range patience + 10 {
		content += "TF01@1.0@@" + text64(other.seal("")) + "\n"
	}
	if len(content) > chunkBytes {
		t.Fatalf("%d bytes", len(content))
	}
	r := mustVerify(t, options(t, write(t, reportName, content), s))
	if len(r.Faults) != 1 || r.Faults[0].Kind != "supplement_unopened" || r.Faults[0].Count != patience+10 {
		t.Errorf("%v", told(r))
	}
}

// What several workers count adds up, and the examples are those of the first lines.
func TestWorkersAddUp(t *testing.T) {
	s := newSealer()
	const n = 600 // lines, of several chunks
	relayed := strings.Replace(goodSupplement, "@@@@@", "@relay_r_1.0@116.228.52.11@1@"+morning+"@", 1)
	var content strings.Builder
	for range n {
		content.WriteString(strings.ReplaceAll(s.record(relayed, goodTerminal), "\n", "\r\n"))
	}
	r := mustVerify(t, options(t, write(t, reportName, content.String()), s))
	f, o := r.Faults[0], r.Opened
	if f.Kind != "crlf" || f.Count != n || f.Examples[0].Line != 1 || f.Examples[examplesKept-1].Line != examplesKept {
		t.Errorf("%d %s, %v", f.Count, f.Kind, f.Examples)
	}
	for what, got := range map[string]int64{
		"lines": r.Lines.Total, "versions": r.Lines.KeyVersions[0].Count, "opened": o.Lines, "flag 0": o.Flags[0].Count,
		"customers": o.UserTypes[0].Count, "many-to-many": o.Modes[1].Count, "good": o.TerminalItems[0].Count,
		"offline": o.TerminalTypes[5].Count, "IPv4": o.AddressFamilies[0].Count, "public": o.AddressKinds[0].Count,
		"nine": o.Hours[9].Count, "AppID": o.Apps[0].Count, "address": o.Addresses[0].Count,
	} {
		if got != n {
			t.Errorf("%s: %d, want %d", what, got, n)
		}
	}
}

// A login at each end of a key's life, half-open, whose version that report may have.
func TestLoginInTheLifeOfItsKey(t *testing.T) {
	s := newSealer()
	at := func(clock string) string {
		return s.record(strings.Replace(goodSupplement, morning, "2026-01-05 "+clock, 1), goodTerminal)
	}
	o := options(t, write(t, reportName, at("08:59:59")+at("09:00:00")+at("13:59:59")+at("14:00:00")), s)
	o.Versions[0].NotBefore = time.Date(2026, 1, 5, 9, 0, 0, 5e8, regulation.Zone)
	o.Versions[0].NotAfter = time.Date(2026, 1, 5, 14, 0, 0, 0, regulation.Zone)
	expect(t, mustVerify(t, o), []string{"key_version_other:1", "key_version_other:4"}, "was not valid")
}

// A version with lengths of its own, as SM2 has: a range, not 256.
func TestLengthsOfAVersion(t *testing.T) {
	line := func(terminal, supplement int) string {
		return "TF01@1.0@" + text64([]byte(strings.Repeat("t", terminal))) + "@" + text64([]byte(strings.Repeat("s", supplement))) + "\n"
	}
	o := options(t, write(t, reportName, line(150, 151)+line(256, 149)+line(149, 201)+line(201, 200)), nil)
	o.Versions = []Version{{Name: "1.0", MinLen: 150, MaxLen: 200}}
	expect(t, mustVerify(t, o), []string{
		"terminal_length:2", "supplement_length:2", "terminal_length:3", "supplement_length:3", "terminal_length:4",
	}, "256 bytes")
}

// One address of all terminals: told from largeShare on, and by name.
func TestLargeShare(t *testing.T) {
	s := newSealer()
	logins := func(of map[string]int) *Report {
		var content strings.Builder
		for addr, n := range of {
			for range n {
				content.WriteString(s.record(strings.Replace(goodSupplement, "116.228.52.10", addr, 1), goodTerminal))
			}
		}
		return mustVerify(t, options(t, write(t, reportName, content.String()), s))
	}
	spread := func(n int) map[string]int {
		of := map[string]int{}
		for i := range n {
			of[fmt.Sprintf("116.228.%d.%d", 1+i/200, 1+i%200)] = 1
		}
		return of
	}
	if r := logins(spread(100)); len(r.Warnings) != 0 || r.Opened.AddressesDistinct != 100 || len(r.Opened.Addresses) != topAddresses {
		t.Errorf("spread: %v", told(r))
	}
	of := spread(78)
	of["8.8.8.8"], of["2001:4860:4860:0000:0000:0000:0000:8888"] = 20, 2
	r := logins(of)
	if !slices.Equal(told(r), []string{"address_share:0"}) || problems(r) != "8.8.8.8: 20.0% of 100 logins" {
		t.Errorf("large: %v, %q", told(r), problems(r))
	}
	top := r.Opened.Addresses
	if top[0].Name != "8.8.8.8" || top[0].Count != 20 || top[0].Share != 0.2 || top[1].Name != "2001:4860:4860:0000:0000:0000:0000:8888" || top[1].Count != 2 {
		t.Errorf("top: %+v", top[:2])
	}
	if r := logins(map[string]int{"8.8.8.8": largeShareOf}); len(r.Warnings) != 1 {
		t.Errorf("enough: %v", told(r))
	}
	if r := logins(map[string]int{"8.8.8.8": largeShareOf - 1}); len(r.Warnings) != 0 {
		t.Errorf("few: %v", told(r))
	}
}

// What is counted of a day, from lines of all kinds.
func TestShares(t *testing.T) {
	s := newSealer()
	line := func(flag, app, at, user, terminal string) string {
		return s.record(flag+"@"+app+"@116.228.52.10@1@2026-01-05 "+at+"@@@@@1@"+user, terminal)
	}
	const linux = "2@2026-01-05 09:00:00@10.0.0.1@@@@name@os@disk@cpu@bios"
	content := line("0", "a_b_1", "09:00:00", "1", linux) + line("0", "a_b_1", "09:59:59", "1", linux) +
		line("0", "a_b_2", "10:00:00", "2", goodTerminal) + line("3", "a_b_2", "11:00:00", "1", "?")
	o := mustVerify(t, options(t, write(t, reportName, content), s)).Opened
	counts := func(all []Share) (s string) {
		for _, one := range all {
			if one.Count > 0 {
				s += fmt.Sprintf("%s=%d(%v) ", one.Name, one.Count, one.Share)
			}
		}
		return strings.TrimSpace(s)
	}
	for what, c := range map[string]struct{ got, want string }{
		"flags":    {counts(o.Flags), "0=3(0.75) 3=1(0.25)"},
		"users":    {counts(o.UserTypes), "1=3(0.75) 2=1(0.25)"},
		"modes":    {counts(o.Modes), "direct=4(1)"},
		"items":    {counts(o.TerminalItems), "good=3(0.75) malformed=1(0.25)"},
		"types":    {counts(o.TerminalTypes), "2=2(0.6667) 6=1(0.3333)"},
		"hours":    {counts(o.Hours), "09=2(0.5) 10=1(0.25) 11=1(0.25)"},
		"families": {counts(o.AddressFamilies), "ipv4=4(1)"},
		"kinds":    {counts(o.AddressKinds), "public=4(1)"},
		"apps":     {fmt.Sprint(o.Apps), "[{a_b_1 a_b 1 2 0.5 0} {a_b_2 a_b 2 2 0.5 1}]"},
		"missing":  {fmt.Sprint(o.MissingItems), "[{Linux 私网IP2 2 1} {Linux 网卡MAC地址1 2 1} {Linux 网卡MAC地址2 2 1}]"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", what, c.got, c.want)
		}
	}
}

// More names than are kept are counted together: a file that is no report cannot fill memory.
func TestNamesAreBounded(t *testing.T) {
	var c, other counts[string]
	for i := range namesKept + 10 {
		c.add(fmt.Sprint(i))
		other.add(fmt.Sprint(-i))
	}
	c.merge(&other)
	var total int64
	for _, s := range named(&c) {
		total += s.Count
	}
	if len(c.of) != namesKept || total != 2*(namesKept+10) {
		t.Errorf("%d names, %d in all", len(c.of), total)
	}
}

func TestValidIn(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 1, 5, hour, 0, 0, 0, regulation.Zone) }
	win := Window{at(9), at(15)}
	for _, c := range []struct {
		from, to int // 0 for no bound
		want     bool
	}{{0, 0, true}, {9, 15, true}, {15, 0, false}, {14, 0, true}, {0, 9, false}, {0, 10, true}, {1, 23, true}} {
		v := Version{}
		if c.from > 0 {
			v.NotBefore = at(c.from)
		}
		if c.to > 0 {
			v.NotAfter = at(c.to)
		}
		if v.validIn(win) != c.want {
			t.Errorf("%d to %d: want %v", c.from, c.to, c.want)
		}
	}
}
