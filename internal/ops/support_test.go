package ops

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

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
