package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
)

// piece is a line as the chunker should hand it out.
type piece struct {
	number int64
	text   string
	ended  bool
}

// readPieces takes chunks apart as a worker does; of a line that is cut only that it was.
func readPieces(t *rapid.T, r io.Reader) (all []piece) {
	c := newChunker(r)
	for {
		ch, err := c.next(make([]byte, chunkBytes))
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		number := ch.first
		for data := ch.data; len(data) > 0; number++ {
			text, rest, ended := bytes.Cut(data, []byte("\n"))
			data = rest
			if ch.long && len(data) == 0 && !ended {
				text = nil
			}
			all = append(all, piece{number, string(text), ended})
		}
	}
}

// However the file arrives, its lines are those that splitting it at LF gives. Lines of up
// to two chunks are among them: those that are cut must not take others with them.
func TestChunkerKeepsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.OneOf(
			rapid.IntRange(0, 50), rapid.IntRange(0, 50), rapid.IntRange(chunkBytes-100, chunkBytes+100), rapid.IntRange(0, 2*chunkBytes),
		), 0, 20).Draw(t, "lengths")
		var content bytes.Buffer
		var want []piece
		for i, n := range lengths {
			text := strings.Repeat(string(rune('a'+i)), n)
			content.WriteString(text + "\n")
			want = append(want, piece{int64(i + 1), text, true})
		}
		if n := rapid.IntRange(0, 100).Draw(t, "tail"); n > 0 {
			content.WriteString(strings.Repeat("z", n))
			want = append(want, piece{int64(len(want) + 1), strings.Repeat("z", n), false})
		}
		var r io.Reader = bytes.NewReader(content.Bytes())
		if rapid.Bool().Draw(t, "halves") {
			r = iotest.HalfReader(r)
		}
		got := readPieces(t, r)
		if len(got) != len(want) {
			t.Fatalf("%d lines of %v, want %d", len(got), lengths, len(want))
		}
		for i := range got {
			// A line of a chunk or more may come cut, never as less than maxLine.
			if len(want[i].text) >= chunkBytes && !got[i].ended {
				want[i].text, want[i].ended = "", false
			}
			if got[i] != want[i] {
				t.Fatalf("line %d of %v: number %d, %d bytes", i+1, lengths, got[i].number, len(got[i].text))
			}
		}
	})
}

func TestChunkerTellsErrors(t *testing.T) {
	c := newChunker(io.MultiReader(strings.NewReader("abc\n"), iotest.ErrReader(io.ErrNoProgress)))
	if ch, err := c.next(make([]byte, chunkBytes)); !errors.Is(err, io.ErrNoProgress) || ch.data != nil {
		t.Errorf("%q, %v", ch.data, err)
	}
}

// decode takes exactly what encoding gives: proven by encoding again, which it does not do.
func checkDecode(t interface{ Fatalf(string, ...any) }, text []byte) {
	got, ok := decode(nil, text)
	lax, err := base64.StdEncoding.DecodeString(string(text))
	canonical := err == nil && base64.StdEncoding.EncodeToString(lax) == string(text)
	if ok != canonical || ok && !bytes.Equal(got, lax) {
		t.Fatalf("%q: %v, want %v", text, ok, canonical)
	}
}

func TestDecodeIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(base64.StdEncoding.EncodeToString(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
		checkDecode(t, text)
		if len(text) > 0 {
			text[rapid.IntRange(0, len(text)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			checkDecode(t, text)
			at := rapid.IntRange(0, len(text)).Draw(t, "insert at")
			checkDecode(t, slices.Insert(text, at, rapid.SampledFrom([]byte("\r\n =A")).Draw(t, "inserted")))
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "QQ==", "QR==", "QUI=", "QUJD", "QUJD\r\n", "Q\nQ==", "Q-_D", "====", "QQ==QQ=="} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkDecode(t, text) })
}

// judgeBytes is what the workers say of a file's bytes, without a file.
func judgeBytes(t testing.TB, data []byte) *worker {
	t.Helper()
	o := &Options{}
	r := &run{o: o, rules: newRules(o, Window{}), chunker: newChunker(bytes.NewReader(data)), repeats: newRepeats("", 0)}
	defer r.repeats.close()
	w, err := r.judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.chunker.bytes != int64(len(data)) || w.shares.lines != r.chunker.lines {
		t.Fatalf("read %d of %d bytes, judged %d of %d lines", r.chunker.bytes, len(data), w.shares.lines, r.chunker.lines)
	}
	return w
}

// FuzzReader holds this reader to the one that the writer's package has: they share no code
// and must agree on which files are good, and on how many lines there are.
func FuzzReader(f *testing.F) {
	s := newSealer()
	good := s.good()
	for _, content := range []string{
		"", "\n", good, good + s.good(), "\ufeff" + good, strings.ReplaceAll(good, "\n", "\r\n"), good + "\n", good[:300],
		good + "TF02@1.0@@QQ==\n", "TF01@1.0@QUJD@QUJD\n", "TF01@1.0@@QR==\n", "@@@\n", "a@b@c@d@e\n", strings.Repeat("A", maxLine+1) + "\n" + good,
	} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := judgeBytes(t, data)
		good, lines, vendor := true, 0, ""
		for text := range bytes.Lines(data) {
			lines++
			body, ended := bytes.CutSuffix(text, []byte("\n"))
			l, err := reportfile.ParseLine(body)
			if vendor == "" {
				vendor = l.VendorID
			}
			good = good && ended && err == nil && l.VendorID == vendor && len(l.Supplement) == RSALen
		}
		faults, _ := w.found.list(true)
		if (len(faults) == 0) != good {
			t.Fatalf("%q: faults %v, the writer's reader says %v", data, faults, good)
		}
		if w.shares.lines != int64(lines) {
			t.Fatalf("%q: %d lines, want %d", data, w.shares.lines, lines)
		}
	})
}
