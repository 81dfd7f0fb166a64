package demo

import (
	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
)

// ClientCipher is c at a terminal: the client shares no types with the front.
func ClientCipher(c auth.Cipher) client.Cipher {
	if c == auth.SM4 {
		return client.SM4
	}
	return client.AES
}
