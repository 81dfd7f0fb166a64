package relays

import (
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/relay"
)

// maxCertFile bounds the file of a certificate, and of those between it and its authority, in bytes.
const maxCertFile = 1 << 20

// parseCert reads the SHA-256 of a certificate, or the file of one.
func parseCert(text string) (relay.CertDigest, error) {
	if digest, err := relay.ParseCertDigest(text); err == nil {
		return digest, nil
	}
	data, err := files.ReadText(text, maxCertFile)
	if err != nil {
		return "", fmt.Errorf("client certificate: %w; want the file of a certificate, or its SHA-256 (64 hex digits)", err)
	}
	digest, err := relay.DigestOfCertificate(data)
	if err = assemble.AlsoHidden(err, data); err != nil {
		return "", fmt.Errorf("client certificate: %s: %w", text, err)
	}
	return digest, nil
}

func parseCerts(texts []string) (all []relay.CertDigest, err error) {
	for _, text := range texts {
		digest, err := parseCert(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, digest) {
			all = append(all, digest)
		}
	}
	return all, nil
}
