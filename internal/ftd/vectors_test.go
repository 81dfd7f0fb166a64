package ftd_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/ftd"
)

// vector is one file of test/vectors; its README has the format.
type vector struct {
	name   string
	header map[string]string
	bytes  []byte
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	paths, err := filepath.Glob("../../test/vectors/*.vec")
	if err != nil || len(paths) < 50 {
		tb.Fatalf("found %d vectors, err %v", len(paths), err)
	}
	all := make([]vector, len(paths))
	for i, path := range paths {
		all[i] = readVector(tb, path)
	}
	return all
}

func readVector(tb testing.TB, path string) vector {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	header, body, ok := strings.Cut(string(text), "\n\n")
	if !ok {
		tb.Fatalf("%s: no empty line behind the header", path)
	}
	v := vector{name: strings.TrimSuffix(filepath.Base(path), ".vec"), header: map[string]string{}}
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		v.header[key] = value
	}
	for line := range strings.Lines(body) {
		digits, _, _ := strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		v.bytes = append(v.bytes, b...)
	}
	return v
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			switch v.header["kind"] {
			case "frame":
				got := receive(t, v)
				want := map[string]string{}
				for _, key := range []string{"expect", "message", "fields", "item"} {
					if value := v.header[key]; value != "" {
						want[key] = value
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			case "challenge":
				checkChallenge(t, v)
			default:
				t.Errorf("kind %q", v.header["kind"])
			}
		})
	}
}

// TestVectorsCoverFaults keeps the vectors complete: each way to be malformed that is a
// matter of bytes has one.
func TestVectorsCoverFaults(t *testing.T) {
	have := map[string]bool{}
	for _, v := range vectors(t) {
		have[v.header["expect"]] = true
	}
	for _, f := range ftd.Faults() {
		switch f {
		case ftd.FaultSequence, ftd.FaultUnknownTID, ftd.FaultFieldMissing:
			continue // the session's
		}
		if !have[f.Word()] {
			t.Errorf("no vector expects %s", f.Word())
		}
	}
}

// TestPageNamesFaults: an operator finds each word of the audit log on the page.
func TestPageNamesFaults(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ftd.Faults() {
		if !bytes.Contains(page, []byte("`"+f.Word()+"`")) {
			t.Errorf("docs/protocol.md does not name %s", f.Word())
		}
	}
}

// receive does what a receiver does and returns the result in the words of a header.
func receive(t *testing.T, v vector) map[string]string {
	limit := ftd.MaxBodyLen
	if s, ok := v.header["limit"]; ok {
		var err error
		if limit, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	frame, n, err := ftd.DecodeFrame(v.bytes, limit)
	switch {
	case err != nil:
		return refusal(t, err)
	case n == 0:
		return map[string]string{"expect": "incomplete"}
	case n != len(v.bytes):
		t.Errorf("frame of %d bytes in a vector of %d", n, len(v.bytes))
	}
	switch {
	case frame.IsHeartbeat():
		return map[string]string{"expect": "ok", "message": "heartbeat"}
	case frame.Type != ftd.FrameFTDC:
		return map[string]string{"expect": "ok", "message": "discarded"}
	}
	return receiveMessage(t, frame.Body)
}

func receiveMessage(t *testing.T, body []byte) map[string]string {
	m, err := ftd.DecodeMessage(body)
	if err != nil {
		return refusal(t, err)
	}
	var names []string
	for f := m.Fields; len(f) > 0; {
		fid, data, rest := f.Next()
		names = append(names, vectorName(fid.String(), uint32(fid)))
		if k, ok := kinds[fid]; ok && (fid < ftd.FIDLinkIdentity || isLink(m.TID)) {
			if err := k.fresh().Decode(data); err != nil {
				return refusal(t, err)
			}
		}
		f = rest
	}
	got := map[string]string{"expect": "ok", "message": vectorName(m.TID.String(), uint32(m.TID))}
	if len(names) > 0 {
		got["fields"] = strings.Join(names, " ")
	}
	return got
}

// isLink reports whether the link's own fields are known in a message.
func isLink(tid ftd.TID) bool { return tid >= ftd.TIDLinkLogin && tid <= ftd.TIDLinkCredit }

func vectorName(name string, number uint32) string {
	if strings.Contains(name, "(") {
		return fmt.Sprintf("0x%08x", number)
	}
	return name
}

func refusal(t *testing.T, err error) map[string]string {
	var fault ftd.Fault
	var item *ftd.FieldError
	switch {
	case errors.As(err, &fault):
		return map[string]string{"expect": fault.Word()}
	case errors.As(err, &item):
		return map[string]string{"expect": "illegal_item", "item": item.FID.String() + "." + item.Item}
	}
	t.Fatalf("error %v (%T) is neither a Fault nor a *FieldError", err, err)
	return nil
}

// checkChallenge keeps the challenge vectors right; the client's test answers them.
func checkChallenge(t *testing.T, v vector) {
	challenge := []byte(v.header["challenge"])
	if s, ok := v.header["challenge-hex"]; ok {
		var err error
		if challenge, err = hex.DecodeString(s); err != nil {
			t.Fatal(err)
		}
	}
	if len(challenge) != ftd.ChallengeLen {
		t.Fatalf("challenge of %d bytes", len(challenge))
	}
	block, err := aes.NewCipher([]byte(v.header["authcode"]))
	if err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, ftd.ChallengeLen)
	for at := 0; at < len(answer); at += aes.BlockSize {
		block.Encrypt(answer[at:], challenge[at:])
	}
	if !bytes.Equal(answer, v.bytes) {
		t.Errorf("answer %x, vector says %x", answer, v.bytes)
	}
}
