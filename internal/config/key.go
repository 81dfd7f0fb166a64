package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// ValidAt reports whether the key may be used at t: from NotBefore on, and before NotAfter. A zero time
// is no bound.
func (k *Key) ValidAt(t time.Time) bool {
	return within(t, k.NotBefore, k.NotAfter)
}

// ValidAt reports whether terminals may use the key at t, as Key.ValidAt.
func (k *AgentKey) ValidAt(t time.Time) bool { return within(t, k.NotBefore, k.NotAfter) }

func within(t, notBefore, notAfter time.Time) bool {
	return (notBefore.IsZero() || !t.Before(notBefore)) && (notAfter.IsZero() || t.Before(notAfter))
}

// checkKeys holds the keys to A.1: versions unique, at most two valid at any instant.
func (c *Config) checkKeys(settled Faults) (faults Faults) {
	if len(c.Keys) == 0 {
		faults.add("keys", "is empty: no terminal information could be encrypted", "name at least one key of the monitoring centre")
	}
	var sound []Key // of which the times are known
	for i, k := range c.Keys {
		path := entryKey("keys", i)
		if slices.ContainsFunc(c.Keys[:i], func(o Key) bool { return k.Version != "" && o.Version == k.Version }) {
			faults.add(path+".version", "appears twice", "")
		}
		switch {
		case settled.on(path+".not_before") || settled.on(path+".not_after"):
		case !k.NotBefore.IsZero() && !k.NotAfter.IsZero() && !k.NotBefore.Before(k.NotAfter):
			faults.add(path+".not_after", "is not after not_before: the key is never valid", "")
		default:
			sound = append(sound, k)
		}
	}
	if when, many := threeAtOnce(sound); many {
		faults.add("keys", fmt.Sprintf("more than two keys are valid at %s; A.1 allows two", when), "bound the older ones with not_after")
	}
	return faults
}

// threeAtOnce looks at the instants at which a key begins to be valid: the number of valid
// keys rises nowhere else. The zero time is before any bound.
func threeAtOnce(keys []Key) (when string, many bool) {
	for _, k := range keys {
		valid := 0
		for i := range keys {
			if keys[i].ValidAt(k.NotBefore) {
				valid++
			}
		}
		if valid > 2 {
			if k.NotBefore.IsZero() {
				return "the earliest times", true
			}
			return k.NotBefore.In(regulation.Zone).Format(time.RFC3339), true
		}
	}
	return "", false
}
