package verifykeys

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
)

// PrivateKey names the test key of a key version, a PEM file.
type PrivateKey struct{ Version, Path string }

// Versions joins the configured keys, of which there are none without cfg, with private test keys: what verify
// needs to know of the versions in a report. A private key that is not the other half of its version's configured key
// is refused.
func Versions(cfg *config.Config, private []PrivateKey) ([]verify.Version, error) {
	keys, err := load(private)
	if err != nil {
		return nil, err
	}
	var all []verify.Version
	if cfg != nil {
		for _, k := range cfg.Keys {
			v := verify.Version{Name: k.Version, NotBefore: k.NotBefore, NotAfter: k.NotAfter}
			if k.Algorithm == supplement.SM2.String() {
				v.MinLen, v.MaxLen = supplement.SM2Overhead+supplement.MinSM2Plaintext, supplement.SM2Overhead+supplement.MaxPlaintext
			}
			all = append(all, v)
		}
	}
next:
	for _, p := range keys {
		for i := range all {
			if all[i].Name == p.version {
				if err := p.checkHalf(cfg.Keys[i].PublicKeyFile.Path); err != nil {
					return nil, err
				}
				all[i].Decrypter = p.key
				continue next
			}
		}
		if cfg != nil {
			return nil, fmt.Errorf("--private-key %s: the configuration has no key of that version", p.version)
		}
		v := verify.Version{Name: p.version, Decrypter: p.key}
		v.MinLen, v.MaxLen = p.key.CiphertextLen()
		all = append(all, v)
	}
	return all, nil
}

// checkHalf encrypts under the public key that is configured and opens it again: that tells
// for every algorithm whether the two belong together.
func (p *loaded) checkHalf(publicKeyFile string) error {
	public, err := assemble.ReadPublicKey(publicKeyFile)
	if err != nil {
		return fmt.Errorf("%s: %w", publicKeyFile, err)
	}
	const probe = "a probe of the configured key" // SM2 takes MinSM2Plaintext bytes or more
	ciphertext, err := public.Encrypt(nil, []byte(probe))
	if err != nil {
		return fmt.Errorf("%s: %w", publicKeyFile, err)
	}
	if text, err := p.key.Decrypt(ciphertext); err != nil || string(text) != probe {
		return fmt.Errorf("--private-key %s: not the private half of the key that is configured for version %s (%s)",
			p.version, p.version, publicKeyFile)
	}
	return nil
}

// loaded is a test key that was read.
type loaded struct {
	version string
	key     testkey.Decrypter
}

func load(given []PrivateKey) ([]loaded, error) {
	var all []loaded
	for _, k := range given {
		pem, err := files.ReadText(k.Path, assemble.MaxPEM)
		if err != nil {
			return nil, fmt.Errorf("--private-key %s: %w", k.Version, err)
		}
		key, err := testkey.Parse(pem)
		if err = assemble.AlsoHidden(err, pem); err != nil {
			return nil, fmt.Errorf("--private-key %s: %s: %w", k.Version, k.Path, err)
		}
		all = append(all, loaded{k.Version, key})
	}
	return all, nil
}
