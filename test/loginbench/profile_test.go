//go:build linux

package loginbench

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/tradefront/tradefront/test/pgtest"
)

const (
	profileVariable = "TRADEFRONT_TEST_PROFILE" // a file
	profileSeconds  = 30                        // of each front
)

// TestProfile writes the processor profile of a storm of logins at a front with either store, for the compiler: `make profile`.
func TestProfile(t *testing.T) {
	path := os.Getenv(profileVariable)
	if path == "" {
		t.Skip("make profile runs it")
	}
	s := &stage{terminals: startTerminals(t)}
	var all []*profile.Profile
	for _, c := range []*contender{
		newFront(t, embeddedName, program, nil, ""), newFront(t, postgresName, program, pgtest.StartIn(t, ""), ""),
	} {
		s.visits(t, c, concurrent, 2000)
		all = append(all, s.profile(t, c))
	}
	merged, err := profile.Merge(all)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := merged.Compact().Write(&out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// profile is taken while terminals come and go.
func (s *stage) profile(t *testing.T, c *contender) *profile.Profile {
	t.Helper()
	taken := make(chan string, 1)
	go func() { taken <- c.get(t, fmt.Sprintf("/debug/pprof/profile?seconds=%d", profileSeconds)) }()
	for {
		s.visits(t, c, concurrent, 1000)
		select {
		case text := <-taken:
			p, err := profile.ParseData([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return p
		default:
		}
	}
}
