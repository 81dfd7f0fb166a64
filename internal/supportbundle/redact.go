package supportbundle

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The kinds of what is replaced.
const (
	kindAccount = "account"
	kindAddress = "address"
	kindHost    = "host"
	kindPerson  = "person"
	kindValue   = "value"
)

// redactor replaces what must not leave the firm.
type redactor struct {
	key     [32]byte
	secrets []string
	// versions are those of the configured keys.
	versions map[string]bool

	mu       sync.Mutex
	hosts    map[string]bool
	accounts map[string]bool
	tokens   map[string]string // what each token replaces
}

func newRedactor() *redactor {
	r := &redactor{hosts: make(map[string]bool), accounts: make(map[string]bool), versions: make(map[string]bool), tokens: make(map[string]string)}
	_, _ = rand.Read(r.key[:]) // never fails
	return r
}

// tokenBytes of a hash tell apart what is in one bundle.
const tokenBytes = 5

// token takes the place of value.
func (r *redactor) token(kind, value string) string {
	mac := hmac.New(sha256.New, r.key[:])
	mac.Write([]byte(kind + "\x00" + value))
	token := kind + "-" + hex.EncodeToString(mac.Sum(nil)[:tokenBytes])
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens[token] = value
	return token
}

// shortest is the length below which a secret, a host name or an account is replaced only where its place says what it is: in
// other texts it could be any word or number.
const shortest = 4

func (r *redactor) addSecrets(all []string) {
	for _, s := range all {
		if len(s) >= shortest {
			r.secrets = append(r.secrets, s)
		}
	}
}

// addHost makes a name one that is replaced in every text.
func (r *redactor) addHost(name string) {
	if _, err := netip.ParseAddr(name); err == nil || len(name) < shortest || name == "localhost" {
		return // an address is found by its form
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts[name] = true
}

// account is the token of an account, which is replaced in every text from now on.
func (r *redactor) account(name string) string {
	if len(name) >= shortest {
		r.mu.Lock()
		r.accounts[name] = true
		r.mu.Unlock()
	}
	return r.token(kindAccount, name)
}

// address is the token of an address or a network, or what it is if it is of no customer.
func (r *redactor) address(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		if a = a.Unmap(); a.IsLoopback() || a.IsUnspecified() {
			return text
		}
		text = a.String()
	}
	return r.token(kindAddress, text)
}

// textForms are what is looked for in a text. A start does not compile them.
var textForms = sync.OnceValue(func() (f struct{ ipv4, ipv6, masked *regexp.Regexp }) {
	// Dots and colons may be at the end of a sentence, and * is the masked part.
	f.ipv4 = regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}(?:[0-9]{1,3}\b|\*)`)
	f.ipv6 = regexp.MustCompile(`(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}(?:\*)?`)
	f.masked = regexp.MustCompile(`[^\s"'\\,:=\[\]{}()*]{0,2}\*{4}[^\s"'\\,:=\[\]{}()*]{0,2}`) // an account as the application log has it
	return f
})

// text replaces all that is known or has the form of an address.
func (r *redactor) text(in []byte) []byte {
	out, form := in, textForms()
	for _, secret := range r.secrets {
		out = bytes.ReplaceAll(out, []byte(secret), []byte("(hidden)"))
	}
	out = form.ipv6.ReplaceAllFunc(out, r.ipv6)
	out = form.ipv4.ReplaceAllFunc(out, func(found []byte) []byte { return []byte(r.address(string(found))) })
	out = form.masked.ReplaceAllFunc(out, func(found []byte) []byte { return []byte(r.token(kindAccount, string(found))) })
	r.mu.Lock()
	hosts, accounts := longestFirst(r.hosts), longestFirst(r.accounts)
	r.mu.Unlock()
	for _, h := range hosts {
		out = replaceWord(out, h, r.token(kindHost, h))
	}
	for _, a := range accounts {
		out = replaceWord(out, a, r.token(kindAccount, a))
	}
	return out
}

// leastGroups of hexadecimal digits between colons are an address, or a MAC, even if they cannot be read as one; fewer are a time.
const leastGroups = 4

// ipv6 replaces what may be an address; a time of day and a place in a file stay.
func (r *redactor) ipv6(found []byte) []byte {
	text := string(found)
	head := text[:len(text)-len(strings.TrimLeft(text, ":"))]
	tail := text[len(strings.TrimRight(text, ":.")):]
	for _, cut := range []struct{ head, tail string }{{"", ""}, {"", tail}, {head, ""}, {head, tail}} {
		if len(cut.head)+len(cut.tail) > len(text) {
			continue
		}
		body := text[len(cut.head) : len(text)-len(cut.tail)]
		if _, err := netip.ParseAddr(body); err == nil {
			return []byte(cut.head + r.address(body) + cut.tail)
		}
	}
	if strings.Count(text, ":") >= leastGroups-1 {
		return []byte(r.token(kindAddress, text))
	}
	return found
}

func longestFirst(set map[string]bool) []string {
	all := make([]string, 0, len(set))
	for s := range set {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// replaceWord replaces word where no letter, digit or _ is beside it.
func replaceWord(in []byte, word, with string) []byte {
	var out []byte
	rest := in
	for {
		i := bytes.Index(rest, []byte(word))
		if i < 0 {
			break
		}
		end := i + len(word)
		before := len(out) > 0 && i == 0 && wordByte(out[len(out)-1]) || i > 0 && wordByte(rest[i-1])
		after := end < len(rest) && wordByte(rest[end])
		out = append(out, rest[:i]...)
		if before || after {
			out = append(out, word...)
		} else {
			out = append(out, with...)
		}
		rest = rest[end:]
	}
	if out == nil {
		return in
	}
	return append(out, rest...)
}

func wordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// betrays reports whether some secret is in what was redacted, or in what cannot be.
func (r *redactor) betrays(content []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range r.secrets {
		if bytes.Contains(content, []byte(secret)) {
			return true
		}
	}
	return false
}
