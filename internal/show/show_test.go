package show

import (
	"testing"
	"time"
)

func TestShow(t *testing.T) {
	at := time.Date(2026, 1, 5, 1, 2, 3, 4, time.UTC)
	for got, want := range map[string]string{
		Time(at): "2026-01-05 09:02:03", Optional(&at): "2026-01-05 09:02:03", Time(time.Time{}): "-", Optional(nil): "-",
		Size(5 << 19): "2.5 MiB", Size(-1): "0 B",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if Pointer(time.Time{}) != nil || !Pointer(at).Equal(at) || Days(36*time.Hour) != 1.5 {
		t.Error("a zero time, or a day and a half")
	}
}
