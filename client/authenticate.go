package client

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Identity says which terminal software connects.
type Identity struct {
	BrokerID    string // of the futures firm, at most 10 bytes
	AppID       string // at most 30 bytes, case-sensitive
	ProductInfo string // at most 10 bytes; may be empty
	Cipher      Cipher // AES unless the firm says otherwise; it is not sent
}

// AuthResult is as what the front admitted the software.
type AuthResult struct {
	AppID   string
	AppType byte // '1' direct, '2' investor relay, '3' operator relay
}

// Authenticate proves that this software holds the authcode of its AppID, without
// sending it: steps 1 to 4 of docs/protocol.md. After *Error the front closes.
func (c *Conn) Authenticate(ctx context.Context, id Identity, authCode string) (AuthResult, error) {
	if len(authCode) != AuthCodeLen {
		return AuthResult{}, fmt.Errorf("client: authcode is %d bytes, want %d", len(authCode), AuthCodeLen)
	}
	if id.Cipher > SM4 {
		return AuthResult{}, fmt.Errorf("client: cipher number %d, want AES or SM4", id.Cipher)
	}
	release, err := c.acquire(ctx)
	if err != nil {
		return AuthResult{}, err
	}
	defer release()
	identity := ftd.AuthIdentity{
		BrokerID:    []byte(id.BrokerID),
		AppID:       []byte(id.AppID),
		ProductInfo: []byte(id.ProductInfo),
	}
	challenge, err := c.askChallenge(&identity)
	if err != nil {
		return AuthResult{}, err
	}
	answer, err := answerChallenge(id.Cipher, authCode, &challenge.TimeStamp)
	if err != nil {
		return AuthResult{}, err
	}
	return c.sendAnswer(&identity, &ftd.AuthInfo{AuthInfo: answer})
}

// askChallenge is steps 1 and 2.
func (c *Conn) askChallenge(id *ftd.AuthIdentity) (f ftd.AuthChallenge, err error) {
	e := ftd.Begin(nil, ftd.TIDAuthenticate)
	e.AuthIdentity(id)
	m, err := c.exchange(ftd.TIDAuthenticate, &e)
	if err != nil {
		return f, err
	}
	if err := require(m, ftd.FIDAuthChallenge, &f); err != nil {
		return f, c.violated(err)
	}
	return f, nil
}

// sendAnswer is steps 3 and 4.
func (c *Conn) sendAnswer(id *ftd.AuthIdentity, info *ftd.AuthInfo) (AuthResult, error) {
	e := ftd.Begin(nil, ftd.TIDAuthenticate)
	e.AuthIdentity(id)
	e.AuthInfo(info)
	m, err := c.exchange(ftd.TIDAuthenticate, &e)
	if err != nil {
		return AuthResult{}, err
	}
	var f ftd.AuthResult
	if err := requireSuccess(m, ftd.FIDAuthResult, &f); err != nil {
		return AuthResult{}, c.violated(err)
	}
	return AuthResult{AppID: string(f.AppID), AppType: f.AppType}, nil
}

// requireSuccess is require for an answer that must say success too; judge has seen that
// what it says is not a failure.
func requireSuccess(m ftd.Message, fid ftd.FID, f decoder) error {
	if err := require(m, ftd.FIDError, new(ftd.Error)); err != nil {
		return err
	}
	return require(m, fid, f)
}
