package command

import (
	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/demo"
)

// CipherFlag is a flag that names what challenges are answered with: aes, its zero value,
// or sm4. Any other word is misuse.
type CipherFlag struct{ auth.Cipher }

// Set refuses any other word.
func (f *CipherFlag) Set(s string) (err error) {
	f.Cipher, err = auth.ParseCipher(s)
	return err
}

// Type is what help shows.
func (*CipherFlag) Type() string { return "cipher" }

// Client is the same cipher at a terminal.
func (f *CipherFlag) Client() client.Cipher { return demo.ClientCipher(f.Cipher) }
