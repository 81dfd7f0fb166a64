package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/files"
)

// SecretFile is a file that holds one password or authcode and nothing else; "-" is standard
// input.
type SecretFile struct {
	flag string // that names it
	Path string
	asIs bool // what surrounds it or does not show belongs to it
}

// Flags adds the flag that names the file.
func (s *SecretFile) Flags(c *cobra.Command, flag, what string) {
	s.flag = flag
	c.Flags().StringVar(&s.Path, flag, "", "file that holds the "+what+"; - reads standard input")
}

// AsIsFlag is for passwords alone: they may hold anything.
func (s *SecretFile) AsIsFlag(c *cobra.Command) {
	c.Flags().BoolVar(&s.asIs, "as-is", false, "quotation marks around the password and characters that do not show belong to it")
}

// Read takes off the byte-order mark and the line end that editors put there, and refuses
// other characters that cannot be meant. The caller wipes the result.
func (s *SecretFile) Read(e *Env) ([]byte, error) {
	secret, err := files.ReadLine(s.Path, e.In, s.asIs)
	if k := (*files.KindError)(nil); errors.As(err, &k) {
		return nil, fmt.Errorf("--%s: %w; - reads standard input", s.flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", s.flag, err)
	}
	return secret, nil
}
