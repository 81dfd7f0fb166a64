package collectcmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/textfile"
)

// maxSecret bounds a file with a password or an authcode, in bytes.
const maxSecret = 4096

// maxKey bounds the PEM file of a public key, in bytes.
const maxKey = 64 << 10

// secretFile is a file that holds one password or authcode and nothing else; "-" is standard input.
type secretFile struct {
	flag, path string
	asIs       bool // what surrounds it or does not show belongs to it
}

func (s *secretFile) flags(c *cobra.Command, flag, what string) {
	s.flag = flag
	c.Flags().StringVar(&s.path, flag, "", "file that holds the "+what+"; - reads standard input")
}

// read takes off the mark and the line end that editors put there, and refuses other characters that cannot be meant, as `account add`
// does: the front would only answer that the secret is wrong. The caller wipes the result.
func (s *secretFile) read(in io.Reader) ([]byte, error) {
	b, err := readSecret(s.path, in)
	if errors.Is(err, errNoFile) {
		return nil, fmt.Errorf("--%s: %w; - reads standard input", s.flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", s.flag, err)
	}
	line, err := textfile.Line(b)
	if s.asIs {
		line, err = textfile.LineAsIs(b)
	}
	if err != nil {
		clear(b)
		return nil, fmt.Errorf("--%s: %s %w", s.flag, s.path, err)
	}
	return line, nil
}

func readSecret(path string, in io.Reader) ([]byte, error) {
	switch {
	case path != "-":
		return readFile(path, maxSecret)
	case in == nil:
		return nil, errors.New("there is no standard input")
	}
	return readAll(in, maxSecret)
}
