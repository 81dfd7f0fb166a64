package assemble

import (
	"strings"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// CoreOptions are those of core.local.
func CoreOptions(cfg *config.Config) local.Options {
	c := cfg.Core
	return local.Options{
		Params:   local.Params{MemoryKiB: c.Argon2.MemoryKiB, Iterations: c.Argon2.Iterations},
		Parallel: c.Argon2.Parallel, HashQueue: c.HashQueue,
		Remember: c.Remember, RememberAccounts: c.RememberAccounts,
		LockFailures: c.LockFailures, LockSourceFailures: c.LockSourceFailures, LockDecay: c.LockDecay,
		VerifierKiB: c.VerifierKiB,
	}
}

// FrontListeners are the addresses, whom each admits, and whom each believes as a proxy.
func FrontListeners(cfg *config.Config) []front.Listener {
	listeners := make([]front.Listener, len(cfg.Front.Listeners))
	for i := range listeners {
		l := &cfg.Front.Listeners[i]
		listeners[i].Address, listeners[i].Relays = l.Address.String(), l.AdmitsRelays()
		if l.FromProxy() {
			listeners[i].Proxy = &front.ProxyRule{Trusted: l.TrustedProxies, RequireTLS: l.RequireTLS, Timeout: cfg.Timers.ProxyHeader}
		}
	}
	return listeners
}

// SessionSettings are the times and bounds of a dialogue; Limits has its bound on refusals.
func SessionSettings(cfg *config.Config) session.Settings {
	return session.Settings{
		AuthTimeout: cfg.Timers.Authenticate, LoginTimeout: cfg.Timers.Login,
		ChallengeTTL: cfg.Timers.Challenge, BodyBeforeAuth: cfg.Limits.BodyBeforeAuth,
		PendingFrames: cfg.Limits.PendingFrames,
		Business:      cfg.Core.Driver == DriverLink && !cfg.Core.Link.VerifyOnly,
	}
}

// BoundsOf are the bounds of the local store. Where records stay, neither their number nor their
// age is bounded.
func BoundsOf(s *config.Store) journal.Bounds {
	b := journal.Bounds{Bytes: int64(s.MaxBytes), Free: int64(s.MinFree)}
	if s.Driver == DriverPostgres {
		b.Rows, b.Age = int64(s.MaxRows), s.MaxAge
	}
	return b
}

// LoadMasterKey is for commands; serve judges all files at once.
func LoadMasterKey(cfg *config.Config) (*auth.MasterKey, error) {
	if err := cfg.Auth.MasterKeyFile.Err(); err != nil {
		return nil, err
	}
	return auth.LoadMasterKey(cfg.Auth.MasterKeyFile.Path)
}

// SomeOf names the first few AppIDs.
func SomeOf(ids []regulation.AppID) string {
	const few = 5
	names := make([]string, 0, few+1)
	for i, id := range ids {
		if i == few {
			names = append(names, "…")
			break
		}
		names = append(names, show.Cell(string(id)))
	}
	return strings.Join(names, ", ")
}
