package ops

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The bounds of asking a front.
const (
	askPatience  = 3 * time.Second
	maxFrontPage = 64 << 20 // bytes; of /apps an AppID takes some 130, of /sessions a session some 200
)

// Access is how the admin listeners of a firm's fronts are asked. The zero value asks by plain HTTP and has no login.
type Access struct {
	TLS   *tls.Config   // nil for plain HTTP
	Login *url.Userinfo // nil for none
}

// Ask reads a JSON page of the admin listener at that address into a value.
func (a Access) Ask(ctx context.Context, address, page string, into any) error {
	return a.exchange(ctx, http.MethodGet, address, page, nil, into)
}

// Tell asks the admin listener at that address for an action (Admin.Action), and reads its result into a value. The
// error is a *Refusal if the front did not do it.
func (a Access) Tell(ctx context.Context, address, action string, request, into any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return a.exchange(ctx, http.MethodPost, address, action, body, into)
}

func (a Access) exchange(ctx context.Context, method, address, page string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	response, err := a.send(ctx, askPatience, method, address, page, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return json.NewDecoder(io.LimitReader(response.Body, maxFrontPage)).Decode(into)
	}
	return a.refusalOf(response)
}

// send asks, and gives the answer with its body, which the caller closes. It waits patience long for the answer to begin; 0
// is as long as ctx.
func (a Access) send(ctx context.Context, patience time.Duration, method, address, page string, body []byte) (*http.Response, error) {
	target, err := a.target(address)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, target+page, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		request.Header.Set(ActionHeader, "1")
	}
	if a.Login != nil {
		password, _ := a.Login.Password()
		request.SetBasicAuth(a.Login.Username(), password)
	}
	// A client of its own: it uses no proxy from the environment. It is led nowhere: no front redirects, and who answers in a front's place
	// could have this machine, whose actions its own front takes, ask another address, with the action's header and the password.
	response, err := (&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: askPatience}).DialContext, ResponseHeaderTimeout: patience,
			TLSClientConfig: a.TLS, TLSHandshakeTimeout: askPatience,
		},
	}).Do(request)
	return response, withAdvice(err)
}

// target is the URL of the listener. One that is bound to all addresses is asked at localhost, which its certificate must name.
func (a Access) target(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "0" {
		return "", errors.New("want host:port of an admin listener")
	}
	if a.TLS == nil {
		return "http://" + address, nil
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "https://" + net.JoinHostPort(host, port), nil
}

// withAdvice adds what to do about an error of TLS.
func withAdvice(err error) error {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, http.ErrSchemeMismatch):
		return advise(err, "the admin listener has no TLS: take admin.ca_file away, or put tls_server_config into its admin.web_config_file")
	case errors.As(err, &unknown):
		return advise(err, "admin.ca_file lacks the certificate of the authority that signed the admin listener's")
	case errors.As(err, &name):
		return advise(err, "ask it by a name that its certificate has, or give it a certificate with this one")
	case strings.Contains(err.Error(), "tls: certificate required"): // crypto/tls has no type for what the peer says
		return advise(err, "the admin listener takes only clients with a certificate, which commands have not: use basic_auth_users instead")
	}
	return err
}

func advise(err error, advice string) error { return fmt.Errorf("%w: %s", err, advice) }

// refusalOf is why an answer is none.
func (a Access) refusalOf(response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAction)) // without it the status says enough
	return a.refusal(response, body)
}

func (a Access) refusal(response *http.Response, body []byte) error {
	refusal := Refusal{Status: response.StatusCode}
	switch {
	case json.Unmarshal(body, &refusal) == nil && refusal.Problem != "":
		return &refusal
	case response.StatusCode == http.StatusUnauthorized && a.Login == nil:
		return errors.New("it asks for a password: name a file that holds user:password as admin.login_file")
	case response.StatusCode == http.StatusUnauthorized:
		return errors.New("it does not take the user and the password of admin.login_file: compare them with its admin.web_config_file")
	case response.StatusCode == http.StatusBadRequest && a.TLS == nil && bytes.Contains(body, []byte("HTTP request to an HTTPS server")):
		return errors.New("it has TLS: name the file with its authority's certificate as admin.ca_file")
	case response.StatusCode == http.StatusInternalServerError && len(body) < 64 && response.Header.Get("X-Frame-Options") == "":
		return errors.New("answered " + response.Status + ": its admin.web_config_file cannot be read any more, its log says why")
	}
	return errors.New("answered " + response.Status)
}
