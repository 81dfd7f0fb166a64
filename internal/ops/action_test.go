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

// TestAction: what a command asks for is done, and told why not; what a page in a browser could send is not done.
func TestAction(t *testing.T) {
	t.Parallel()
	a, err := NewAdmin("127.0.0.1:0", prometheus.NewRegistry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	a.Action("sessions/end", "ends one", func(_ context.Context, body []byte) (any, error) {
		switch string(body) {
		case `{"id":1}`:
			done++
			return map[string]int{"ended": 1}, nil
		case `{"id":2}`:
			return nil, &Refusal{Status: http.StatusNotFound, Problem: "there is no session 2"}
		}
		return nil, errors.New("what the front did not foresee")
	})
	go func() { _ = a.Serve() }()
	t.Cleanup(func() { _ = a.Shutdown(context.Background()) })
	address := a.Addr().String()

	tell := func(id int) (map[string]int, error) {
		var into map[string]int
		err := (Access{}).Tell(t.Context(), address, "/sessions/end", map[string]int{"id": id}, &into)
		return into, err
	}
	if got, err := tell(1); err != nil || got["ended"] != 1 {
		t.Errorf("%v, %v", got, err)
	}
	for id, says := range map[int]string{2: "there is no session 2", 3: "what the front did not foresee"} {
		_, err := tell(id)
		if refusal, is := errors.AsType[*Refusal](err); !is || refusal.Problem != says {
			t.Errorf("%d: %v", id, err)
		}
	}

	post := func(header, body string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/sessions/end", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			request.Header.Set(header, "1")
		}
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := post("", `{"id":1}`); got != http.StatusForbidden {
		t.Errorf("without the header: %d", got)
	}
	if got := post(ActionHeader, string(bytes.Repeat([]byte("x"), maxAction+1))); got != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", got)
	}
	if err := (Access{}).Ask(t.Context(), address, "/sessions/end", new(any)); err == nil {
		t.Error("GET was answered")
	}
	if done != 1 {
		t.Errorf("done %d times", done)
	}
}
