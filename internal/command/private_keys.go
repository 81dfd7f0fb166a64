package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/settlement/verifykeys"
)

// PrivateKeys is the flag --private-key VERSION=PEMFILE.
type PrivateKeys []verifykeys.PrivateKey

// String names the files, for the parameters that a load test's report has.
func (k *PrivateKeys) String() string {
	texts := make([]string, len(*k))
	for i, key := range *k {
		texts[i] = key.Version + "=" + key.Path
	}
	return strings.Join(texts, ",")
}

// Type is what help shows.
func (k *PrivateKeys) Type() string { return "VERSION=PEMFILE" }

// Set refuses what is not VERSION=PEMFILE, and a version that was given before.
func (k *PrivateKeys) Set(s string) error {
	version, path, ok := strings.Cut(s, "=")
	if !ok || version == "" || path == "" {
		return errors.New("want VERSION=PEMFILE, as 1.0=test.pem")
	}
	for _, given := range *k {
		if given.Version == version {
			return fmt.Errorf("version %s was given twice", version)
		}
	}
	*k = append(*k, verifykeys.PrivateKey{Version: version, Path: path})
	return nil
}
