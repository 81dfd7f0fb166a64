package keypair

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"sync"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// Pair is a key pair in PEM: SubjectPublicKeyInfo, and PKCS #8 without a password.
type Pair struct {
	Public, Private []byte
	RSA             *rsa.PrivateKey // nil for SM2
}

type name struct {
	algorithm string
	number    int
}

var (
	mu   sync.Mutex
	made = make(map[name]*Pair)
)

// RSA is pair number n of RSA-2048.
func RSA(n int) *Pair { return get(name{"RSA", n}) }

// SM2 is pair number n of SM2.
func SM2(n int) *Pair { return get(name{"SM2", n}) }

func get(which name) *Pair {
	mu.Lock()
	defer mu.Unlock()
	if made[which] == nil {
		p, err := newPair(which.algorithm)
		if err != nil {
			panic(fmt.Sprintf("keypair: %s: %v", which.algorithm, err)) // no test can go on
		}
		made[which] = p
	}
	return made[which]
}

func newPair(algorithm string) (p *Pair, err error) {
	p = &Pair{}
	var private crypto.Signer
	if algorithm == "SM2" {
		private, err = sm2.GenerateKey(rand.Reader)
	} else {
		p.RSA, err = rsa.GenerateKey(rand.Reader, 2048)
		private = p.RSA
	}
	if err != nil {
		return nil, err
	}
	public, err := smx509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	secret, err := smx509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	p.Public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	p.Private = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return p, nil
}
