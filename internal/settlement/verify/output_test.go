package verify

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/show"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a report with something of everything: faults, warnings, all kinds of lines.
func sample(t *testing.T) *Report {
	t.Helper()
	s := newSealer()
	line := func(flag, app, addr, at, terminal string) string {
		return s.record(flag+"@"+app+"@"+addr+"@37768@2026-01-05 "+at+"@@@@@88888888@1", terminal)
	}
	const windows = "1@2026-01-05 09:00:00@10.0.0.1@@@@name@os@disk@cpu@bios@C,201C3A22,NTFS,80"
	content := s.good() + strings.ReplaceAll(s.good(), "\n", "\r\n") + "\n" +
		line("0", "abcdefghij_ghijklmnop_12345678", "240E:0390:0000:0000:0000:0000:0000:0001", "09:10:00", windows) +
		line("0", "client_xsb_1.0", "192.168.1.1", "15:30:00", windows) +
		line("3", "文华财_赢顺_6.8", "8.8.8.8", "14:10:00", "x") +
		"TF01@1.0@@" + text64(s.seal(strings.Replace(goodSupplement, "0@", "1@", 1))) + "\n" +
		"TF01@1.0@QUJD@" + text64(s.seal(strings.Replace(goodSupplement, "0@", "3@", 1))) + "\n"
	for i := range 40 {
		content += line("0", "client_xsb_1.0", "116.228.52.10", fmt.Sprintf("%02d:30:00", 8+i%7), windows)
	}
	const shared = "1@2026-01-05 08:44:00@10.0.0.2@@@@name@os@disk@cpu@bios@C,201C3A22,NTFS,80"
	content += s.record(manyLine, shared) + s.record(operatorLine, shared) + s.record(offlineLine, goodTerminal)
	twice := s.good()
	r := mustVerify(t, options(t, write(t, reportName, content+twice+twice), s))
	r.File.Path = reportName // the folder is another one each time
	return r
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is written now (go test -update shows how, in git diff):\n%s", path, got)
	}
}

// The JSON is what programs of the firm will read: a change of it has to be meant.
func TestJSON(t *testing.T) {
	got, err := json.MarshalIndent(sample(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.json", append(got, '\n'))
}

// The golden file need not show each name: the names and types of the schema, all of them.
func TestSchema(t *testing.T) {
	var b strings.Builder
	b.WriteString(Schema + "\n")
	describe(&b, "", reflect.TypeFor[Report]())
	golden(t, "schema.txt", []byte(b.String()))
}

func describe(b *strings.Builder, path string, t reflect.Type) {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			describe(b, strings.TrimPrefix(path+"."+name, "."), f.Type)
		}
	case reflect.Slice:
		describe(b, path+"[]", t.Elem())
	case reflect.Pointer:
		fmt.Fprintf(b, "%s may be null\n", path)
		describe(b, path, t.Elem())
	default:
		fmt.Fprintf(b, "%s %s\n", path, t.Kind())
	}
}

// A list is [] and never null, in the emptiest report too.
func TestJSONHasNoNullLists(t *testing.T) {
	got, err := json.Marshal(mustVerify(t, Options{Path: write(t, reportName, "")}))
	if err != nil {
		t.Fatal(err)
	}
	if nulls := regexp.MustCompile(`"(\w+)":null`).FindAllString(string(got), -1); len(nulls) != 1 || nulls[0] != `"opened":null` {
		t.Errorf("%v in %s", nulls, got)
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).WriteText(&b, show.English); err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.text", b.Bytes())
	b.Reset()
	if err := sample(t).WriteText(&b, show.Chinese); err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.zh.text", b.Bytes())
	if err := sample(t).WriteText(failing{}, show.English); err == nil {
		t.Error("an output that fails was not told")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestHTML(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.html", b.Bytes())
	checkSelfContained(t, b.String())
	if err := sample(t).WriteHTML(failing{}); err == nil {
		t.Error("an output that fails was not told")
	}
}

// outside is what would make a browser fetch or run something.
var outside = regexp.MustCompile(`(?i)https?:|//|<script|<link|<iframe|<object|<embed|<img|\bsrc\s*=|\bhref\s*=|@import|url\(|\son\w+\s*=`)

func checkSelfContained(t *testing.T, html string) {
	t.Helper()
	if found := outside.FindAllString(html, -1); found != nil {
		t.Errorf("the page needs more than itself: %q", found)
	}
}

// What comes from the file or its name is text on the page and nothing else.
func TestHTMLEscapes(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' style='x`
	r := sample(t)
	r.File.Path, r.File.Unit, r.File.VendorID, r.File.SHA256 = hostile, hostile, hostile, hostile
	r.Faults[0].Examples[0].Problem = hostile
	r.Opened.Apps[0].AppID = hostile
	r.Opened.Addresses[0].Name = hostile
	r.Opened.MissingItems[0].Item = hostile
	r.Lines.KeyVersions[0].English, r.Lines.KeyVersions[0].Chinese = hostile, hostile
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, raw := range []string{"<script", "<img", `"><s`, "' style="} {
		if strings.Contains(html, raw) {
			t.Errorf("%s is in the page", raw)
		}
	}
	if n := strings.Count(html, "&lt;script&gt;alert(1)"); n < 9 {
		t.Errorf("the text itself is there %d times", n)
	}
}

// The page of a report without keys, and of one without lines, is whole.
func TestHTMLOfLittle(t *testing.T) {
	for _, content := range []string{"", newSealer().good()} {
		var b bytes.Buffer
		if err := mustVerify(t, Options{Path: write(t, reportName, content)}).WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		if html := b.String(); !strings.HasSuffix(html, "</html>\n") || strings.Contains(html, "Logins by hour") || !strings.Contains(html, "未检查") {
			t.Errorf("%s", html)
		}
		checkSelfContained(t, b.String())
	}
}

func TestGroup(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		if got := group(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if plural(1, "line") != "1 line" || plural(0, "line") != "0 lines" || plural(int64(1500), "line") != "1,500 lines" {
		t.Error("plural")
	}
}
