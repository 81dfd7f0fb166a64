package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
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
	form                  command.Output
	before                map[string]os.FileInfo // of each file to write, what was there before the run; nil for nothing
}

func (t *tellLoadtest) flags(c *cobra.Command, e *command.Env) {
	f := c.Flags()
	f.StringVar(&t.save, "save", "", "file to write the result to, as JSON")
	f.StringVar(&t.html, "html", "", "file to write the report to: one page, with charts, to print and to sign")
	f.StringVar(&t.hdr, "hdr", "", "file to write the whole distribution of each latency to, as a log of HdrHistogram (.hlog) in microseconds")
	f.StringVar(&t.lang, "lang", string(show.LanguageOf(e.Environ)), "language of the text, and the first of the page: zh or en")
	command.OutputFlag(c, &t.form)
}

// kept is a kind of file that keeps a result.
type kept struct {
	flag string
	is   func(head []byte) bool
	what string // it is
}

// The kinds.
var (
	keptResult = &kept{"--save", result.IsResult, "result of a load test"}
	keptPage   = &kept{"--html", page.IsPage, "page of a load test"}
	keptLog    = &kept{"--hdr", result.IsLog, "log of a load test's histograms"}
)

// check refuses what would be found out after the run, and what would take the place of another output or of an input.
func (t *tellLoadtest) check(inputs []string, others ...string) error {
	faults := []error{checkLanguage(t.lang)}
	for _, f := range []struct {
		kind *kept
		path string
	}{{keptResult, t.save}, {keptPage, t.html}, {keptLog, t.hdr}} {
		if f.path == "" {
			continue
		}
		if containsFile(inputs, f.path) {
			faults = append(faults, fmt.Errorf("%s: %s is one of the results that are put together; name another file", f.kind.flag, f.path))
		}
		if containsFile(others, f.path) {
			faults = append(faults, fmt.Errorf("%s: %s is what another flag writes; name another file", f.kind.flag, f.path))
		}
		others = append(others, f.path)
		if t.before == nil {
			t.before = make(map[string]os.FileInfo)
		}
		t.before[f.path] = stateOf(f.path)
		if err := f.kind.replaceable(f.path); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.kind.flag, err))
			continue
		}
		faults = append(faults, checkFolder(f.kind.flag, f.path))
	}
	return errors.Join(faults...)
}

// stateOf tells one file at a path from a later one; nil where there is none.
func stateOf(path string) os.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

// untouched refuses to replace what another run has written since check.
func (t *tellLoadtest) untouched(path string) error {
	was, is := t.before[path], stateOf(path)
	switch {
	case is == nil, was != nil && os.SameFile(was, is) && was.ModTime().Equal(is.ModTime()):
		return nil
	}
	return fmt.Errorf("%s was written by another run while this one went on, and stays", path)
}

// containsFile reports whether a path is that of one of the files, also by another way to it.
func containsFile(paths []string, path string) bool {
	return slices.ContainsFunc(paths, func(other string) bool {
		if other != "" && filepath.Clean(other) == filepath.Clean(path) {
			return true
		}
		a, errA := os.Stat(other)
		b, errB := os.Stat(path)
		return errA == nil && errB == nil && os.SameFile(a, b)
	})
}

func checkLanguage(lang string) error {
	if !slices.Contains(result.Languages(), lang) {
		return fmt.Errorf("--lang %.20q: want one of %v", lang, result.Languages())
	}
	return nil
}

// result prints and keeps a result; the error is that of one that is not good.
func (t *tellLoadtest) result(e *command.Env, r *result.Result) error {
	if err := r.Seal(); err != nil {
		return err
	}
	err := t.form.Print(e.Out, r, func(w io.Writer) { r.Text(w, t.lang) })
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
		text = append(text, '\n')
		if failed := t.write(keptResult, t.save, text, err); failed != nil {
			faults = append(faults, rescued(failed, text))
		}
	}
	if t.html != "" {
		var b bytes.Buffer
		err := page.Write(&b, r, t.lang)
		faults = append(faults, t.write(keptPage, t.html, b.Bytes(), err))
	}
	if t.hdr != "" {
		var b bytes.Buffer
		err := r.Log(&b)
		faults = append(faults, t.write(keptLog, t.hdr, b.Bytes(), err))
	}
	return errors.Join(faults...)
}

// rescued writes a result that --save could not write into the system's folder for temporary files: a run of hours would be lost with it.
func rescued(failed error, text []byte) error {
	path := filepath.Join(os.TempDir(), "loadtest-"+uuid.NewString()+".json")
	if err := files.Write(path, text, 0o600); err != nil {
		return errors.Join(failed, err)
	}
	return fmt.Errorf("%w; the result is in %s: move it to where it is kept, and `tradefront loadtest merge` makes the other files of it", failed, path)
}

func (t *tellLoadtest) write(k *kept, path string, text []byte, err error) error {
	if touched := t.untouched(path); touched != nil && err == nil {
		err = touched
	}
	return k.write(path, text, err)
}

// write writes a file, in place of an earlier one of its kind alone: a slip of the hand must not take a key, nor a result that is to be kept.
func (k *kept) write(path string, text []byte, err error) error {
	if err == nil {
		err = k.replaceable(path)
	}
	if err == nil {
		err = files.Write(path, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.flag, err)
	}
	return nil
}

// replaceable refuses a file that is there and is of another kind.
func (k *kept) replaceable(path string) error {
	head, err := headOf(path)
	if err != nil || len(head) == 0 || k.is(head) {
		return err
	}
	return fmt.Errorf("%s is there, and is no %s; name another file", path, k.what)
}
