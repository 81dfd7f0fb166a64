package main

import (
	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/demo"
)

// cipherFlag is a flag that names what challenges are answered with: aes, its zero value,
// or sm4. Any other word is misuse.
type cipherFlag struct{ auth.Cipher }

// Set refuses any other word.
func (f *cipherFlag) Set(s string) (err error) {
	f.Cipher, err = auth.ParseCipher(s)
	return err
}

// Type is what help shows.
func (*cipherFlag) Type() string { return "cipher" }

// client is the same cipher at a terminal.
func (f *cipherFlag) client() client.Cipher { return demo.ClientCipher(f.Cipher) }
