package e2e

import (
	"bytes"
	"image"
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/browser"
)

// TestLoadReportInABrowser: the page of a run as a real browser has it, in both languages and schemes, on a telephone and on paper.
func TestLoadReportInABrowser(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "20")
	path := filepath.Join(s.dir, "result.html")
	if _, _, err := s.load(d, "--scenario", "churn", "--visits", "40", "--historical-peak", "1", "--assert", "errors==0", "--lang", "zh", "--html", path); err != nil {
		t.Fatal(err)
	}
	html := readFile(t, path)
	s.write("english.html", []byte(otherLanguage(t, html)))
	b, zh, en := browser.Find(t), "file://"+path, "file://"+filepath.Join(s.dir, "english.html")
	look := browser.Look{Width: 900, Height: 1200}
	shown := b.Show(t, zh, look)
	for _, want := range []string{`<main lang="zh"`, `<main lang="en"`, "登录压力测试报告", "✓ 通过", "✓ PASSED", "<svg viewBox", "errors==0"} {
		if !strings.Contains(shown.Document, want) {
			t.Errorf("the document lacks %q", want)
		}
	}
	light, english := shown.Picture, b.Picture(t, en, look)
	dark, narrow := b.Picture(t, zh, browser.Look{Width: 900, Height: 1200, Dark: true}), b.Picture(t, zh, browser.Look{Width: 500, Height: 1200})
	for name, test := range map[string]struct {
		picture image.Image
		corner  color.RGBA
	}{
		"light": {light, color.RGBA{255, 255, 255, 255}}, "dark": {dark, color.RGBA{17, 22, 28, 255}}, "narrow": {narrow, color.RGBA{255, 255, 255, 255}},
	} {
		size := test.picture.Bounds()
		if got := color.RGBAModel.Convert(test.picture.At(1, 1)); got != test.corner {
			t.Errorf("%s: the paper is %v, want %v", name, got, test.corner)
		}
		if inked(test.picture, size) < 1000 {
			t.Errorf("%s: nothing is on it", name)
		}
		// What is too wide would reach the right edge.
		if edge := image.Rect(size.Max.X-8, 0, size.Max.X, size.Max.Y); inked(test.picture, edge) > 0 {
			t.Errorf("%s: something reaches the right edge", name)
		}
	}
	if inked(english, english.Bounds()) == inked(light, light.Bounds()) {
		t.Error("the other language looks the same")
	}
	if pdf := shown.PDF; !bytes.Contains(pdf, []byte("/MediaBox [0 0 594")) && !bytes.Contains(pdf, []byte("/MediaBox [0 0 595")) {
		t.Error("what is printed is not on A4")
	}
}

// otherLanguage chooses the other language, as a reader does by its button.
func otherLanguage(t *testing.T, html string) string {
	t.Helper()
	const checked = ` checked="checked"`
	chosen := strings.Replace(strings.Replace(html, checked, "", 1), `id="choose-en"`, `id="choose-en"`+checked, 1)
	if strings.Count(html, checked) != 1 || strings.Count(chosen, checked) != 1 || chosen == html {
		t.Fatal("the page has not one language that is chosen")
	}
	return chosen
}

// inked counts the pixels of a part that are not of the paper, which is the picture's corner.
func inked(picture image.Image, part image.Rectangle) (n int) {
	paper := color.RGBAModel.Convert(picture.At(1, 1))
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if color.RGBAModel.Convert(picture.At(x, y)) != paper {
				n++
			}
		}
	}
	return n
}
