package config

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzLoad: for any file and environment, reading ends with a usable
// configuration or with faults that make a report; the same input gives the same report.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(Defaults()), "TRADEFRONT_FRONT_ID=2")
	f.Fuzz(func(t *testing.T, data []byte, variable string) {
		c, faults := parse(data, []string{variable})
		for _, fault := range faults {
			if fault.Problem == "" || strings.HasPrefix(fault.Problem, "internal:") || strings.ContainsAny(fault.String(), "\n\r\x00") {
				t.Errorf("fault %+q", fault)
			}
		}
		again, faultsAgain := parse(data, []string{variable})
		if !reflect.DeepEqual(c, again) || faults.Error() != faultsAgain.Error() {
			t.Error("a second reading differs")
		}
		if len(faults) == 0 && (c.BrokerID == "" || c.Front.ID < 1 || len(c.Front.Listeners) == 0 || len(c.Keys) == 0) {
			t.Errorf("accepted: %+v", c)
		}
	})
}
