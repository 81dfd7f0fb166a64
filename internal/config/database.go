package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/pgurl"
)

// maxURL is the longest database URL in bytes.
const maxURL = 4096

// DatabaseURL is store.url: a URL of PostgreSQL, or the fault of one. The fault is told only where the
// URL is used. The zero value is no URL.
type DatabaseURL struct {
	url   *pgurl.URL
	fault error
}

func parseDatabaseURL(s string) (d DatabaseURL, _ error) {
	if s != "" {
		d.url, d.fault = pgurl.Parse(s)
	}
	return d, nil
}

func (d DatabaseURL) given() bool { return d.url != nil || d.fault != nil }

// PostgresURL is the database's URL, from url or from url_file, which it reads. No error shows a part
// of it.
func (s *Store) PostgresURL() (*pgurl.URL, error) {
	url, err := s.URL.url, s.URL.fault
	if s.URLFile.Path != "" {
		line, fileErr := s.readURLFile()
		if fileErr != nil {
			return nil, fileErr
		}
		url, err = pgurl.Parse(line)
	}
	if url == nil && err == nil {
		_, err = pgurl.Parse("")
	}
	if err != nil {
		return nil, Faults{urlFault(s.URLKey(), s.URLFile.Path, err)}
	}
	return url, nil
}

func (s *Store) readURLFile() (string, error) {
	if err := s.URLFile.Err(); err != nil {
		return "", err
	}
	data, err := files.ReadText(s.URLFile.Path, maxURL)
	if err != nil {
		return "", fmt.Errorf("store.url_file: %w", err)
	}
	line := pgurl.Trim(string(data))
	if strings.ContainsAny(line, "\r\n\x00") {
		return "", Faults{{
			Key: "store.url_file", Problem: fmt.Sprintf("%s does not hold one line of at most %d bytes", s.URLFile.Path, maxURL),
			Fix: "write the URL into it, and nothing else",
		}}
	}
	return line, nil
}

// urlFault is the error of package pgurl, as a fault of the key that the URL comes from.
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

// checkOpenPassword refuses a password in a configuration file that all users of this machine can read.
func (c *Config) checkOpenPassword(path string, env []string) (faults Faults) {
	for _, line := range env {
		if strings.HasPrefix(line, envPrefix+"STORE_URL=") {
			return nil // the URL is from there, not from the file
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o007 == 0 || c.Store.URL.url == nil || !c.Store.URL.url.HasPassword() {
		return nil
	}
	faults.add("store.url", fmt.Sprintf("holds a password, and mode %04o of %s lets all users in", info.Mode().Perm(), path),
		"write it into a file of its own and name that in url_file, or "+files.ModeAdvice(path, "chmod o="))
	return faults
}

// URLKey is the key that the URL of PostgreSQL comes from.
func (s *Store) URLKey() string {
	if s.URLFile.Path != "" {
		return "store.url_file"
	}
	return "store.url"
}
