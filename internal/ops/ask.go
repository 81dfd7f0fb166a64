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
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	response, err := send(ctx, method, address, page, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := json.NewDecoder(io.LimitReader(response.Body, maxFrontPage))
	if response.StatusCode != http.StatusOK {
		return refusalOf(response, answer)
	}
	return answer.Decode(into)
}

// send asks, and gives the answer with its body, which the caller closes.
func send(ctx context.Context, method, address, page string, body []byte) (*http.Response, error) {
	return sendWithin(ctx, askPatience, method, address, page, body)
}

// sendWithin waits that long for the answer to begin; 0 is as long as ctx.
func sendWithin(ctx context.Context, patience time.Duration, method, address, page string, body []byte) (*http.Response, error) {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "0" {
		return nil, fmt.Errorf("want host:port of an admin listener")
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+address+page, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		request.Header.Set(ActionHeader, "1")
	}
	// A client of its own: no proxy from the environment stands before a front.
	return (&http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: askPatience}).DialContext, ResponseHeaderTimeout: patience,
	}}).Do(request)
}

// refusalOf is why an answer is none.
func refusalOf(response *http.Response, answer *json.Decoder) error {
	refusal := Refusal{Status: response.StatusCode}
	if response.Request.Method == http.MethodPost && answer.Decode(&refusal) == nil && refusal.Problem != "" {
		return &refusal
	}
	return errors.New("answered " + response.Status)
}
