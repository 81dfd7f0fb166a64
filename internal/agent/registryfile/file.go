package registryfile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// MaxLen is the longest file in bytes.
const MaxLen = 64 << 20

const (
	header  = "# tradefront relay registry 1: terminal software for a relay, sealed to the relay's master key\n"
	purpose = "relay registry 1"
)

// Content is what a file holds.
type Content struct {
	Relay      regulation.AppID `json:"relay"`
	Generation int64            `json:"generation"` // of the directory that it was made of
	Made       time.Time        `json:"made"`
	Chained    bool             `json:"chained"` // relays may come below this one
	Apps       []auth.App       `json:"apps"`    // their codes are sealed under the relay's master key
}

// Export is what the relay may know: the terminal software that is enabled and allowed for it, with the codes sealed
// anew. A relay with Chained gets the relays of its own type among its allowed AppIDs too.
func Export(p *relay.Permission, generation int64, apps []auth.App, from, to *auth.MasterKey, now time.Time) (*Content, error) {
	c := &Content{Relay: p.AppID, Generation: generation, Made: now, Chained: p.Chained}
	own := slices.IndexFunc(apps, func(a auth.App) bool { return a.AppID == p.AppID })
	if own < 0 || !apps[own].Type.Relay() {
		return nil, fmt.Errorf("%s is no relay", p.AppID)
	}
	for i := range apps {
		a := apps[i]
		if !allowed(p, &a, apps[own].Type) {
			continue
		}
		if err := handOver(&a, from, to, now); err != nil {
			return nil, fmt.Errorf("AppID %s: %w", a.AppID, err)
		}
		c.Apps = append(c.Apps, a)
	}
	return c, nil
}

func allowed(p *relay.Permission, a *auth.App, own auth.AppType) bool {
	listed := slices.Contains(p.AllowedApps, a.AppID)
	switch {
	case !a.Enabled || a.AppID == p.AppID:
		return false
	case a.Type == auth.AppDirect:
		return listed || len(p.AllowedApps) == 0
	}
	return p.Chained && listed && a.Type == own
}

// handOver seals an AppID's codes under the other key.
func handOver(a *auth.App, from, to *auth.MasterKey, now time.Time) error {
	code, err := from.Open(a.AppID, a.Sealed)
	if err != nil {
		return err
	}
	defer code.Wipe()
	if a.Sealed, err = to.Seal(a.AppID, code); err != nil {
		return err
	}
	if !a.Previous.ValidAt(now) {
		a.Previous = auth.Predecessor{}
		return nil
	}
	before, err := from.OpenPrevious(a.AppID, a.Previous.Sealed, a.Previous.Until)
	if err != nil {
		return err
	}
	defer before.Wipe()
	a.Previous.Sealed, err = to.SealPrevious(a.AppID, before, a.Previous.Until)
	return err
}

// Write replaces the file at path.
func Write(path string, c *Content, to *auth.MasterKey) error {
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("relay registry: %w", err)
	}
	data := append([]byte(header), base64.StdEncoding.EncodeToString(to.SealText(purpose, text))...)
	return files.Write(path, append(data, '\n'), 0o640)
}

// Read opens the file at path.
func Read(path string, key *auth.MasterKey) (*Content, error) {
	data, err := files.ReadText(path, MaxLen)
	if err != nil {
		return nil, fmt.Errorf("relay registry: %w", err)
	}
	return parse(data, key)
}

func parse(data []byte, key *auth.MasterKey) (*Content, error) {
	body, is := bytes.CutPrefix(data, []byte(header))
	if !is {
		return nil, errors.New("relay registry: the file is none of this version; export it again")
	}
	sealed, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(body)))
	if err != nil {
		return nil, errors.New("relay registry: the file is damaged; export it again")
	}
	text, err := key.OpenText(purpose, sealed)
	if err != nil {
		return nil, fmt.Errorf("relay registry: %w; export it again with --master-key of this relay", err)
	}
	c := new(Content)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("relay registry: %w", err)
	}
	return c, nil
}
