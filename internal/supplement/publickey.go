package supplement

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
)

// rsaBits is the one modulus size that 4.4.1 b allows.
const rsaBits = 2048

// minExponent is the smallest public exponent of FIPS 186-5; keys in use have this one.
const minExponent = 65537

// KeyFault is why a file is not a public key that this program can use.
type KeyFault byte

// The closed set of faults.
const (
	KeyNotPEM       KeyFault = iota + 1 // no PEM block in it
	KeyPrivate                          // a private key
	KeyCertificate                      // a certificate
	KeyPKCS1                            // an RSA public key of the older PEM type "RSA PUBLIC KEY"
	KeyWrongPEMType                     // some other PEM type
	KeyTrailing                         // something follows the key
	KeyMalformed                        // the block does not hold a SubjectPublicKeyInfo
	KeyAlgorithm                        // a public key of neither RSA nor SM2
	KeySize                             // an RSA modulus of another size than 2048
	KeyExponent                         // an even public exponent, or one that is too small or too big
)

var keyFaultWords = [...]string{
	KeyNotPEM: "not_pem", KeyPrivate: "private_key", KeyCertificate: "certificate", KeyPKCS1: "pkcs1",
	KeyWrongPEMType: "wrong_pem_type", KeyTrailing: "trailing_data", KeyMalformed: "malformed",
	KeyAlgorithm: "algorithm", KeySize: "rsa_size", KeyExponent: "rsa_exponent",
}

func (f KeyFault) String() string {
	if f == 0 || int(f) >= len(keyFaultWords) {
		return "invalid"
	}
	return keyFaultWords[f]
}

// KeyError is why ParsePublicKey refused. Explain is for the operator: what the file is
// and what to do. It never contains any part of the file.
type KeyError struct {
	Fault   KeyFault
	Explain string
}

func (e *KeyError) Error() string { return "public key: " + e.Explain }

// ParsePublicKey reads the monitoring centre's encryption key: one PEM block of type
// PUBLIC KEY (SubjectPublicKeyInfo), RSA with a modulus of 2048 bits or SM2. Text before
// the block is allowed. The error is a *KeyError.
func ParsePublicKey(pemBytes []byte) (*PublicKey, error) {
	der, err := publicKeyDER(pemBytes)
	if err != nil {
		return nil, err
	}
	algorithm, bits, err := algorithmOf(der)
	if err != nil {
		return nil, err
	}
	key := &PublicKey{Info: KeyInfo{Algorithm: algorithm, Fingerprint: sha256.Sum256(der)}}
	if algorithm == SM2 {
		key.Info.Bits = sm2Bits
		key.Encrypter, err = newSM2Key(bits)
	} else {
		key.Info.Bits = rsaBits
		key.Encrypter, err = parseRSA(der)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

func parseRSA(der []byte) (*rsaKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, &KeyError{KeyMalformed, "the block does not hold an RSA public key"}
	}
	pub, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, &KeyError{KeyAlgorithm, explainAlgorithm}
	}
	if err := checkRSA(pub); err != nil {
		return nil, err
	}
	key, err := newRSAKey(pub)
	if err != nil {
		return nil, &KeyError{KeyMalformed, "the RSA modulus cannot be used: " + err.Error()}
	}
	return key, nil
}

// publicKeyDER finds the one PUBLIC KEY block.
func publicKeyDER(pemBytes []byte) ([]byte, error) {
	// Looked for before anything else, and in a damaged block too.
	if bytes.Contains(pemBytes, []byte("PRIVATE KEY-----")) {
		return nil, &KeyError{KeyPrivate, "this file holds a PRIVATE key; never put a private key on a front: " +
			"remove the file from this machine and configure the public key"}
	}
	block, rest := pem.Decode(pemBytes)
	if block == nil {
		return nil, &KeyError{KeyNotPEM, "no PEM block; want a file that starts with -----BEGIN PUBLIC KEY-----"}
	}
	switch block.Type {
	case "PUBLIC KEY":
	case "CERTIFICATE":
		return nil, &KeyError{KeyCertificate, "a certificate; take the key out of it with: " +
			"openssl x509 -in FILE -pubkey -noout"}
	case "RSA PUBLIC KEY":
		return nil, &KeyError{KeyPKCS1, "an RSA key in the older PKCS#1 form; convert it with: " +
			"openssl rsa -RSAPublicKey_in -in FILE -pubout"}
	default:
		return nil, &KeyError{KeyWrongPEMType, "the PEM block is of another type; want PUBLIC KEY"}
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, &KeyError{KeyTrailing, "something follows the key; the file must end with it, one key a file"}
	}
	return block.Bytes, nil
}

var (
	oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidEC  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidSM2 = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301} // GM/T 0006
)

const explainAlgorithm = "neither an RSA nor an SM2 key; the regulation asks for RSA-2048, or the national algorithm (4.4.1 b)"

// algorithmOf distinguishes the algorithms that x509 has no words, or the same words, for, and
// returns the key's own bits.
func algorithmOf(der []byte) (Algorithm, []byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &info)
	if err != nil {
		return 0, nil, &KeyError{KeyMalformed, "the block does not hold a SubjectPublicKeyInfo"}
	}
	if len(rest) > 0 {
		return 0, nil, &KeyError{KeyTrailing, "something follows the key inside the PEM block"}
	}
	var curve asn1.ObjectIdentifier
	switch algorithm := info.Algorithm.Algorithm; {
	case algorithm.Equal(oidRSA):
		return RSA, info.Key.RightAlign(), nil
	case algorithm.Equal(oidEC):
		// A curve written out in parameters, not by name, leaves curve empty: not ours.
		_, _ = asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve)
	}
	// SM2 is a curve to some (OpenSSL, RFC 8998) and an algorithm of its own to others.
	if curve.Equal(oidSM2) || info.Algorithm.Algorithm.Equal(oidSM2) {
		return SM2, info.Key.RightAlign(), nil
	}
	return 0, nil, &KeyError{KeyAlgorithm, explainAlgorithm}
}

func checkRSA(pub *rsa.PublicKey) error {
	if bits := pub.N.BitLen(); bits != rsaBits {
		return &KeyError{KeySize, fmt.Sprintf("RSA with %d bits; the regulation asks for 2048 (4.4.1 b)", bits)}
	}
	switch {
	case pub.N.Bit(0) == 0:
		// Refused here: exponentiation would panic at the first login.
		return &KeyError{KeyMalformed, "the RSA modulus is even, so this cannot be a key"}
	case pub.E%2 == 0:
		return &KeyError{KeyExponent, "the RSA exponent is even, so this cannot be a key"}
	case pub.E < minExponent:
		return &KeyError{KeyExponent, fmt.Sprintf("the RSA exponent %d is too small, want at least %d", pub.E, minExponent)}
	case int64(pub.E) > 1<<31-1:
		return &KeyError{KeyExponent, "the RSA exponent is over 31 bits, as no key in use has it"}
	}
	return nil
}
