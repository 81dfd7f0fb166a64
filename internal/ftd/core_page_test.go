package ftd_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

var update = flag.Bool("update", false, "write the worked dumps into docs/core.md and core.zh-CN.md")

const (
	corePage      = "../../docs/core.md"
	coreChinese   = "../../docs/core.zh-CN.md"
	corePageStart = "<!-- worked %s: go test ./internal/ftd -run TestCorePage -update -->\n```text\n"
	corePageEnd   = "```\n<!-- end of worked %s -->\n"
)

// workedSession is the session of docs/core.md, as vectors of the link.
var workedSession = []string{
	"link-login", "link-accept", "session-verify", "verify-result", "session-open", "business-frame", "business-answer",
	"private-flow", "heartbeat", "link-credit", "session-close",
}

// workedVisit is what a core gets of one terminal behind an operator relay.
var workedVisit = []string{"visit-open", "visit-close"}

// TestCorePage holds the worked frames of docs/core.md, in both languages, to the vectors, and the page's table of fields to
// the lengths that the codec has.
func TestCorePage(t *testing.T) {
	layouts := layoutsOf(t, readPage(t, corePage))
	for _, path := range []string{corePage, coreChinese} {
		text := readPage(t, path)
		page := workedPart(t, text, "session", workedSession, layouts)
		page = workedPart(t, page, "visit", workedVisit, layouts)
		if *update {
			if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if page != text {
			t.Errorf("%s does not show what is sent; run the test with -update and read the difference", path)
		}
	}
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// workedPart returns the page with the dump of these vectors where it belongs.
func workedPart(t *testing.T, page, what string, vectors []string, layouts map[ftd.FID][]string) string {
	t.Helper()
	start, end := fmt.Sprintf(corePageStart, what), fmt.Sprintf(corePageEnd, what)
	before, rest, ok1 := strings.Cut(page, start)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("the page has no place for the dump of a %s:\n%.200s", what, page)
	}
	var dump strings.Builder
	for i, name := range vectors {
		if i > 0 {
			dump.WriteByte('\n')
		}
		v := readVector(t, filepath.Join("../../test/vectors/link", name+".vec"))
		explainFrame(t, &dump, i+1, v, layouts)
	}
	return before + start + dump.String() + end + after
}

var (
	fieldRow = regexp.MustCompile("(?m)^\\| `0x([0-9A-F]{8})` \\| (\\w+) \\| (.*) \\| ([0-9]*)([^|]*) \\|$")
	typedRow = regexp.MustCompile(`^(\w+) ([a-z])([0-9]+)$`)
)

// layoutsOf are the items of each field as the page has them. The lengths must be the codec's.
func layoutsOf(t *testing.T, page string) map[ftd.FID][]string {
	t.Helper()
	layouts := make(map[ftd.FID][]string)
	for _, row := range fieldRow.FindAllStringSubmatch(page, -1) {
		number, err := strconv.ParseUint(row[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		fid := ftd.FID(number)
		if fid.String() != row[2] || fid == ftd.FIDResumePoints {
			continue // a message, or a run alone
		}
		sum := 0
		items := strings.Split(strings.TrimSuffix(row[3], ", then a run of 0 to 8: Series w2, Number i4"), ", ")
		for _, item := range items {
			m := typedRow.FindStringSubmatch(item)
			if m == nil {
				t.Fatalf("%v: %q is no item", fid, item)
			}
			sum += itemLen(t, m[2], m[3])
		}
		if want, _ := strconv.Atoi(row[4]); sum != want || sum != kinds[fid].minLen {
			t.Errorf("%v: the page says %s bytes, its items have %d, the codec %d", fid, row[4], sum, kinds[fid].minLen)
		}
		layouts[fid] = items
	}
	if len(layouts) != 16 {
		t.Errorf("the page describes %d fields", len(layouts))
	}
	return layouts
}

func itemLen(t *testing.T, typ, digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil || len(typ) != 1 || strings.IndexByte("cwisnb", typ[0]) < 0 || typ == "w" && n != 2 || typ == "i" && n != 4 || typ == "c" && n != 1 {
		t.Fatalf("item type %s%s", typ, digits)
	}
	return n
}

// explainFrame writes a frame, a line for each part.
func explainFrame(t *testing.T, out *strings.Builder, step int, v vector, layouts map[ftd.FID][]string) {
	t.Helper()
	frame, n, err := ftd.DecodeFrame(v.bytes, ftd.MaxBodyLen)
	if err != nil || n != len(v.bytes) {
		t.Fatalf("step %d is no frame: %d, %v", step, n, err)
	}
	direction := map[string]string{"front": "front to core", "core": "core to front"}[v.header["from"]]
	p := dumper{out: out, frame: v.bytes}
	if frame.IsHeartbeat() {
		fmt.Fprintf(out, "step %d, %s, heartbeat, %d bytes\n", step, direction, n)
		p.line(n, "frame: type 0, extension 2, body 0; tag 0x04 KeepAlive, 0 bytes")
		return
	}
	h, err := ftd.DecodeHeader(frame.Body)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(out, "step %d, %s, %s, %d bytes\n", step, direction, v.header["message"], n)
	p.line(ftd.FrameHeaderLen, fmt.Sprintf("frame: type %d, extension %d, body %d", frame.Type, len(frame.Ext), len(frame.Body)))
	if tag, ok := frame.Ext.Session(); ok {
		p.line(len(frame.Ext), fmt.Sprintf("tag 0x40 Session, 8 bytes: FrontID %d, SessionID %d", tag.FrontID, tag.SessionID))
	}
	p.line(ftd.MessageHeaderLen, fmt.Sprintf("message: version 2, TID 0x%08X, '%c', series %d, number %d, fields %d, content %d",
		uint32(h.TID), h.Chain, h.SequenceSeries, h.SequenceNumber, binary.BigEndian.Uint16(frame.Body[12:]), len(frame.Body)-ftd.MessageHeaderLen))
	m, err := ftd.DecodeMessage(frame.Body)
	if err != nil {
		t.Fatal(err)
	}
	for f := m.Fields; len(f) > 0; {
		fid, data, rest := f.Next()
		p.field(fid, len(data), layouts[fid])
		f = rest
	}
}

type dumper struct {
	out   *strings.Builder
	frame []byte
	at    int
}

// line prints the next n bytes, 16 to a line, and what they are behind the first.
func (p *dumper) line(n int, label string) {
	for n > 0 {
		k := min(n, 16)
		s := fmt.Sprintf("%04X  %-47s  %s", p.at, fmt.Sprintf("% X", p.frame[p.at:p.at+k]), label)
		fmt.Fprintln(p.out, strings.TrimRight(s, " "))
		p.at, n, label = p.at+k, n-k, ""
	}
}

func (p *dumper) field(fid ftd.FID, dataLen int, items []string) {
	name := fid.String()
	if items == nil {
		name = "the terminal's or the core's"
	}
	p.line(ftd.FieldHeaderLen, fmt.Sprintf("field: 0x%08X %s, %d", uint32(fid), name, dataLen))
	end := p.at + dataLen
	for _, item := range items {
		m := typedRow.FindStringSubmatch(item)
		n, _ := strconv.Atoi(m[3])
		b := p.frame[p.at : p.at+n]
		switch m[2] {
		case "s":
			item += fmt.Sprintf(" %q", bytes.TrimRight(b, " "))
		case "c", "n":
			item += fmt.Sprintf(" %q", b)
		case "i":
			item += fmt.Sprintf(" %d", int32(binary.BigEndian.Uint32(b)))
		}
		p.line(n, item)
	}
	p.line(end-p.at, "not looked at")
}
