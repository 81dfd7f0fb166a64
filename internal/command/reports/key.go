package reports

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/supplement"
)

// NewKey is `key`: the monitoring centre's keys.
func NewKey(e *command.Env) *cobra.Command {
	return command.Group("key", "Encryption keys that the monitoring centre granted", newKeyList(e))
}

// shownKey is a key as `key list -o json` prints it.
type shownKey struct {
	Version     string     `json:"version"`
	Algorithm   string     `json:"algorithm"`
	Bits        int        `json:"bits"`
	Fingerprint string     `json:"fingerprint"` // SHA-256 of the SubjectPublicKeyInfo
	NotBefore   *time.Time `json:"not_before"`  // null for no bound
	NotAfter    *time.Time `json:"not_after"`   // null for no bound
	State       string     `json:"state"`
	DaysLeft    *int       `json:"days_left"` // whole days; null without an end or after it
}

type shownKeys struct {
	Keys     []shownKey `json:"keys"`
	Warnings []string   `json:"warnings"`
}

func newKeyList(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List the keys: algorithm, fingerprint, life and days left", Args: command.NoArgs,
		Long: "List the keys of the configuration, the newest last, and the state of each: not yet, valid,\n" +
			"newest (valid, and used where a terminal's version cannot be), expired. The fingerprint is SHA-256\n" +
			"of the SubjectPublicKeyInfo: compare it with what the monitoring centre says (openssl pkey -pubin\n" +
			"-in FILE -outform DER | sha256sum prints it too). A running front has what its last start or reload\n" +
			"read; its /metrics tell.",
		RunE: e.Action(func(*cobra.Command, []string) error {
			cfg, err := config.Load(path, e.Environ)
			if err != nil {
				return err
			}
			ring, faults := assemble.LoadKeys(cfg, nil, nil)
			if err := faults.Err(); err != nil {
				return err
			}
			list := showKeys(ring, time.Now())
			return form.Print(e.Out, list, list.text)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func showKeys(ring *supplement.KeyRing, now time.Time) shownKeys {
	list := shownKeys{Keys: []shownKey{}, Warnings: []string{}}
	for _, k := range ring.Keys() {
		s := shownKey{
			Version: k.Version, Algorithm: k.Info.Algorithm.String(), Bits: k.Info.Bits,
			Fingerprint: k.Info.Fingerprint.String(), State: ring.State(&k, now).String(),
			NotBefore: show.Pointer(k.NotBefore), NotAfter: show.Pointer(k.NotAfter),
		}
		if left := k.NotAfter.Sub(now); left > 0 {
			s.DaysLeft = new(int(show.Days(left)))
		}
		list.Keys = append(list.Keys, s)
	}
	for _, w := range ring.Warnings(now) {
		list.Warnings = append(list.Warnings, w.Text)
	}
	return list
}

func (l shownKeys) text(w io.Writer) {
	command.Table(w, "VERSION\tALGORITHM\tBITS\tNOT BEFORE\tNOT AFTER\tSTATE\tDAYS LEFT\tFINGERPRINT", func(w io.Writer) {
		for _, k := range l.Keys {
			left := "-"
			if k.DaysLeft != nil {
				left = fmt.Sprint(*k.DaysLeft)
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\tSHA256:%s\n", k.Version, k.Algorithm, k.Bits,
				show.Optional(k.NotBefore), show.Optional(k.NotAfter), command.WordFor(w, "key", k.State), left, k.Fingerprint)
		}
	})
	for _, text := range l.Warnings {
		command.Tell(w, "warning: %s\n", command.SentenceFor(w, text))
	}
}
