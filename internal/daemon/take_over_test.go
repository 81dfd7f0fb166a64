package daemon

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestHandedOnlineKeys: all keys arrive, and one alone is given as a program gives it that knows no others.
func TestHandedOnlineKeys(t *testing.T) {
	t.Parallel()
	const one = `"Online":5}`
	for _, keys := range [][]int64{nil, {5}, {3, 4, 5}} {
		var given, taken handed
		given.setOnlineKeys(keys)
		image, err := json.Marshal(&given)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(image, &taken); err != nil {
			t.Fatal(err)
		}
		if got := taken.onlineKeys(); !slices.Equal(got, keys) {
			t.Errorf("keys %v, want %v", got, keys)
		}
		if len(keys) == 1 && string(image[len(image)-len(one):]) != one {
			t.Errorf("%s does not end with %s", image, one)
		}
	}
}
