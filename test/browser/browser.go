package browser

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/testmain"
)

// patience is how long one look may take on a busy machine.
const patience = 2 * time.Minute

// Browser is the program.
type Browser struct{ path string }

// Look is how a page is looked at.
type Look struct {
	Width, Height int  // of the window; 0 is 1000 × 1400
	Dark          bool // prefers-color-scheme
}

// Find is the browser of this machine. A test without it fails: test/ensure-tools.sh installs it.
func Find(t testing.TB) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: test/ensure-tools.sh installs it", err)
	}
	return &Browser{path}
}

// Shown is a page in each of the forms that a reader has it.
type Shown struct {
	Document string      // the page's document after it was loaded
	Picture  image.Image // what the window shows
	PDF      []byte      // the page on paper
}

// Document is the page's document after it was loaded.
func (b *Browser) Document(t testing.TB, url string) string {
	t.Helper()
	return string(b.run(t, url, "--dump-dom"))
}

// Picture is what the window shows.
func (b *Browser) Picture(t testing.TB, url string, look Look) image.Image {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture.png")
	b.run(t, url, look.flags(path)...)
	return decoded(t, path)
}

// Show is all forms of the page, of one process: each form by a process of its own would take three times as long.
func (b *Browser) Show(t testing.TB, url string, look Look) Shown {
	t.Helper()
	dir := t.TempDir()
	picture, paper := filepath.Join(dir, "picture.png"), filepath.Join(dir, "page.pdf")
	document := b.run(t, url, append(look.flags(picture), "--dump-dom", "--print-to-pdf="+paper, "--no-pdf-header-footer")...)
	return Shown{Document: string(document), Picture: decoded(t, picture), PDF: made(t, paper)}
}

// flags have the browser put a picture at path.
func (l Look) flags(path string) []string {
	scheme := 1
	if l.Dark {
		scheme = 0
	}
	return []string{
		"--screenshot=" + path, fmt.Sprintf("--window-size=%d,%d", cmp.Or(l.Width, 1000), cmp.Or(l.Height, 1400)), "--hide-scrollbars",
		fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme),
	}
}

func decoded(t testing.TB, path string) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(made(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func made(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("the browser made nothing: %v", err)
	}
	return data
}

// run is one process. The profile's folder is removed after it, with processes of it still running too.
func (b *Browser) run(t testing.TB, url string, args ...string) []byte {
	t.Helper()
	profile := testmain.ShortDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	all := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + profile,
	}, args...)
	cmd := exec.CommandContext(ctx, b.path, append(all, url)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+profile) // where it puts a Unix socket
	var errOut bytes.Buffer
	cmd.Stderr, cmd.WaitDelay = &errOut, 5*time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v %s: %v\n%s", b.path, args, url, err, errOut.Bytes())
	}
	return out
}
