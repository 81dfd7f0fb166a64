package main

import (
	"strings"
	"testing"
	"unicode"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// TestWordsInChinese: each word of the closed sets that lists show has Chinese.
func TestWordsInChinese(t *testing.T) {
	t.Parallel()
	sets := map[string][]string{
		"user":          {regulation.UserCustomer.Word(), regulation.UserOperator.Word()},
		"app":           {auth.AppDirect.String(), auth.AppInvestorRelay.String(), auth.AppOperatorRelay.String()},
		"relay":         relayTypes(t),
		"terminal_apps": {string(relay.Listed), string(relay.Audit)},
		"severity":      {string(ops.Required), string(ops.Warning)},
		"front":         {"running", "stopped", "silent", "other life", "retired"},
		"state":         {"starting", "serving", "draining"},
		"masterkey":     {"current", "new", "old"},
		"archive":       {string(store.ArchiveDetached), string(store.ArchiveDropped), string(store.ArchiveRestored), string(store.ArchiveDestroyed)},
		"export":        {string(store.FullExport), string(store.PartialExport), string(store.SupplementExport)},
		"side":          {"front", "relay"},
	}
	for s := local.Enabled; s.String() != "invalid"; s++ {
		sets["account"] = append(sets["account"], s.String())
	}
	for s := supplement.KeyNotYet; s.String() != "invalid"; s++ {
		sets["key"] = append(sets["key"], s.String())
	}
	for s := session.Connected; s <= session.Closed; s++ {
		sets["session"] = append(sets["session"], s.String())
	}
	for f := regulation.FlagNormal; f.Valid(); f++ {
		sets["flag"] = append(sets["flag"], f.Word())
	}
	for set, words := range sets {
		for _, word := range words {
			if zh := chinese.Word(set, word); !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s %q is %q: add it to internal/chinese/words.go", set, word, zh)
			}
		}
	}
}

// relayTypes are the words of relay add --type, which lists show too.
func relayTypes(t *testing.T) []string {
	t.Helper()
	words, flag := []string{"investor", "operator"}, commandAt(t, "relay add").Flags().Lookup("type")
	for _, word := range words {
		if err := flag.Value.Set(word); err != nil || flag.Value.String() != word {
			t.Errorf("--type %s is %q: %v", word, flag.Value, err)
		}
	}
	return words
}

// TestListsInChinese: what lists show of states and types, within tables too, is in the language of who reads them. The lists of fronts
// and sessions have the same test in their room.
func TestListsInChinese(t *testing.T) {
	newSite(t)
	write(t, "password", "pass-word\n")
	const add = "relay add --app-id a_b_1 --type operator --operator 8001 --scope all --network ::1 --chained"
	for _, args := range []string{
		"account add --account 8001 --user-type 2 --password-file password", "account disable --account 8001 --why lost", add, "relay disable a_b_1",
	} {
		before(t, args, exitDone)
	}
	var zh, en string
	for _, list := range []string{"account list", "relay show a_b_1"} {
		zh += tradefront("", strings.Fields(list+" --lang zh"+onC)...).out
		en += tradefront("", strings.Fields(list+" --lang en"+onC)...).out
	}
	for _, want := range []string{"资金账户", "8001      操作员  停用", "一对多, 未准入", "范围 8001          全部账户"} {
		if !strings.Contains(zh, want) {
			t.Errorf("%q is not in\n%s", want, zh)
		}
	}
	for _, want := range []string{"ACCOUNT", "8001     operator  disabled", "operator, disabled", "scope of 8001      all"} {
		if !strings.Contains(en, want) {
			t.Errorf("%q is not in\n%s", want, en)
		}
	}
	if strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("Chinese in\n%s", en)
	}
}
