package keypair

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"github.com/tradefront/tradefront/test/built"
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
		p, err := kept(which)
		if err != nil {
			panic(fmt.Sprintf("keypair: %s: %v", which.algorithm, err)) // no test can go on
		}
		made[which] = p
	}
	return made[which]
}

// kept is the pair whose private half is in the cache of what was built for tests, or is made now.
func kept(which name) (*Pair, error) {
	f, err := built.Opened(fmt.Sprintf("keypair-%s-%d.pem", which.algorithm, which.number), func(path string) error {
		secret, err := newPrivate(which.algorithm)
		if err != nil {
			return err
		}
		return os.WriteFile(path, secret, 0o600)
	})
	if err != nil {
		return nil, err
	}
	secret, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return pairOf(secret)
}

func newPrivate(algorithm string) ([]byte, error) {
	var private crypto.Signer
	var err error
	if algorithm == "SM2" {
		private, err = sm2.GenerateKey(rand.Reader)
	} else {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return nil, err
	}
	secret, err := smx509.MarshalPKCS8PrivateKey(private)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), err
}

func pairOf(secret []byte) (*Pair, error) {
	block, _ := pem.Decode(secret)
	if block == nil {
		return nil, errors.New("the kept key is no PEM")
	}
	private, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, err := smx509.MarshalPKIXPublicKey(private.(crypto.Signer).Public())
	if err != nil {
		return nil, err
	}
	p := &Pair{Public: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), Private: secret}
	p.RSA, _ = private.(*rsa.PrivateKey)
	return p, nil
}
