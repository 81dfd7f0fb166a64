package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
)

// verifyFlags are what is known of the report besides its bytes.
type verifyFlags struct {
	config   string
	calendar string
	vendor   string
	keys     privateKeys
	html     string
	force    bool
	tempDir  string
	form     output
}

func newReportVerify(e *env) *cobra.Command {
	var flags verifyFlags
	c := &cobra.Command{
		Use: "verify FILE", Short: "Check a report file before the monitoring centre does", Args: cobra.ExactArgs(1),
		Long: "Read every line of a report by a reader of its own, and tell what is wrong, with line numbers, and\n" +
			"what the day looks like. With the configuration it is also checked whose report it is, the trading\n" +
			"day, and which key versions may stand in it; with test keys, what is inside the ciphertexts.\n\n" +
			"The verdict is one word: good; partial, if the day was not over when the file was made; incomplete, if its\n" +
			"manifest says that records may be missing, also where that was waived; faulty. Exit status 0 if it is good\n" +
			"(warnings may be), 1 if not.",
		Example: "  tradefront report verify 0001clientinfo20260105.txt --config tradefront.yaml --html check.html\n" +
			"  tradefront report verify 0001clientinfo20260105.txt --calendar calendar.yaml --private-key 1.0=test.pem",
		RunE: e.action(func(c *cobra.Command, args []string) error { return verifyReport(c, e, &flags, args[0]) }),
	}
	f := c.Flags()
	f.StringVarP(&flags.config, "config", "c", "", "configuration file: whose report, vendor ID, keys, calendar")
	f.StringVar(&flags.calendar, "calendar", "", "calendar file, instead of the configuration's")
	f.StringVar(&flags.vendor, "vendor", "", "vendor ID that each line must have (default: the configuration's, else the first line's)")
	f.Var(&flags.keys, "private-key", "test key of a key version, VERSION=PEMFILE; may be given several times")
	f.StringVar(&flags.html, "html", "", "write the report as one page into this file as well")
	f.BoolVar(&flags.force, "force", false, "let --html replace a file that is no such page")
	f.StringVar(&flags.tempDir, "temp-dir", "", "folder for temporary files, 50 bytes a line (default: the system's)")
	outputFlag(c, &flags.form)
	return c
}

func verifyReport(c *cobra.Command, e *env, flags *verifyFlags, path string) error {
	options, err := flags.options(e, path)
	if err != nil {
		return err
	}
	pageFile, err := openPage(flags.html, path, flags.force)
	if err != nil {
		return err
	}
	defer pageFile.discard()
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	bar := e.progress("verifying", info.Size(), "bytes")
	options.Progress = bar.set
	r, err := verify.Verify(c.Context(), options)
	bar.end()
	if err != nil {
		return err
	}
	if err := pageFile.write(r); err != nil {
		return err
	}
	var written error
	if err := flags.form.print(e.out, r, func(w io.Writer) { written = r.WriteText(w) }); err != nil || written != nil {
		return errors.Join(err, written)
	}
	if !r.Verdict.Good {
		return errors.New(path + ": " + r.Verdict.English)
	}
	return nil
}

// options gathers what flags and configuration say.
func (f *verifyFlags) options(e *env, path string) (verify.Options, error) {
	o := verify.Options{Path: path, VendorID: f.vendor, TempDir: f.tempDir, Now: time.Now()}
	private, err := f.keys.load()
	if err != nil {
		return o, err
	}
	calendarFile := f.calendar
	var cfg *config.Config
	if f.config != "" {
		if cfg, err = config.Load(f.config, e.environ); err != nil {
			return o, err
		}
		o.UnitID, o.Complete = cfg.ReportUnitID, true
		if o.VendorID == "" {
			o.VendorID = cfg.VendorID
		}
		if calendarFile == "" {
			calendarFile = cfg.CalendarFile.Path
		}
	}
	if calendarFile != "" {
		cal, err := calendar.Load(calendarFile)
		if err != nil {
			return o, fmt.Errorf("%s: %w", calendarFile, err)
		}
		o.Calendar = cal
	}
	o.Versions, err = knownVersions(cfg, private)
	return o, err
}

// knownVersions joins the configured keys with the private ones. A private key that is not
// the other half of its version's configured key is refused before anything is read.
func knownVersions(cfg *config.Config, private []privateKey) ([]verify.Version, error) {
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
	for _, p := range private {
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
func (p *privateKey) checkHalf(publicKeyFile string) error {
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

// privateKeys is the flag --private-key VERSION=PEMFILE.
type privateKeys []struct{ version, path string }

func (k *privateKeys) String() string { return "" }
func (k *privateKeys) Type() string   { return "VERSION=PEMFILE" }

// Set refuses what is not VERSION=PEMFILE, and a version that was given before.
func (k *privateKeys) Set(s string) error {
	version, path, ok := strings.Cut(s, "=")
	if !ok || version == "" || path == "" {
		return errors.New("want VERSION=PEMFILE, as 1.0=test.pem")
	}
	for _, given := range *k {
		if given.version == version {
			return fmt.Errorf("version %s was given twice", version)
		}
	}
	*k = append(*k, struct{ version, path string }{version, path})
	return nil
}

// privateKey is a test key that was read.
type privateKey struct {
	version string
	key     testkey.Decrypter
}

func (k privateKeys) load() ([]privateKey, error) {
	var all []privateKey
	for _, given := range k {
		pem, err := files.ReadText(given.path, assemble.MaxPEM)
		if err != nil {
			return nil, fmt.Errorf("--private-key %s: %w", given.version, err)
		}
		key, err := testkey.Parse(pem)
		if err = assemble.AlsoHidden(err, pem); err != nil {
			return nil, fmt.Errorf("--private-key %s: %s: %w", given.version, given.path, err)
		}
		all = append(all, privateKey{given.version, key})
	}
	return all, nil
}
