package loadtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// causes are all keys of Failed, Again and Hostile that the engine makes.
func causes() (all []string) {
	all = []string{
		result.NoString, result.NoRelayTerms, result.TerminalEnded, byCode(90), shutOut,
		result.NotEncoded, result.NotEncodedOrder, result.NotEncodedSubmission, // an error of package client follows: a fault of ours
	}
	for _, errno := range []unix.Errno{
		unix.ECONNREFUSED, unix.ECONNRESET, unix.ETIMEDOUT, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENETDOWN, unix.EHOSTDOWN, unix.EACCES, unix.EPERM,
		unix.EPIPE, unix.ENOBUFS, unix.ENOMEM,
	} {
		all = append(all, result.NotConnected+": "+errno.Error())
	}
	for state := range stateNames {
		v := visit{state: state}
		for _, why := range []string{
			result.NoAnswer, result.NoHeartbeat, result.Closed, result.NotWritten, result.NotRead, result.NotOurProtocol, byCode(7), result.ForceExit + " 3",
		} {
			all = append(all, v.during(why))
		}
	}
	for kind := honest + 1; kind < kinds; kind++ {
		all = append(all, kindNames[kind], kindNames[kind]+" "+result.GotCode+" 143", result.AttackerLetIn+": "+kindNames[kind])
	}
	return all
}

// english are words that the Chinese text may not have, beside names.
var english = regexp.MustCompile(`[A-Za-z]{2,}`)

var names = strings.NewReplacer("RelayTerms", "", "core.driver", "", "core-sim", "", " link", "", "--sources", "")

// TestEachCauseIsInBothLanguages: what the page and the text say of a failure has no word of the other language, and no key.
func TestEachCauseIsInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, why := range causes() {
		if text := result.FailureText(why, "zh"); english.MatchString(names.Replace(text)) {
			t.Errorf("%q in Chinese: %q", why, text)
		}
		if text := result.FailureText(why, "en"); text == "" || strings.ContainsRune(text, '_') {
			t.Errorf("%q in English: %q", why, text)
		}
	}
}

// TestEachEarlyEndIsInBothLanguages: what the engine ends a run by, and what may keep it from its beginning.
func TestEachEarlyEndIsInBothLanguages(t *testing.T) {
	t.Parallel()
	all := []error{
		errInterrupted, errNoCore, errNoSessions, &lackError{7, errNoStrings}, &lackError{7, unix.EMFILE}, &lackError{7, unix.ENFILE},
		&lackError{7, fmt.Errorf("bind to source address %v: %w", "127.0.0.9", unix.EADDRNOTAVAIL)}, &lackError{7, fmt.Errorf("epoll_ctl: %w", unix.ENOMEM)},
		&lackError{7, fmt.Errorf("%w: no port is left at this source address: more --sources", unix.EADDRNOTAVAIL)}, errLeftAlone,
	}
	for _, why := range causes() {
		e := engineOf(&Plan{Scenario: Steady, Visits: 40})
		e.failure = why
		all = append(all, e.notFilled(39))
	}
	syscalls := strings.NewReplacer("epoll_ctl", "")
	for _, err := range all {
		r := &result.Result{EndedEarly: err.Error()}
		if text := r.EarlyText("zh"); english.MatchString(syscalls.Replace(names.Replace(text))) {
			t.Errorf("%q in Chinese: %q", err, text)
		}
		if text := r.EarlyText("en"); text == "" || strings.ContainsRune(syscalls.Replace(text), '_') {
			t.Errorf("%q in English: %q", err, text)
		}
	}
}

// causeMade is a call that makes a key of Failed, Again or Hostile; texts of its own must be but punctuation.
var causeMade = regexp.MustCompile(`\.(?:fail|failed|lost|hostile|attackEnded|comesAgain|during)\(.*`)

// TestCausesAreThoseThatHaveWords: the engine has no text of a cause beside the names of package result, which causes lists.
func TestCausesAreThoseThatHaveWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal, calls := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`), 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range causeMade.FindAllString(string(text), -1) {
			calls++
			for _, text := range literal.FindAllString(call, -1) {
				if strings.Trim(text, `": `) != "" && text != `": %v"` {
					t.Errorf("%s: %s: name %s in package result, with its words, and in causes", file, call, text)
				}
			}
		}
	}
	if calls < 20 {
		t.Errorf("only %d calls were found", calls)
	}
}
