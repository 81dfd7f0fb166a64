package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// TestAuthenticationRefused: 63, and the front closes at once. The answer must win over
// the close, whichever the client notices first.
func TestAuthenticationRefused(t *testing.T) {
	for range 50 {
		c := dial(t, answers(challenge, said(63, "客户端认证失败 authentication failed [ref 7K3QXA]")))
		_, err := c.Authenticate(context.Background(), identity, authCode)
		wantError(t, err, 63, "客户端认证失败 authentication failed", "7K3QXA")
		<-c.Done()
		wantClosed(t, c.Err())
		_, err = c.Login(context.Background(), loginRequest())
		wantClosed(t, err)
	}
}

func wantError(t *testing.T, err error, code int, text, ref string) {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want *client.Error", err)
	}
	want := client.Error{Code: code, Text: text, Ref: ref, Time: e.Time}
	if *e != want || !e.Time.Equal(time.Date(2026, 1, 5, 0, 45, 0, 0, time.UTC)) {
		t.Errorf("%+v, want %+v", *e, want)
	}
}

func wantClosed(t *testing.T, err error) {
	t.Helper()
	var closed *client.ClosedError
	if !errors.As(err, &closed) {
		t.Errorf("error %v (%T), want *client.ClosedError", err, err)
	}
}

// afterEnd is a connection whose writes return only when the connection has ended.
type afterEnd struct {
	net.Conn
	ended func() <-chan struct{}
}

func (c afterEnd) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	<-c.ended()
	return n, err
}

// TestAnswerBeforeTheClose: the caller gets to look only when all is over: the answer was
// read, more was read behind it, and the front has closed. It is still the answer.
func TestAnswerBeforeTheClose(t *testing.T) {
	noise, err := ftd.AppendFrame(nil, ftd.FrameNone, nil, make([]byte, ftd.MaxBodyLen))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // the client must not choose at random
		addr := listen(t, func(f *front) error {
			if _, err := f.message(); err != nil {
				return err
			}
			if err := f.send(ftd.TIDUserLogin, said(143, "登录失败次数过多，IP被禁止登入 [ref ABCDEF]")); err != nil {
				return err
			}
			_, err := f.conn.Write(noise)
			return err
		})
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		var c *client.Conn
		c, err = client.Dial(context.Background(), addr,
			client.WithConn(afterEnd{conn, func() <-chan struct{} { return c.Done() }}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Login(context.Background(), loginRequest())
		wantError(t, err, 143, "登录失败次数过多，IP被禁止登入", "ABCDEF")
		wantClosed(t, c.Err())
	}
}

// TestWrongPassword: 3 is an answer, and the connection goes on.
func TestWrongPassword(t *testing.T) {
	c := dial(t, then(
		answers(said(3, "不合法的登录 [ref 000001]"), recorded, said(0, "正确")), (*front).untilClosed))
	_, err := c.Login(context.Background(), loginRequest())
	wantError(t, err, 3, "不合法的登录", "000001")
	if _, err := c.Login(context.Background(), loginRequest()); err != nil {
		t.Fatalf("the second try: %v", err)
	}
	if err := c.Logout(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestErrorMessage: an answer may have the standard's Error TID, when the front does not
// recognise the request.
func TestErrorMessage(t *testing.T) {
	c := dial(t, func(f *front) error {
		if _, err := f.message(); err != nil {
			return err
		}
		return f.send(ftd.TIDError, said(90, "请稍后重试"))
	})
	_, err := c.Authenticate(context.Background(), identity, authCode)
	wantError(t, err, 90, "请稍后重试", "")
}

func TestLogoutRefused(t *testing.T) {
	c := dial(t, then(answers(said(6, "还没有登录")), (*front).untilClosed))
	wantError(t, c.Logout(context.Background()), 6, "还没有登录", "")
	if err := c.Err(); err != nil {
		t.Errorf("connection ended: %v", err)
	}
	c.Close()
}

func TestTemporary(t *testing.T) {
	for code := range 200 {
		want := code == 7 || code == 8 || code == 90
		if got := (&client.Error{Code: code}).Temporary(); got != want {
			t.Errorf("%d: %v", code, got)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct{ wire, text, ref, whole string }{
		{"正确", "正确", "", "front answered 5: 正确"},
		{"no [ref ABCDEF]", "no", "ABCDEF", "front answered 5: no [ref ABCDEF]"},
		{"[ref ABCDEF]", "", "ABCDEF", "front answered 5:  [ref ABCDEF]"},
		{"a [ref 1] b [ref 2]", "a [ref 1] b", "2", "front answered 5: a [ref 1] b [ref 2]"},
		{"cut [ref ABC", "cut [ref ABC", "", "front answered 5: cut [ref ABC"},
		{"other]", "other]", "", "front answered 5: other]"},
	} {
		c := dial(t, answers(said(5, tt.wire)))
		_, err := c.Login(context.Background(), loginRequest())
		wantError(t, err, 5, tt.text, tt.ref)
		if err.Error() != tt.whole {
			t.Errorf("%q, want %q", err, tt.whole)
		}
	}
}

// TestErrorWithoutTime: a time that cannot be read does not hide the code.
func TestErrorWithoutTime(t *testing.T) {
	c := dial(t, answers(func(e *ftd.Encoder) {
		e.Error(&ftd.Error{Code: 8, Text: []byte("前置不活跃"), TimeStamp: []byte("soon")})
	}))
	_, err := c.Login(context.Background(), loginRequest())
	var e *client.Error
	if !errors.As(err, &e) || e.Code != 8 || !e.Time.IsZero() {
		t.Errorf("%+v", err)
	}
}

func TestClosedBeforeAnAnswer(t *testing.T) {
	c := dial(t, func(f *front) error {
		_, err := f.message()
		return err
	})
	_, err := c.Login(context.Background(), loginRequest())
	wantClosed(t, err)
	if !errors.Is(err, io.EOF) {
		t.Errorf("cause of %v", err)
	}
}

// TestRefusedBeforeARequest: the front sends the reason before the terminal sent a request.
func TestRefusedBeforeARequest(t *testing.T) {
	c := dial(t, func(f *front) error { return f.send(ftd.TIDError, said(90, "请稍后重试 [ref ABCDEF]")) })
	<-c.Done()
	wantError(t, c.Err(), 90, "请稍后重试", "ABCDEF")
	_, err := c.Authenticate(context.Background(), identity, authCode)
	wantError(t, err, 90, "请稍后重试", "ABCDEF")
}

func TestForceExit(t *testing.T) {
	c := dial(t, then(answers(recorded), func(f *front) error {
		if err := f.send(ftd.TIDForceExit, func(e *ftd.Encoder) {
			e.ForceExit(&ftd.ForceExit{Code: '1', Msg: []byte("会话被管理员终止")})
		}); err != nil {
			return err
		}
		return f.untilClosed()
	}))
	if _, err := c.Login(context.Background(), loginRequest()); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	var exit *client.ForceExit
	if !errors.As(c.Err(), &exit) || exit.Code != '1' || exit.Msg != "会话被管理员终止" {
		t.Errorf("connection ended with %v", c.Err())
	}
}

// TestArguments: what cannot be sent is refused before anything is, and the connection
// goes on.
func TestArguments(t *testing.T) {
	c := dial(t, wholeLogin)
	ctx := context.Background()
	if _, err := c.Authenticate(ctx, identity, "short"); err == nil {
		t.Error("an authcode of 5 bytes was taken")
	}
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "12345678901"}, authCode); err == nil {
		t.Error("a broker of 11 bytes was taken")
	}
	req := loginRequest()
	req.Password += " "
	if _, err := c.Login(ctx, req); err == nil || strings.Contains(err.Error(), "Secret123") {
		t.Errorf("a password that ends in a space: error %v", err)
	}
	req = loginRequest()
	req.Ciphertext = make([]byte, ftd.MaxBodyLen)
	if _, err := c.Login(ctx, req); !errors.Is(err, ftd.FaultBodyLong) {
		t.Errorf("a ciphertext of 4096 bytes: error %v", err)
	}
	wholeLoginOn(t, c)
}

func TestClose(t *testing.T) {
	c := dial(t, (*front).untilClosed)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	<-c.Done()
	if !errors.Is(c.Err(), net.ErrClosed) {
		t.Errorf("Err %v", c.Err())
	}
	if err := c.Heartbeat(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("heartbeat after close: %v", err)
	}
}
