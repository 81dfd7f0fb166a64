package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// The bounds of asking a front.
const (
	askPatience  = 3 * time.Second
	maxFrontPage = 64 << 20 // bytes; of /apps an AppID takes some 130, of /sessions a session some 200
)

// Ask reads a JSON page of the admin listener at that address into a value.
func Ask(ctx context.Context, address, page string, into any) error {
	return exchange(ctx, http.MethodGet, address, page, nil, into)
}

// Tell asks the admin listener at that address for an action (Admin.Action), and reads its result into a value. The
// error is a *Refusal if the front did not do it.
func Tell(ctx context.Context, address, action string, request, into any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return exchange(ctx, http.MethodPost, address, action, body, into)
}

func exchange(ctx context.Context, method, address, page string, body []byte, into any) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "0" {
		return fmt.Errorf("want host:port of an admin listener")
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+address+page, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if method == http.MethodPost {
		request.Header.Set(ActionHeader, "1")
	}
	// A client of its own: no proxy from the environment stands before a front.
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := json.NewDecoder(io.LimitReader(response.Body, maxFrontPage))
	if response.StatusCode != http.StatusOK {
		refusal := Refusal{Status: response.StatusCode}
		if method == http.MethodPost && answer.Decode(&refusal) == nil && refusal.Problem != "" {
			return &refusal
		}
		return errors.New("answered " + response.Status)
	}
	return answer.Decode(into)
}
