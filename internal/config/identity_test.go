package config

import (
	"os"
	"strings"
	"testing"
)

// identified adds the three IDs that have no default to env, but for those that yaml has.
func identified(yaml string, env ...string) []string {
	for variable, line := range map[string]string{
		"TRADEFRONT_BROKER_ID=9999": "broker_id:", "TRADEFRONT_REPORT_UNIT_ID=0001": "report_unit_id:", "TRADEFRONT_VENDOR_ID=TF01": "vendor_id:",
	} {
		if !strings.Contains(yaml, line) {
			env = append(env, variable)
		}
	}
	return env
}

// A firm that forgot one of its IDs would report under the name of another.
func TestIdentityIsRequired(t *testing.T) {
	_, faults := parse([]byte("front: {id: 1}"), nil)
	const want = "broker_id: is required and missing; write the firm's broker ID, which its terminals send\n" +
		"report_unit_id: is required and missing; write 期货公司统一标识, which the monitoring centre gave the firm\n" +
		"vendor_id: is required and missing; write 交易软件厂商ID, which the monitoring centre gave the vendor"
	if got := faults.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if _, faults := parse([]byte(Defaults()), nil); faults.Error() != want {
		t.Errorf("the defaults: %v", faults)
	}
}

// What does not look like another name to a reader, and is one to the monitoring centre.
func TestIdentityIsPlain(t *testing.T) {
	for value, want := range map[string]string{
		"“9999”":     "broker_id: holds the quotation mark “ (U+201C); take it off; in a file, quote by two plain \" as typed with an English keyboard",
		"'9999'":     "broker_id: holds the quotation mark ' (U+0027); take it off; in a file, quote by two plain \" as typed with an English keyboard",
		"９999":       "broker_id: holds the full-width character ９ (U+FF19); write 9",
		"99 99":      "broker_id: holds a space (U+0020); write the firm's broker ID, which its terminals send",
		"99\u200b99": "broker_id: contains an invisible format character",
		"99期":        "broker_id: holds the character '期' (U+671F), which is not plain ASCII; write the firm's broker ID, which its terminals send",
		"9999@":      "broker_id: contains the separator @",
	} {
		if _, faults := parse([]byte("front: {id: 1}"), identified("broker_id:", "TRADEFRONT_BROKER_ID="+value)); faults.Error() != want {
			t.Errorf("%q: got %v\nwant %s", value, faults, want)
		}
	}
	quotes, err := os.ReadFile("testdata/identity_quotes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, faults := parse(quotes, identified(string(quotes)))
	for _, key := range []string{"broker_id", "vendor_id", "keys[0].version", "system_name"} {
		if !faults.on(key) {
			t.Errorf("%s with full-width quotation marks was accepted: %v", key, faults)
		}
	}
	if len(faults) != 4 {
		t.Error(faults)
	}
}
