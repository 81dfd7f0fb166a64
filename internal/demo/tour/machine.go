package tour

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// thisMachine collects the machine that the demo runs on and logs in with it, sealed under the firm's test key.
func (t *Tour) thisMachine(ctx context.Context) (was *demo.Was, err error) {
	t.heading("This machine logs in with what the collection library (client/collect) finds of it")
	if t.found, err = collect.Collect(ctx, collect.Options{}); err != nil {
		return nil, err
	}
	t.say("%s", strings.TrimSuffix(t.found.ExplainClear(t.explained()), "\n"))
	t.say("the same, masked: %s collect check", show.ShellWord(os.Args[0]))
	pem, err := files.Read(filepath.Join(t.site.Dir, "keys", site.KeyVersion+".pem"), 64<<10)
	if err != nil {
		return nil, err
	}
	key, err := collect.ParseKey(site.KeyVersion, pem)
	if err != nil {
		return nil, err
	}
	return demo.PlayMachine(ctx, &t.site.Firm, t.found, key)
}

// explained is the language of what the library says of the machine.
func (t *Tour) explained() collect.Language {
	if t.Language == show.Chinese {
		return collect.Chinese
	}
	return collect.English
}

// machine shows the line of this machine, as the report has it, beside what the library found.
func (t *Tour) machine(verdict *demo.Verdict) {
	t.heading("This machine: its line of the report, opened with the test private key, beside what the library found")
	opened := verdict.Shown[demo.ThisMachine]
	if len(opened) == 0 {
		t.say("the login was reported without a terminal string: the library found nothing but the time")
		return
	}
	reported := strings.Split(opened[0].Terminal, string(rune(regulation.Separator)))
	show.Table(t.Out, t.in("ITEM\tSTATE\tFOUND\tREPORTED\tSOURCE"), func(w io.Writer) {
		for i, it := range t.found.Items {
			value := "-"
			if i < len(reported) {
				value = reported[i]
			}
			name := it.Word
			if t.Language == show.Chinese {
				name = it.Name
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", name, it.State.In(t.explained()), it.Clear(), value, it.Source)
		}
	})
}
