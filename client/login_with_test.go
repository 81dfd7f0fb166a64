package client_test

import (
	"fmt"
	"testing"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
)

// What the collection library found arrives as the field TerminalInfo, and opens to the string.
func TestLoginWith(t *testing.T) {
	found, err := collect.Collect(t.Context(), collect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := collect.ParseKey("1.0", tstkey.Public)
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan string, 1)
	conn := dial(t, func(f *front) error {
		m, err := f.message()
		if err != nil {
			return err
		}
		text, err := openInfo(m)
		if err != nil {
			return err
		}
		arrived <- text
		return f.send(ftd.TIDUserLogin, recorded)
	})
	req := loginRequest()
	req.KeyVersion, req.Ciphertext, req.AbnormalFlag = "old", []byte("old"), '1'
	if _, err := conn.LoginWith(t.Context(), req, found, key); err != nil {
		t.Fatal(err)
	}
	if got, want := <-arrived, fmt.Sprintf("1.0 %c %s", found.Flag(), found.Text()); got != want {
		t.Errorf("%q arrived, want %q", got, want)
	}
}

// openInfo opens the terminal information of a login with the private test key.
func openInfo(m ftd.Message) (string, error) {
	var info ftd.TerminalInfo
	data, _ := m.Field(ftd.FIDTerminalInfo)
	if err := info.Decode(data); err != nil {
		return "", err
	}
	private, err := testkey.Parse(tstkey.Private)
	if err != nil {
		return "", err
	}
	text, err := private.Decrypt(info.Ciphertext)
	return fmt.Sprintf("%s %c %s", info.KeyVersion, info.AbnormalFlag, text), err
}
