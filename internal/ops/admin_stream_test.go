package ops

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// streaming serves an admin listener with a stream, and gives its address.
func streaming(t *testing.T, do func(ctx context.Context, body []byte, show func(any) error) error) (address string, a *Admin) {
	t.Helper()
	a, err := NewAdmin("127.0.0.1:0", NewMetrics("", "").Registry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	a.Stream("lines", "lines", do)
	return strings.TrimPrefix(serveAdmin(t, a), "http://"), a
}

func TestStream(t *testing.T) {
	address, _ := streaming(t, func(_ context.Context, body []byte, show func(any) error) error {
		if string(body) == `"no"` {
			return &Refusal{Status: http.StatusConflict, Problem: "not now"}
		}
		return errors.Join(show(map[string]int{"a": 1}), show(map[string]int{"a": 2}))
	})
	var got []string
	each := func(line []byte) error {
		got = append(got, string(line))
		return nil
	}
	if err := (Access{}).Follow(t.Context(), address, "/lines", "yes", each); err != nil || strings.Join(got, " ") != `{"a":1} {"a":2}` {
		t.Errorf("%q, %v", got, err)
	}
	refusal, is := errors.AsType[*Refusal]((Access{}).Follow(t.Context(), address, "/lines", "no", each))
	if !is || refusal.Status != http.StatusConflict || refusal.Problem != "not now" {
		t.Errorf("refused: %+v", refusal)
	}
	enough := errors.New("enough")
	if err := (Access{}).Follow(t.Context(), address, "/lines", "yes", func([]byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	if status, _ := request(t, "POST", "http://"+address+"/lines"); status != http.StatusForbidden {
		t.Errorf("a request without the header is answered %d", status)
	}
}

// TestStreamEnds: a stream ends with its asker, and with the listener.
func TestStreamEnds(t *testing.T) {
	ended := make(chan error, 1)
	address, a := streaming(t, func(ctx context.Context, _ []byte, show func(any) error) error {
		err := show("begun")
		<-ctx.Done()
		ended <- errors.Join(err, show("end"))
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	if err := (Access{}).Follow(ctx, address, "/lines", "", func([]byte) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("the asker left: %v", err)
	}
	<-ended
	var got []string
	err := (Access{}).Follow(t.Context(), address, "/lines", "", func(line []byte) error {
		got = append(got, string(line))
		if len(got) == 1 {
			go func() { _ = a.Shutdown(context.Background()) }()
		}
		return nil
	})
	if err := errors.Join(err, <-ended); err != nil || strings.Join(got, " ") != `"begun" "end"` {
		t.Errorf("at the shutdown: %q, %v", got, err)
	}
}
