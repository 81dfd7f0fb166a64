package ops

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Download adds POST /name, which answers with the bytes that produce returns. Who may ask is as of an Action, since making
// them costs the front something.
func (a *Admin) Download(name, about string, produce func(ctx context.Context) ([]byte, error)) {
	a.index = append(a.index, fmt.Sprintf("/%-9s %s\n", name, about))
	a.mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		if _, may := readAction(w, r); !may {
			return
		}
		content, err := produce(r.Context())
		if err != nil {
			refuse(w, err)
			return
		}
		plainHeader(w)
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(content) // the client may have disconnected
	})
}

// Fetch reads a page of the admin listener at that address as it is; with post one of Admin.Download. A page of more than most bytes is
// an error. It waits as long as ctx. If the page was answered otherwise than 200, the error has what it says, and body is that too: /readyz says why
// the front is not ready.
func (a Access) Fetch(ctx context.Context, address, page string, post bool, most int64) (body []byte, err error) {
	method := http.MethodGet
	if post {
		method = http.MethodPost
	}
	response, err := a.send(ctx, 0, method, address, page, nil)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return body, err
	case int64(len(body)) > most:
		return nil, fmt.Errorf("answered more than %d bytes", most)
	case response.StatusCode != http.StatusOK:
		return body, a.refusal(response, body)
	}
	return body, nil
}
