package terminaltest

import (
	"crypto/aes"
	"fmt"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// Message is the frame of one message with those fields, in their order. It panics on a field
// that cannot be encoded: that is a fault of the test.
func Message(tid ftd.TID, fields ...func(*ftd.Encoder)) []byte {
	e := ftd.Begin(nil, tid)
	for _, put := range fields {
		put(&e)
	}
	return must(e.End())
}

// Request is the frame of a business message with that number in its dialog.
func Request(tid ftd.TID, number uint32, fields ...func(*ftd.Encoder)) []byte {
	return Message(tid, append([]func(*ftd.Encoder){func(e *ftd.Encoder) { e.Sequence(0, number) }}, fields...)...)
}

// Ask is step 1 of docs/protocol.md: it asks for a challenge.
func Ask(id client.Identity) []byte { return must(new(client.Machine).AppendAsk(nil, &id)) }

// Answer is step 3 with any answer; Respond makes the right one.
func Answer(id client.Identity, answer [client.ChallengeLen]byte) []byte {
	return Message(ftd.TIDAuthenticate, func(e *ftd.Encoder) {
		e.AuthIdentity(&ftd.AuthIdentity{
			BrokerID: []byte(id.BrokerID), AppID: []byte(id.AppID), ProductInfo: []byte(id.ProductInfo),
		})
	}, func(e *ftd.Encoder) { e.AuthInfo(&ftd.AuthInfo{AuthInfo: answer}) })
}

// Login is step 5.
func Login(req client.LoginRequest) []byte { return must(new(client.Machine).AppendLogin(nil, &req)) }

// Logout is step 7.
func Logout(broker, user string) []byte {
	return Message(ftd.TIDUserLogout, func(e *ftd.Encoder) {
		e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte(broker), UserID: []byte(user)})
	})
}

// Respond is the right answer to a challenge: docs/protocol.md, "The challenge". It shares no code
// with client or auth.
func Respond(authCode string, challenge [client.ChallengeLen]byte) (answer [client.ChallengeLen]byte) {
	block, err := aes.NewCipher([]byte(authCode))
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(answer); i += aes.BlockSize {
		block.Encrypt(answer[i:], challenge[i:])
	}
	return answer
}

func must(frame []byte, err error) []byte {
	if err != nil {
		panic(fmt.Sprintf("terminaltest: %v", err))
	}
	return frame
}
