package reason

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var word = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func TestWordsAreStableAndUnique(t *testing.T) {
	for _, words := range [][]string{Words(), CloseWords()} {
		seen := map[string]bool{}
		for _, w := range words {
			if !word.MatchString(w) || seen[w] {
				t.Errorf("word %q", w)
			}
			seen[w] = true
		}
	}
}

// TestWordsOfAllReasons: the one word that two reasons share is in Words too.
func TestWordsOfAllReasons(t *testing.T) {
	words := Words()
	for r := range reasonCount {
		if !slices.Contains(words, r.String()) {
			t.Errorf("Words lacks %v", r)
		}
		if r.Accepted() != (r.Code() == 0) {
			t.Errorf("%v: accepted %v with code %d", r, r.Accepted(), r.Code())
		}
	}
	if UnknownCustomer.String() != UnknownAccount.String() || UnknownCustomer.Code() != OutOfScope.Code() {
		t.Error("a relay can find out which accounts exist outside its scope")
	}
}

// TestOneTextOfCode3: who is answered 3 does not learn whether the password was right, and the text does not say that it alone can be wrong.
func TestOneTextOfCode3(t *testing.T) {
	for _, r := range []Reason{WrongPassword, UnknownAccount, TerminalInfoRefused, ReplayedTerminalInfo} {
		if got, want := string(r.AppendText(nil, Ref{})), string(WrongPassword.AppendText(nil, Ref{})); r.Code() != 3 || got != want {
			t.Errorf("%v: %d %q, want %q", r, r.Code(), got, want)
		}
	}
	if _, english := CodeText(3); !strings.Contains(english, "password") || !strings.Contains(english, "terminal info") {
		t.Errorf("%q names not all causes", english)
	}
}

// Every text fits ErrorText whole, reference and all: a reference that was cut off
// would be worth nothing.
func TestEveryErrorTextFits(t *testing.T) {
	for r := range reasonCount {
		if _, ok := errorText[r.Code()]; !ok {
			t.Errorf("%v: no text for code %d", r, r.Code())
		}
		for _, text := range [][]byte{r.AppendText(nil, Ref{'A', 'B', 'C', 'D', 'E', 'F'}), r.AppendPartText(nil, Ref{'A', 'B', 'C', 'D', 'E', 'F'})} {
			if len(text) > 100 || !utf8.Valid(text) {
				t.Errorf("%v: %d bytes", r, len(text))
			}
			if failed := !r.Accepted(); failed != regexp.MustCompile(` \[ref ABCDEF\]$`).Match(text) {
				t.Errorf("%v: %s", r, text)
			}
		}
	}
}
