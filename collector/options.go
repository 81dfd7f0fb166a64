package collector

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/regulation"
)

// MaxVendorLen is the longest vendor ID, in bytes.
const MaxVendorLen = regulation.MaxVendorIDLen

// Options are what a library is built of.
type Options struct {
	Vendor     string // the vendor ID, for example TF01
	Key        string // a file: the public key that the monitoring centre granted, in PEM
	KeyVersion string // its version
	Kind       string // "pro" for production, "tst" for a test key: may return values in clear
	Out        string // the folder that gets the files; made if it is not there
	Version    string // of the library, for tfc_version
	Day        string // of the source, 2026-01-05, for tfc_version
	Target     string // "linux/amd64", "linux/arm64" or "windows/amd64"
	CC         string // the C compiler of the target, with options before its arguments if it has any; "" for Debian's
	Root       string // the folder of this tree; "" for the working folder
}

// plan is what the options are, once they are checked.
type plan struct {
	Options
	target    target
	pem       []byte
	algorithm string // "rsa2048" or "sm2"
}

// Name of the C half of a vendor's names, which is also that of a file.
var vendorName = regexp.MustCompile(fmt.Sprintf(`^[A-Za-z_][A-Za-z0-9_]{0,%d}$`, MaxVendorLen-1))

// words are what tfc_version separates by spaces.
var word = regexp.MustCompile(`^[!-~]{1,64}$`)

var algorithms = map[string]string{"rsa": "rsa2048", "sm2": "sm2"}

func (o *Options) plan() (*plan, error) {
	target, ok := targets[o.Target]
	switch {
	case !vendorName.MatchString(o.Vendor):
		return nil, fmt.Errorf("VENDOR=%s: want the vendor ID as in a C name: 1 to %d letters, digits and underscores, no digit first", o.Vendor, MaxVendorLen)
	case o.Kind != "pro" && o.Kind != "tst":
		return nil, fmt.Errorf("KIND=%s: want pro for the key of production, or tst for a test key", o.Kind)
	case !ok:
		return nil, fmt.Errorf("TARGET=%s: want linux/amd64, linux/arm64 or windows/amd64", o.Target)
	case o.Out == "":
		return nil, errors.New("OUT is empty: want the folder that gets the library")
	case !word.MatchString(o.Version) || !word.MatchString(o.Day):
		return nil, errors.New("the version and the day of the source are words of printable ASCII")
	case o.Key == "":
		return nil, errors.New("KEY is empty: want the file of the public key in PEM")
	}
	p := &plan{Options: *o, target: target}
	if strings.TrimSpace(p.CC) == "" {
		p.CC = target.cc
	}
	return p, p.readKey()
}

func (p *plan) readKey() (err error) {
	if p.pem, err = os.ReadFile(p.Key); err != nil {
		return fmt.Errorf("KEY: %w", err)
	}
	key, err := collect.ParseKey(p.KeyVersion, p.pem)
	if err != nil {
		return fmt.Errorf("KEY=%s KEY_VERSION=%s: %w", p.Key, p.KeyVersion, err)
	}
	// Of the file only the block goes into the library, so that remarks, line breaks and an editor's byte-order mark, which ParseKey
	// takes off for itself, make no other bytes.
	block, _ := pem.Decode(bytes.TrimPrefix(p.pem, []byte("\ufeff")))
	p.pem = pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})
	if p.Kind == "pro" && bytes.Equal(p.pem, tstkey.Public) {
		return fmt.Errorf("KEY=%s: this is the public test key, whose private half is for all to read; build it with KIND=tst", p.Key)
	}
	p.algorithm = algorithms[key.Algorithm()]
	return nil
}

// versionText is what tfc_version returns.
func (p *plan) versionText() string {
	return fmt.Sprintf("%s %s %s %s %s %s-%s %s", p.Vendor, p.Kind, p.KeyVersion, p.Day, p.Version, p.target.goos, p.target.goarch, p.algorithm)
}
