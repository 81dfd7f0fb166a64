package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/pgurl"
)

// maxURL is the longest database URL in bytes.
const maxURL = 4096

// PostgresURL is the database's URL, from url or from url_file, without what stands around
// it. It was understood: see package pgurl. The error never shows any of it.
func (s *Store) PostgresURL() (string, error) {
	text, key := s.URL, "store.url"
	if s.URLFile != "" {
		key = "store.url_file"
		var err error
		if text, err = s.readURLFile(); err != nil {
			return "", err
		}
	}
	if _, err := pgurl.Parse(text); err != nil {
		return "", Faults{urlFault(key, s.URLFile, err)}
	}
	return pgurl.Trim(text), nil
}

func (s *Store) readURLFile() (string, error) {
	if strings.HasPrefix(s.URLFile, credentialPrefix) {
		return "", Faults{missingCredential("store.url_file", s.URLFile)}
	}
	data, err := files.ReadText(s.URLFile, maxURL)
	if err != nil {
		return "", fmt.Errorf("store.url_file: %w", err)
	}
	text := pgurl.Trim(string(data))
	if strings.ContainsAny(text, "\r\n\x00") {
		return "", Faults{{
			Key: "store.url_file", Problem: fmt.Sprintf("%s does not hold one line of at most %d bytes", s.URLFile, maxURL),
			Fix: "write the URL into it, and nothing else",
		}}
	}
	return text, nil
}

// urlFault is what package pgurl says of a URL, as a fault of the key that it comes from.
func urlFault(key, file string, err error) Fault {
	f := Fault{Key: key, Problem: "is not understood"}
	if e := (*pgurl.Error)(nil); errors.As(err, &e) {
		f.Problem, f.Fix = e.Problem, e.Fix
	}
	if file != "" {
		f.Problem = "the URL in " + file + " " + f.Problem
	}
	return f
}
