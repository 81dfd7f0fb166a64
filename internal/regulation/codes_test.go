package regulation

import (
	"testing"
	"time"
)

// Every byte: exactly the codes of 4.2.3 are valid, and print as themselves.
func TestCodes(t *testing.T) {
	flags := map[byte]string{'0': "normal", '1': "terminal_info_empty", '2': "key_version_abnormal", '3': "terminal_data_abnormal"}
	users := map[byte]string{'1': "customer", '2': "operator"}
	terminals := map[byte]string{'1': "Windows", '2': "Linux", '3': "Mac OS", '4': "iOS", '5': "Android", '6': "offline", '7': "WeChat"}
	for i := range 256 {
		b := byte(i)
		checkCode(t, b, flags, AbnormalFlag(b).Valid(), AbnormalFlag(b).Word())
		checkCode(t, b, users, UserType(b).Valid(), UserType(b).Word())
		checkCode(t, b, terminals, TerminalType(b).Valid(), TerminalType(b).String())
	}
	if FlagKeyVersion.String() != "2" || UserOperator.String() != "2" {
		t.Error("a code does not print as its digit")
	}
}

func checkCode(t *testing.T, b byte, words map[byte]string, valid bool, word string) {
	t.Helper()
	want, ok := words[b]
	if !ok {
		want = "invalid"
	}
	if valid != ok || word != want {
		t.Errorf("code %q: valid %v, word %q; want %v, %q", b, valid, word, ok, want)
	}
}

func TestZone(t *testing.T) {
	at := time.Date(2025, 7, 10, 0, 45, 0, 0, time.UTC)
	if got := at.In(Zone).Format(TimeLayout); got != "2025-07-10 08:45:00" || len(got) != TimeLen {
		t.Fatalf("got %q", got)
	}
	// 1988 had summer time in China; the specification's zone has none.
	if got := time.Date(1988, 7, 1, 0, 0, 0, 0, time.UTC).In(Zone).Hour(); got != 8 {
		t.Fatalf("summer time: hour %d", got)
	}
}
