package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// TestRecentLines: the last lines of the log are kept, whether their reader took them or not, and not more than fit.
func TestRecentLines(t *testing.T) {
	w := NewLogWriter(io.Discard)
	defer w.Close(logTestPatience)
	line := func(i int) []byte { return fmt.Appendf(nil, "%08d %s\n", i, strings.Repeat("x", 100)) }
	const lines = 3 * keptLog / 110
	for i := range lines {
		if _, err := w.Write(line(i)); err != nil {
			t.Fatal(err)
		}
	}
	kept := w.Recent()
	if len(kept) > keptLog || len(kept) < keptLog/2-len(line(0)) || !bytes.HasSuffix(kept, line(lines-1)) {
		t.Errorf("%d bytes, ending %q", len(kept), kept[max(0, len(kept)-30):])
	}
	all := bytes.Count(kept, []byte("\n"))
	if want := bytes.Join(linesFrom(lines-all, lines, line), nil); !bytes.Equal(kept, want) {
		t.Error("a line is missing between the oldest and the last")
	}
	before := len(kept)
	if _, err := w.Write(bytes.Repeat([]byte("y"), keptLog)); err != nil || len(w.Recent()) > before {
		t.Error("a line that is longer than what is kept was kept")
	}
}

func linesFrom(first, end int, line func(int) []byte) (all [][]byte) {
	for i := first; i < end; i++ {
		all = append(all, line(i))
	}
	return all
}

const logTestPatience = 0

// TestDownload: bytes come as they are, an error as a refusal, and a browser's request not at all.
func TestDownload(t *testing.T) {
	a, err := NewAdmin("127.0.0.1:0", prometheus.NewRegistry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte{0, 1, 2, 255}, 1000)
	a.Download("support/good", "some bytes", func(context.Context) ([]byte, error) { return content, nil })
	a.Download("support/bad", "none", func(context.Context) ([]byte, error) { return nil, errors.New("out of order") })
	done := make(chan error, 1)
	go func() { done <- a.Serve() }()
	address := a.Addr().String()
	if got, err := (Access{}).Fetch(t.Context(), address, "/support/good", true, 1<<20); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := (Access{}).Fetch(t.Context(), address, "/support/good", true, 10); err == nil || !strings.Contains(err.Error(), "more than 10 bytes") {
		t.Error(err)
	}
	if _, err := (Access{}).Fetch(t.Context(), address, "/support/bad", true, 1<<20); err == nil || err.Error() != "out of order" {
		t.Error(err)
	}
	if body, err := (Access{}).Fetch(t.Context(), address, "/healthz", false, 1<<20); err != nil || string(body) != "ok\n" {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := (Access{}).Fetch(t.Context(), address, "/nosuch", false, 1<<20); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
	response, err := http.Post("http://"+address+"/support/good", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("without the header: %s", response.Status)
	}
	if err := a.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
