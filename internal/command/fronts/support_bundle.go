package fronts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/supportbundle"
)

// bundleCommand are the flags of support-bundle.
type bundleCommand struct {
	path, file, names, log, front, lang string

	form bundleForm
	json bool // as before -o took a form
}

// bundleForm is -o of support-bundle: text or json, as everywhere. Any other word is the file, as before there was --out; a typo beside --out
// is refused. The next version has the form alone.
type bundleForm struct {
	command.Output
	file string
}

// Set takes any word.
func (f *bundleForm) Set(s string) error {
	if f.Output.Set(s) != nil {
		f.file = s
	}
	return nil
}

// NewSupportBundle is `support-bundle`: one file for a developer.
func NewSupportBundle(e *command.Env) *cobra.Command {
	var b bundleCommand
	c := &cobra.Command{
		Use: "support-bundle", Short: "Gather in one file what a developer needs to find a fault, without accounts, addresses and secrets", Args: command.NoArgs,
		Long: "Write a tar.gz with versions, the configuration in force, the output of doctor, and of the running front its\n" +
			"readiness, metrics, goroutines, an execution trace of three seconds and the last lines of its log; and the last\n" +
			"events of the audit log. Accounts, addresses, hosts and persons are replaced by keyed hashes; MANIFEST.txt in it\n" +
			"says what each file is and what is missing. The bundle is made also when the front or PostgreSQL is down. Run it on the front's machine,\n" +
			"as the front's user, and look into the file before you give it away.\n\n" +
			"--names writes beside it what each hash replaced: keep that file in the firm.",
		Example: "  sudo -u tradefront tradefront support-bundle -c /etc/tradefront/tradefront.yaml --out /tmp/front-1.tar.gz\n" +
			"  journalctl -u tradefront -o cat -n 5000 > log.txt; tradefront support-bundle -c tradefront.yaml --out front-1.tar.gz --log log.txt",
		PreRunE: func(*cobra.Command, []string) error { return b.spelling(e) },
		RunE:    e.Action(func(c *cobra.Command, _ []string) error { return b.run(e, c) }),
	}
	command.ConfigFlag(c, &b.path)
	command.LanguageFlag(c, e, &b.lang)
	f := c.Flags()
	f.StringVar(&b.file, "out", "", "the file to write, as front-1.tar.gz; it must not exist")
	b.form.Output = "text"
	f.VarP(&b.form, "output", "o", "text or json")
	f.StringVar(&b.names, "names", "", "also write what each hash replaced into this file; keep it in the firm")
	f.StringVar(&b.log, "log", "", "a file with the application log, instead of the last lines that the front keeps")
	f.StringVar(&b.front, "front", "", "host:port of the front's admin listener, instead of admin.address")
	f.BoolVar(&b.json, "json", false, "print what is in the bundle as JSON")
	command.Must(f.MarkHidden("json"))
	return c
}

// spelling takes the flags as they were before --out too.
func (b *bundleCommand) spelling(e *command.Env) error {
	old := b.form.file
	switch {
	case b.file != "" && old != "":
		return fmt.Errorf("-o %s: want text or json, beside --out", old)
	case b.file == "" && old == "":
		return errors.New("--out: name the file to write, as front-1.tar.gz")
	case old != "":
		e.Warn("the next version takes -o for text or json alone: name the file with --out")
		b.file = old
	}
	if b.json {
		b.form.Output = "json"
	}
	return nil
}

func (b *bundleCommand) run(e *command.Env, c *cobra.Command) error {
	for _, name := range []string{b.file, b.names} {
		if _, err := os.Lstat(name); name != "" && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists already; name another file", name)
		}
	}
	cfg, err := config.Load(b.path, e.Environ)
	var bundle bytes.Buffer
	end := e.Waiting(command.Doing("gathering"))
	contents, err := supportbundle.Write(c.Context(), &supportbundle.Options{
		Path: b.path, Config: cfg, Err: err, Environ: e.Environ, Build: e.Build(), Now: time.Now, Front: b.front, Log: b.log,
	}, &bundle)
	end()
	if err != nil {
		return err
	}
	if b.names != "" {
		if err := files.Write(b.names, namesText(contents.Names), 0o600); err != nil {
			return err
		}
	}
	if err := files.Write(b.file, bundle.Bytes(), 0o600); err != nil {
		return err
	}
	return b.form.Print(e.Out, contents, func(w io.Writer) { b.tell(w, contents, int64(bundle.Len())) })
}

// namesText has a line for each token and what it replaced.
func namesText(names map[string]string) []byte {
	var text bytes.Buffer
	for _, token := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&text, "%s %s\n", token, names[token])
	}
	return text.Bytes()
}

func (b *bundleCommand) tell(w io.Writer, contents *supportbundle.Contents, size int64) {
	done, missing, next := "wrote %s: %d files, %s\n", "left out: %s: %s\n", "next: look into it before you give it away; MANIFEST.txt says what is in it"
	if b.lang == string(show.Chinese) {
		done, missing, next = "已写入 %s：%d 个文件，%s\n", "缺少：%s：%s\n", "下一步：外发之前请先查看内容；MANIFEST.txt 说明了各个文件"
	}
	fmt.Fprintf(w, done, b.file, len(contents.Files), show.Size(size))
	for _, l := range contents.LeftOut {
		fmt.Fprintf(w, missing, l.Name, l.Why)
	}
	fmt.Fprintln(w, next)
}
