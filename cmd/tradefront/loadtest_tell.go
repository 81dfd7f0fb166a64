package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/loadtest/page"
	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/show"
)

// errLoadtest is the end of a run that did not show what was asserted; what it showed was printed.
var errLoadtest = errors.New("the load test did not pass")

// tellLoadtest is how the result of a load test is printed and kept.
type tellLoadtest struct {
	save, html, hdr, lang string
	form                  output
}

func (t *tellLoadtest) flags(c *cobra.Command, e *env) {
	f := c.Flags()
	f.StringVar(&t.save, "save", "", "file to write the result to, as JSON")
	f.StringVar(&t.html, "html", "", "file to write the report to: one page, with charts, to print and to sign")
	f.StringVar(&t.hdr, "hdr", "", "file to write the whole distribution of each latency to, as a log of HdrHistogram (.hlog) in microseconds")
	f.StringVar(&t.lang, "lang", string(show.LanguageOf(e.environ)), "language of the text, and the first of the page: zh or en")
	outputFlag(c, &t.form)
}

// check refuses what would be found out after the run.
func (t *tellLoadtest) check(others ...string) error {
	faults := []error{checkLanguage(t.lang)}
	for _, f := range []struct{ flag, path string }{{"--save", t.save}, {"--html", t.html}, {"--hdr", t.hdr}} {
		if f.path == "" {
			continue
		}
		if slices.Contains(others, f.path) {
			faults = append(faults, fmt.Errorf("%s: %s is what another flag writes; name another file", f.flag, f.path))
		}
		others = append(others, f.path)
		if err := replaceableResult(f.path); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.flag, err))
			continue
		}
		faults = append(faults, checkFolder(f.flag, f.path))
	}
	return errors.Join(faults...)
}

func checkLanguage(lang string) error {
	if !slices.Contains(result.Languages(), lang) {
		return fmt.Errorf("--lang %.20q: want one of %v", lang, result.Languages())
	}
	return nil
}

// result prints and keeps a result; the error is that of one that is not good.
func (t *tellLoadtest) result(e *env, r *result.Result) error {
	err := t.form.print(e.out, r, func(w io.Writer) { r.Text(w, t.lang) })
	if err = errors.Join(err, t.keep(r)); err != nil {
		return err
	}
	if !r.Good {
		return errLoadtest
	}
	return nil
}

// keep writes the files that were asked for, each whole or not at all.
func (t *tellLoadtest) keep(r *result.Result) error {
	var faults []error
	if t.save != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		faults = append(faults, keepFile("--save", t.save, append(text, '\n'), err))
	}
	if t.html != "" {
		var b bytes.Buffer
		err := page.Write(&b, r, t.lang)
		faults = append(faults, keepFile("--html", t.html, b.Bytes(), err))
	}
	if t.hdr != "" {
		var b bytes.Buffer
		err := r.Log(&b)
		faults = append(faults, keepFile("--hdr", t.hdr, b.Bytes(), err))
	}
	return errors.Join(faults...)
}

// keepFile writes a file, in place of an earlier one of its kind alone: a slip of the hand must not take a key.
func keepFile(flag, path string, text []byte, err error) error {
	if err == nil {
		err = replaceableResult(path)
	}
	if err == nil {
		err = files.Write(path, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

// replaceableResult refuses a file that is there and is neither a result of a load test, nor its page or its histograms.
func replaceableResult(path string) error {
	head, err := headOf(path)
	if err != nil {
		return err
	}
	if len(head) == 0 || result.IsLog(head) || bytes.Contains(head, []byte(page.Mark)) || bytes.Contains(head, []byte(`"format": "`+result.Format+`"`)) {
		return nil
	}
	return fmt.Errorf("%s is there, and is no result of a load test; name another file", path)
}
