package collect

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Key is the encryption key that the monitoring centre granted to the vendor of the trading software, with its version.
type Key struct {
	version string
	public  *supplement.PublicKey
}

// ParseKey takes the version (加密密钥版本, 1 to 8 bytes of printable ASCII) and the public key: one PEM block of type PUBLIC KEY, RSA with 2048
// bits or SM2. The error says what is wrong with the file, and nothing of what is in it.
func ParseKey(version string, pem []byte) (*Key, error) {
	if version == "" || len(version) > regulation.MaxKeyVersion {
		return nil, fmt.Errorf("key version: %d bytes; want 1 to %d", len(version), regulation.MaxKeyVersion)
	}
	for i := range len(version) {
		if c := version[i]; c <= ' ' || c > '~' || c == regulation.Separator {
			return nil, errors.New("key version: want printable ASCII without spaces and @")
		}
	}
	public, err := supplement.ParsePublicKey(bytes.TrimPrefix(pem, []byte("\ufeff"))) // an editor's mark
	if err != nil {
		return nil, err
	}
	return &Key{version, public}, nil
}

// Version is the key's version.
func (k *Key) Version() string { return k.version }

// Algorithm is "rsa" or "sm2".
func (k *Key) Algorithm() string { return k.public.Info.Algorithm.String() }

// TerminalInfo is what a login carries of the machine: the field TerminalInfo of docs/protocol.md.
type TerminalInfo struct {
	KeyVersion   string
	AbnormalFlag byte
	Ciphertext   []byte // raw, never base64; of RSA 256 bytes; nil if nothing was collected
}

// Append appends the data of the field: the version padded with spaces to 8 bytes, the flag, the ciphertext.
func (t *TerminalInfo) Append(dst []byte) []byte {
	dst = append(dst, t.KeyVersion...)
	for range regulation.MaxKeyVersion - len(t.KeyVersion) {
		dst = append(dst, ' ')
	}
	return append(append(dst, t.AbnormalFlag), t.Ciphertext...)
}

// Seal encrypts the string. Seal anew for each login: a ciphertext that comes twice is taken for a replay. If nothing was
// collected, the flag is '1' and there is no ciphertext.
func (r *Result) Seal(k *Key) (TerminalInfo, error) {
	info := TerminalInfo{KeyVersion: k.version, AbnormalFlag: r.Flag()}
	if info.AbnormalFlag == byte(regulation.FlagTerminalEmpty) {
		return info, nil
	}
	ciphertext, err := k.public.Encrypt(nil, []byte(r.text))
	if err != nil {
		return TerminalInfo{}, fmt.Errorf("collect: %w", err)
	}
	info.Ciphertext = ciphertext
	return info, nil
}
