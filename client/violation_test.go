package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// TestFrontViolates: when the front sends anything but the answer, the call returns a *ViolationError and
// the connection is closed.
func TestFrontViolates(t *testing.T) {
	frames := func(b ...byte) func(ftd.TID) ([]byte, error) {
		return func(ftd.TID) ([]byte, error) { return b, nil }
	}
	put := func(fields func(*ftd.Encoder)) func(ftd.TID) ([]byte, error) {
		return func(tid ftd.TID) ([]byte, error) { return encode(tid, fields) }
	}
	response := func(change func(*ftd.LoginResponse)) func(ftd.TID) ([]byte, error) {
		return put(func(e *ftd.Encoder) {
			r := goodResponse()
			change(&r)
			e.LoginResponse(&r)
			said(0, "正确")(e)
		})
	}
	tests := []struct {
		name string
		wire func(ftd.TID) ([]byte, error)
		want string
	}{
		{"garbage", frames([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")...), "limit"},
		{"extension too long", frames(1, 255, 0, 0), "extension header"},
		{"no message", frames(1, 0, 0, 1, 2), "shorter"},
		{"another message", func(ftd.TID) ([]byte, error) { return encode(ftd.TIDUserLogout, said(0, "")) }, "UserLogout in answer to UserLogin"},
		{"nothing in it", put(func(*ftd.Encoder) {}), "Error: malformed: required field"},
		{"success without a response", put(said(0, "正确")), "LoginResponse: malformed: required field"},
		{"response without success", put(func(e *ftd.Encoder) { r := goodResponse(); e.LoginResponse(&r) }), "Error: malformed: required field"},
		{"Error without the field", func(ftd.TID) ([]byte, error) { return encode(ftd.TIDError, func(*ftd.Encoder) {}) }, "Error: malformed: required field"},
		{"login time", response(func(r *ftd.LoginResponse) { r.LoginTime = []byte("2026-02-30 08:45:00") }), "LoginTime"},
		{"trading day", response(func(r *ftd.LoginResponse) { r.TradingDay = []byte("2026015") }), "TradingDay"},
		{"address", response(func(r *ftd.LoginResponse) { r.PublicIP = []byte("192.0.2.777") }), "PublicIP"},
		{"port", response(func(r *ftd.LoginResponse) { r.PublicPort = 65536 }), "PublicPort"},
		{"record", response(func(r *ftd.LoginResponse) { r.RecordID = nil }), "RecordID"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, func(f *front) error {
				m, err := f.message()
				if err != nil {
					return err
				}
				wire, err := tt.wire(m.TID)
				if err != nil {
					return err
				}
				if _, err := f.conn.Write(wire); err != nil {
					return err
				}
				return f.untilClosed()
			})
			_, err := c.Login(context.Background(), loginRequest())
			var violation *client.ViolationError
			if !errors.As(err, &violation) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v (%T), want a violation that speaks of %q", err, err, tt.want)
			}
			<-c.Done()
			if !errors.As(c.Err(), &violation) {
				t.Errorf("connection ended with %v", c.Err())
			}
		})
	}
}

// TestAnswerToNoRequest must not become the answer of the next call.
func TestAnswerToNoRequest(t *testing.T) {
	c := dial(t, func(f *front) error {
		if err := f.send(ftd.TIDUserLogin, recorded); err != nil {
			return err
		}
		return f.untilClosed()
	})
	<-c.Done()
	var violation *client.ViolationError
	if !errors.As(c.Err(), &violation) {
		t.Errorf("connection ended with %v", c.Err())
	}
}
