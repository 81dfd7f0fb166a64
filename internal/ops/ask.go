package ops

import (
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
	maxFrontPage = 4 << 20 // bytes; of /apps an AppID takes some 130
)

// Ask reads a JSON page of the admin listener at that address into a value.
func Ask(ctx context.Context, address, page string, into any) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "0" {
		return fmt.Errorf("want host:port of an admin listener")
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+page, nil)
	if err != nil {
		return err
	}
	// A client of its own: no proxy from the environment stands before a front.
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("answered " + response.Status)
	}
	return json.NewDecoder(io.LimitReader(response.Body, maxFrontPage)).Decode(into)
}
