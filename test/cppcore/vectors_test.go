package cppcore

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// ask runs the program of the vectors with a line for each of in, and returns its lines.
func ask(t testing.TB, letter string, in [][]byte) []string {
	t.Helper()
	var input bytes.Buffer
	for _, b := range in {
		input.WriteString(letter + " " + hex.EncodeToString(b) + "\n")
	}
	var stderr bytes.Buffer
	cmd := exec.Command(vectors.binary(t))
	cmd.Stdin, cmd.Stderr = &input, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("after %d of %d lines: %v\n%s", bytes.Count(out, []byte{'\n'}), len(in), err, &stderr)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(in) {
		t.Fatalf("%d lines for %d", len(lines), len(in))
	}
	return lines
}

// compare wants the header's reading of each frame to be that of package ftd, and returns these.
func compare(t *testing.T, frames [][]byte) (verdicts []string) {
	t.Helper()
	wrong := 0
	for i, got := range ask(t, "V", frames) {
		want := verdict(frames[i])
		if got != want {
			t.Errorf("%x\n got %s\nwant %s", frames[i], got, want)
			if wrong++; wrong == 5 {
				t.FailNow()
			}
		}
		verdicts = append(verdicts, want)
	}
	return verdicts
}

// TestFieldsAreByteForByteThoseOfTheFront: what package ftd encodes, the header reads as the same items and encodes as
// the same bytes.
func TestFieldsAreByteForByteThoseOfTheFront(t *testing.T) {
	t.Parallel()
	m := newMaker(1)
	var frames [][]byte
	for kind := range kinds {
		for range 200 {
			e := ftd.BeginSession(nil, ftd.TIDSessionVerify, m.tag())
			m.field(&e, kind)
			frame, err := e.End()
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, frame)
		}
	}
	lines := ask(t, "V", frames)
	for i, frame := range frames {
		if !strings.HasSuffix(lines[i], " = "+hex.EncodeToString(frame)) {
			t.Fatalf("%x came back as\n%s", frame, lines[i])
		}
	}
	compare(t, frames)
}

// TestWholeMessages is the same for messages of several fields, in any order.
func TestWholeMessages(t *testing.T) {
	t.Parallel()
	m := newMaker(2)
	var frames [][]byte
	for range 2000 {
		frames = append(frames, m.frame(t))
	}
	compare(t, frames)
}

// TestAppendedItems: a field that a newer version made longer is read as far as it is known; the second factor's code is.
func TestAppendedItems(t *testing.T) {
	t.Parallel()
	m := newMaker(3)
	var frames [][]byte
	for _, tail := range []string{
		"", "123456", strings.Repeat(" ", 39), "654321" + strings.Repeat(" ", 34), strings.Repeat("7", 40),
		"a\x00b" + strings.Repeat(" ", 37), strings.Repeat("7", 40) + "behind it",
	} {
		e := ftd.Begin(nil, ftd.TIDSessionVerify)
		e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: m.text(18), Password: []byte("secret")})
		frame, err := e.End()
		if err != nil {
			t.Fatal(err)
		}
		data := append(bytes.Clone(frame[len(frame)-loginLen:]), tail...)
		e = ftd.Begin(nil, ftd.TIDSessionVerify)
		e.Raw(ftd.FIDLoginRequest, data)
		if frame, err = e.End(); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
	compare(t, frames)
}

// TestStoredVectors: the header reads the frames of test/vectors, those of terminals and of the link, as package ftd does. Left out are
// messages to a front itself in which a field is too short: how long each is there the front knows, and no core gets them.
func TestStoredVectors(t *testing.T) {
	t.Parallel()
	var frames [][]byte
	for _, folder := range []string{"vectors", "vectors/link"} {
		paths, err := filepath.Glob(filepath.Join("..", folder, "*.vec"))
		if err != nil || len(paths) < 60 {
			t.Fatalf("%s: %d vectors, %v", folder, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if frame := bytesOf(t, string(text)); !strings.HasSuffix(verdict(frame), " "+wordOf(ftd.FaultFieldShort)) {
				frames = append(frames, frame)
			}
		}
	}
	compare(t, frames)
}

// bytesOf is what is in hex behind the header of a vector's file.
func bytesOf(t *testing.T, text string) (all []byte) {
	t.Helper()
	_, body, _ := strings.Cut(text, "\n\n")
	for line := range strings.Lines(body) {
		digits, _, _ := strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// TestMutatedFramesAreJudgedAlike: 100,000 broken frames neither end the header nor make it differ from package ftd.
func TestMutatedFramesAreJudgedAlike(t *testing.T) {
	t.Parallel()
	m := newMaker(4)
	frames := make([][]byte, 0, 100_000)
	for len(frames) < cap(frames) {
		frames = append(frames, m.mutate(m.frame(t)))
	}
	counts := map[string]int{}
	for _, v := range compare(t, frames) {
		for _, word := range []string{
			"fault", "incomplete", "field_count", "field_overrun", "field_twice", "field_short", "item",
			"content_length", "tlv_overrun", " = ",
		} {
			if strings.Contains(v, word) {
				counts[word]++
			}
		}
	}
	t.Logf("verdicts: %v", counts)
	for _, word := range []string{
		"incomplete", "field_count", "field_overrun", "field_twice", "field_short", "item", "content_length",
		"tlv_overrun", " = ",
	} {
		if counts[word] < 100 {
			t.Errorf("only %d frames are %s", counts[word], word)
		}
	}
}

// stream is a session's life as a front sends it, from LinkLogin on.
func (m maker) stream(t testing.TB) [][]byte {
	t.Helper()
	frames := [][]byte{linkLogin(t, 7, "process"), ftd.AppendHeartbeat(nil)}
	number := map[int32]uint32{}
	for range 30 {
		session := int32(m.IntN(6))
		tag := ftd.SessionTag{FrontID: 7, SessionID: session}
		switch m.IntN(9) {
		case 0, 1:
			frames = append(frames, sessionVerify(t, tag, "user", "secret"))
		case 2, 3:
			frames = append(frames, sessionOpen(t, tag, m.points(1)))
		case 4, 5, 6:
			number[session]++
			frames = append(frames, business(t, tag, 0x0003, 'S', number[session], m.text(60)))
		case 7:
			frames = append(frames, sessionEnd(t, ftd.TIDSessionClose, tag))
		default:
			frames = append(frames, m.frame(t))
		}
	}
	return frames
}

// TestBrokenStreams: a Link that is fed streams with broken frames in them gives the same events however the bytes are
// cut, and never reads what it must not.
func TestBrokenStreams(t *testing.T) {
	t.Parallel()
	m := newMaker(5)
	var streams [][]byte
	for i := range 400 {
		frames := m.stream(t)
		if i%4 != 0 {
			at := m.IntN(len(frames))
			frames[at] = m.mutate(frames[at])
		}
		streams = append(streams, bytes.Join(frames, nil))
	}
	opened, broken := 0, 0
	for i, line := range ask(t, "L", streams) {
		kinds := strings.Fields(line)
		if len(kinds) < 14 || kinds[0] != "events" {
			t.Fatalf("%x: %s", streams[i], line)
		}
		if kinds[4] != "0" {
			opened++
		}
		if kinds[13] != "0" {
			broken++
		}
	}
	t.Logf("%d streams opened a session, %d ended the link", opened, broken)
	if opened < len(streams)/4 || broken < len(streams)/8 || broken > len(streams)*7/8 {
		t.Errorf("%d of %d streams opened a session, %d ended the link: they show too little", opened, len(streams), broken)
	}
}
