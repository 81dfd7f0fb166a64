package browser

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

func TestMain(m *testing.M) { os.Exit(testmain.Run(m)) }

// TestBrowserShowsThePage: as a document, as pixels in both schemes, and on paper.
func TestBrowserShowsThePage(t *testing.T) {
	t.Parallel()
	const html = `<!DOCTYPE html><title>t</title><style>body { background: #00ff00; } @media (prefers-color-scheme: dark) { body { background: #0000ff; } }
@media (max-width: 500px) { body { background: #ff0000; } }</style><p id="p">a<script>document.getElementById("p").textContent = "it ran"</script>`
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	b, url := Find(t), "file://"+path
	shown := b.Show(t, url, Look{})
	if !strings.Contains(shown.Document, `<p id="p">it ran`) {
		t.Error(shown.Document)
	}
	if !bytes.HasPrefix(shown.PDF, []byte("%PDF-")) {
		t.Errorf("%.20q is no PDF", shown.PDF)
	}
	for want, look := range map[color.RGBA]Look{
		{G: 255, A: 255}: {}, {B: 255, A: 255}: {Dark: true}, {R: 255, A: 255}: {Width: 390, Height: 500},
	} {
		picture := shown.Picture
		if look != (Look{}) {
			picture = b.Picture(t, url, look)
		}
		if got := color.RGBAModel.Convert(picture.At(300, 400)); got != want {
			t.Errorf("%+v: %v, want %v", look, got, want)
		}
		if look.Width > 0 && picture.Bounds().Dx() != look.Width {
			t.Errorf("%d pixels wide, want %d", picture.Bounds().Dx(), look.Width)
		}
	}
}
