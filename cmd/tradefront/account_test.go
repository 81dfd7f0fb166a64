package main

import (
	"strings"
	"testing"
)

func TestAccounts(t *testing.T) {
	newSite(t)
	write(t, "password", "pass-word\n")
	write(t, "windows", "pass-word\r\n")
	write(t, "space", "pass-word \n")
	write(t, "long", strings.Repeat("x", 41))
	write(t, "empty", "\n")
	write(t, "control", "pass\tword")
	const add = "account add" + onC + " --password-file "
	play(t, []step{
		{"account list" + onC, "", 0, "ACCOUNT  TYPE  STATE  CREATED  LAST UNLOCKED\nnone", ""},
		{"account list -o json" + onC, "", 0, "[]", ""},

		{add + "nosuch --account 88", "", 1, "", "tradefront: --password-file: open nosuch: no such file or directory"},
		{add + "space --account 88", "", 1, "", "tradefront: password: ends in a space; the login request pads with spaces, so it would never match"},
		{add + "long --account 88", "", 1, "", "tradefront: password: 41 bytes, at most 40 fit the login request"},
		{add + "empty --account 88", "", 1, "", "tradefront: --password-file: empty is empty; write it into the first line"},
		{add + "control --account 88", "", 1, "", "tradefront: --password-file: control holds a tab (U+0009), which does not show…"},
		{add + "- --account 88", "", 1, "", "tradefront: --password-file: standard input is empty; write it into the first line"},
		{add + "password --account 88@88", "", 1, "", "tradefront: account: only digits and letters are allowed"},
		{add + "password --account " + strings.Repeat("8", 19), "", 1, "", "tradefront: account: longer than 18 bytes"},
		{add + "password --account 88 --user-type 3", "", 1, "", "tradefront: --user-type \"3\": want 1 (customer) or 2 (operator)"},
		{add + "password --account 88 --user-type 12", "", 1, "", "tradefront: --user-type \"12\": want 1 (customer) or 2 (operator)"},
		{"account list -o json" + onC, "", 0, "[]", ""}, // none of these left anything

		{add + "password --account 88", "", 0, "added account 88 (customer)", ""},
		{add + "- --account 77 --user-type 2", "pass-word\n", 0, "added account 77 (operator)", ""},
		{add + "windows --account 66 -o json", "", 0, "{\n  \"account\": \"66\",\n  \"user_type\": \"1\"\n}", ""},
		{add + "password --account 88", "", 1, "", "tradefront: account 88 is there already; see `tradefront account list`"},
		{"account list" + onC, "", 0, "ACCOUNT  TYPE      STATE    CREATED …\n66       customer  enabled  20…  -\n77       operator  enabled  20…  -\n88       customer  enabled  20…  -", ""},

		{"account password --account 99 --password-file password" + onC, "", 1, "", "tradefront: there is no account 99; see `tradefront account list`"},
		{"account password --account 88 --password-file empty" + onC, "", 1, "", "tradefront: --password-file: empty is empty…"},
		{"account password --account 88 --password-file -" + onC, "other-word\n", 0, "account 88 has another password; running fronts follow within seconds", ""},
		{"account unlock --account 99" + onC, "", 1, "", "tradefront: there is no account 99; see `tradefront account list`"},
		{"account unlock --account 9@9" + onC, "", 1, "", "tradefront: account: only digits and letters are allowed"},
		{"account unlock --account 77" + onC, "", 0, "lifted the locks of account 77; running fronts follow within seconds", ""},
		{"account unlock --account 77 -o json" + onC, "", 0, "{\n  \"account\": \"77\",\n  \"unlocked\": \"…+08:00\"\n}", ""},
		{"account password --account 88 --password-file password -o json" + onC, "", 0, "{\n  \"account\": \"88\"\n}", ""},
		{"account list" + onC, "", 0, "…\n77       operator  enabled  20…  20…\n88…  -", ""},
		{"account list -o json" + onC, "", 0, "[…\"account\": \"77\",\n    \"user_type\": \"2\",\n    \"state\": \"enabled\",\n    \"created\": \"…+08:00\",\n    \"unlocked\": \"…+08:00\"…\"account\": \"88\"…]", ""},
	})
	if strings.Contains(read(t, "tradefront.db"), "pass-word") {
		t.Error("the store holds the password in clear")
	}
}
