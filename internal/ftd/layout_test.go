package ftd_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// withLayout are the fields that a layout is known of.
func withLayout() (all []ftd.FID) {
	for _, fid := range knownFIDs {
		if _, known := ftd.LayoutOf(fid); known {
			all = append(all, fid)
		}
	}
	return all
}

// TestLayoutsAreThePages: the table of protocol.md has the same items, in the same words.
func TestLayoutsAreThePages(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `0x([0-9A-F]{8})` \\| (\\w+) \\| ([^|]+) \\| [^|]*\\d[^|]* \\|$").FindAllStringSubmatch(string(page), -1)
	var told []ftd.FID
	for _, row := range rows {
		n, err := strconv.ParseUint(row[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		fid := ftd.FID(n)
		told = append(told, fid)
		l, known := ftd.LayoutOf(fid)
		if !known || fid.String() != row[2] {
			t.Errorf("%s of the page: %v, known %v", row[2], fid, known)
			continue
		}
		var items []string
		for _, item := range l.Items {
			size := strconv.Itoa(item.Len)
			if item.Len == 0 {
				size = "*"
			}
			items = append(items, fmt.Sprintf("%s %c%s", item.Name, item.Kind, size))
		}
		want := strings.TrimPrefix(strings.TrimSuffix(row[3], ", one to eight times"), "a run of ")
		if got := strings.Join(items, ", "); got != want {
			t.Errorf("%v: %s\nthe page has %s", fid, got, want)
		}
	}
	if all := withLayout(); len(told) != len(all) {
		t.Errorf("the page has %d fields, %d have a layout", len(told), len(all))
	}
}

// TestLayoutsAreWhatIsDecoded: each item holds what the Encoder wrote of the struct's field in the same place.
func TestLayoutsAreWhatIsDecoded(t *testing.T) {
	for _, fid := range withLayout() {
		l, _ := ftd.LayoutOf(fid)
		if l.Len() != kinds[fid].minLen {
			t.Errorf("%v has %d bytes, want %d", fid, l.Len(), kinds[fid].minLen)
		}
		if l.Run {
			continue // TestFieldRoundTrip has the points
		}
		t.Run(fid.String(), rapid.MakeCheck(func(t *rapid.T) {
			sent := kinds[fid].draw(t)
			data := fieldData(t, nil, fid, sent)
			value := reflect.ValueOf(sent).Elem()
			if value.NumField() != len(l.Items) {
				t.Fatalf("%d items, %d fields", len(l.Items), value.NumField())
			}
			for i, item := range l.Items {
				n := item.Len
				if n == 0 {
					n = len(data)
				}
				if got, want := data[:n], value.Field(i); !holds(item, got, want) {
					t.Fatalf("%s is %q, want %v", item.Name, got, want)
				}
				data = data[n:]
			}
		}))
	}
}

// TestShortFields: a front's own message has no known field that is shorter than its items, whether or not it uses it. A longer one is
// good, and in a business message and in one of the link the field's reader judges.
func TestShortFields(t *testing.T) {
	for tid, checked := range map[ftd.TID]bool{
		ftd.TIDAuthenticate: true, ftd.TIDUserLogin: true, ftd.TIDUserLogout: true, ftd.TIDForceExit: true, ftd.TIDTerminalSubmit: true,
		ftd.TIDTerminalEnd: true, 0x8123: true, 0x9000: true,
		ftd.TIDError: false, ftd.TIDPasswordUpdate: false, ftd.TIDRequestCode: false, 3: false, 0x9100: false,
		ftd.TIDLinkLogin: false, ftd.TIDSessionVerify: false, ftd.TIDSessionKick: false, 0x90FF: false,
	} {
		for _, fid := range withLayout() {
			least := kinds[fid].minLen
			short := map[bool]error{true: ftd.FaultFieldShort}[checked]
			for n, want := range map[int]error{0: short, 1: short, least - 1: short, least: nil, least + 1: nil} {
				other := rawField{0x7777, []byte("x")}
				if _, err := ftd.DecodeMessage(body(tid, other, rawField{fid, make([]byte, n)}, other)); err != want {
					t.Errorf("%v with %v of %d bytes: %v, want %v", tid, fid, n, err, want)
				}
			}
			twice := rawField{fid, make([]byte, least)}
			wantTwice := map[bool]error{false: ftd.FaultFieldTwice}[tid == ftd.TIDRequestCode]
			if _, err := ftd.DecodeMessage(body(tid, twice, twice)); err != wantTwice {
				t.Errorf("%v with %v twice: %v", tid, fid, err)
			}
		}
		if _, err := ftd.DecodeMessage(body(tid, rawField{0x8012, nil}, rawField{0x8000, nil}, rawField{0x0004, nil})); err != nil {
			t.Errorf("%v with unknown fields that are empty: %v", tid, err)
		}
	}
}

func holds(item ftd.Item, data []byte, want reflect.Value) bool {
	text := strings.TrimRight(string(data), " ")
	switch item.Kind {
	case ftd.ItemText:
		if want.Kind() == reflect.Int {
			return text == strconv.FormatInt(want.Int(), 10)
		}
		return text == string(want.Bytes())
	case ftd.ItemChar:
		return uint64(data[0]) == want.Uint()
	case ftd.ItemWord:
		return uint64(binary.BigEndian.Uint16(data)) == want.Uint()
	case ftd.ItemInt:
		return int64(int32(binary.BigEndian.Uint32(data))) == want.Int()
	case ftd.ItemDigits:
		n, err := strconv.ParseInt(string(data), 10, 64)
		return err == nil && n == want.Int()
	case ftd.ItemBytes:
		if want.Kind() == reflect.Array {
			return slices.Equal(data, want.Slice(0, want.Len()).Bytes())
		}
		return bytes.Equal(data, want.Bytes())
	}
	return false
}
