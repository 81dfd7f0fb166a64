package site

import (
	"encoding/json"
	"testing"
)

// Verified runs report verify, which must find nothing against a report but that its day is
// not over, and returns how many of its lines were opened. key is VERSION=PEMFILE; without one none is.
func Verified(t testing.TB, binary, config, path, key string) (opened int64) {
	t.Helper()
	args := []string{"report", "verify", path, "-o", "json"}
	if key != "" {
		args = append(args, "--private-key", key)
	}
	out, errOut, err := Run(binary, config, "", args...)
	var r struct {
		Verdict struct{ Word, English string }
		Opened  *struct{ Lines int64 }
	}
	if bad := json.Unmarshal([]byte(out), &r); bad != nil {
		t.Fatalf("report verify: %v, %v\n%s%s", err, bad, out, errOut)
	}
	switch {
	case r.Verdict.Word == "good" && err == nil, r.Verdict.Word == "partial" && err != nil:
	default:
		t.Fatalf("report verify: %v, %s: %s\n%s", err, r.Verdict.Word, r.Verdict.English, out)
	}
	if r.Opened == nil {
		return 0
	}
	return r.Opened.Lines
}

// Verified is the function Verified with the site's program and configuration.
func (s *Site) Verified(path, key string) (opened int64) {
	s.t.Helper()
	return Verified(s.t, s.binary, s.Config, path, key)
}
