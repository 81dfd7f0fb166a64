package supportbundle

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/ops"
)

// Options say what a bundle is of. Config is what could be read of it and Err why that is not all.
type Options struct {
	Path    string
	Config  *config.Config
	Err     error
	Environ []string
	Build   ops.Build
	Now     func() time.Time
	Front   string // host:port of the front's admin listener; "" for admin.address
	Log     string // a file with the application log; "" asks the front for its last lines
}

// Included is a file of a bundle.
type Included struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
	about about
}

// LeftOut is one that is not there.
type LeftOut struct {
	Name  string `json:"name"`
	Why   string `json:"why"`
	about about
}

// Contents are what a bundle has.
type Contents struct {
	Files   []Included `json:"files"`
	LeftOut []LeftOut  `json:"left_out"`
	// Names are what each token of the bundle replaces. They stay with the firm.
	Names map[string]string `json:"-"`
}

// Write makes a bundle. The error is that of w alone.
func Write(ctx context.Context, o *Options, w io.Writer) (*Contents, error) {
	c := newCollector(o)
	contents, bodies := c.collect(ctx, sections())
	unzipped := gzip.NewWriter(w)
	archive := tar.NewWriter(unzipped)
	made := o.Now()
	folder := "tradefront-support-" + made.UTC().Format("20060102-150405") + "/"
	manifest := c.red.text(contents.manifest(o, made))
	if err := add(archive, folder+manifestName, manifest, made); err != nil {
		return nil, err
	}
	for i, f := range contents.Files {
		if err := add(archive, folder+f.Name, bodies[i], made); err != nil {
			return nil, err
		}
	}
	contents.Names = c.red.tokens
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return contents, unzipped.Close()
}

func add(archive *tar.Writer, name string, content []byte, at time.Time) error {
	err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: at, Format: tar.FormatPAX})
	if err == nil {
		_, err = archive.Write(content)
	}
	return err
}

// collect makes all sections, and redacts them once all are there: accounts that one of them has are replaced in all.
func (c *collector) collect(ctx context.Context, all []section) (*Contents, [][]byte) {
	raw, errs := make([][]byte, len(all)), make([]error, len(all))
	var running sync.WaitGroup
	for i := range all {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, sectionPatience)
			defer cancel()
			raw[i], errs[i] = all[i].produce(ctx, c)
		})
	}
	running.Wait()
	contents := new(Contents)
	var bodies [][]byte
	for i := range all {
		body, why := raw[i], ""
		if all[i].form == plainText {
			body = c.red.text(body)
		}
		switch {
		case errs[i] != nil:
			why = string(c.red.text([]byte(oneLine(errs[i]))))
		case c.red.betrays(body):
			why = "a secret was found in it"
		}
		if why != "" {
			contents.LeftOut = append(contents.LeftOut, LeftOut{all[i].name, why, all[i].about})
			continue
		}
		contents.Files = append(contents.Files, Included{all[i].name, len(body), all[i].about})
		bodies = append(bodies, body)
	}
	return contents, slices.Clip(bodies)
}
