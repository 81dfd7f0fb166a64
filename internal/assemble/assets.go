package assemble

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Assets are what the files that the configuration names hold.
type Assets struct {
	Keys           *supplement.KeyRing
	Calendar       *calendar.Calendar
	Master         *auth.MasterKey
	MaxConnections int
	CoreTLS        *CoreTLS // nil if the link to a trading core needs none
}

// LoadAssets reads them all and reports everything that is wrong at once. The local
// store's file is not touched.
func LoadAssets(cfg *config.Config) (*Assets, error) {
	faults := cfg.CheckFiles()
	missing := make(map[string]bool, len(faults))
	for _, f := range faults {
		missing[f.Key] = true
	}
	// judge adds what the owner of a file says of its content, unless it was not there.
	judge := func(key string, err error) {
		if err != nil && !missing[key] {
			faults = append(faults, config.Fault{Key: key, Problem: err.Error()})
		}
	}
	var (
		a   Assets
		err error
	)
	a.Keys, faults = LoadKeys(cfg, faults, missing)
	a.Calendar, err = calendar.Load(cfg.CalendarFile.Path)
	judge("calendar_file", err)
	a.Master, err = auth.LoadMasterKey(cfg.Auth.MasterKeyFile.Path)
	judge("auth.master_key_file", err)
	judgeAdmin(&cfg.Admin, judge)
	a.CoreTLS = loadCoreTLS(cfg, judge)
	faults = append(faults, checkURL(cfg, missing)...)
	a.MaxConnections, err = front.ConnectionBudget(cfg.Limits.Connections)
	judge("limits.connections", err)
	return &a, faults.Err()
}

// checkURL judges the database's URL without connecting.
func checkURL(cfg *config.Config, missing map[string]bool) (faults config.Faults) {
	if cfg.Store.Driver != DriverPostgres || missing["store.url_file"] {
		return nil
	}
	url, err := cfg.Store.PostgresURL()
	if err == nil {
		err = postgres.CheckURL(url)
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &faults):
		return faults
	}
	return config.Faults{{Key: cfg.Store.URLKey(), Problem: err.Error()}}
}

// LoadKeys reads the key files; config has judged which versions may be there together.
func LoadKeys(cfg *config.Config, faults config.Faults, missing map[string]bool) (*supplement.KeyRing, config.Faults) {
	before := len(faults)
	keys := make([]supplement.Key, 0, len(cfg.Keys))
	for i, k := range cfg.Keys {
		path := fmt.Sprintf("keys[%d].public_key_file", i)
		if missing[path] {
			continue
		}
		key, err := loadKey(k)
		if err != nil {
			faults = append(faults, config.Fault{Key: path, Problem: k.PublicKeyFile.Path + ": " + err.Error()})
			continue
		}
		if fault := otherAlgorithm(i, k, key.Info.Algorithm); fault != nil {
			faults = append(faults, *fault)
			continue
		}
		if fault := sameKey(i, cfg.Keys, key, keys); fault != nil {
			faults = append(faults, *fault)
			continue
		}
		keys = append(keys, key)
	}
	if len(faults) > before || len(keys) < len(cfg.Keys) {
		return nil, faults
	}
	ring, err := supplement.NewKeyRing(keys)
	if err != nil {
		faults = append(faults, config.Fault{Key: "keys", Problem: err.Error()})
	}
	return ring, faults
}

func loadKey(k config.Key) (supplement.Key, error) {
	public, err := ReadPublicKey(k.PublicKeyFile.Path)
	if err != nil {
		return supplement.Key{}, err
	}
	return supplement.Key{
		Version: k.Version, NotBefore: k.NotBefore, NotAfter: k.NotAfter, Encrypter: public.Encrypter, Info: public.Info,
	}, nil
}

// sameKey is the fault of a key that an earlier version has too; nil if there is none. The
// terminals of one of the two encrypt under another key, and the monitoring centre, which
// decrypts by the version, could not open what we encrypted.
func sameKey(i int, all []config.Key, key supplement.Key, before []supplement.Key) *config.Fault {
	for _, other := range before {
		if other.Info.Fingerprint == key.Info.Fingerprint && other.Version != key.Version {
			return &config.Fault{
				Key:     fmt.Sprintf("keys[%d].public_key_file", i),
				Problem: fmt.Sprintf("%s holds the key of version %s (SHA256:%s)", all[i].PublicKeyFile.Path, other.Version, key.Info.Fingerprint),
				Fix:     fmt.Sprintf("name the file of the key that was granted as version %s", key.Version),
			}
		}
	}
	return nil
}

// otherAlgorithm is the fault of a key file that does not hold what the configuration says;
// nil if it does. The monitoring centre decrypts by the version: one of the two is a mistake.
func otherAlgorithm(i int, k config.Key, is supplement.Algorithm) *config.Fault {
	if k.Algorithm == is.String() {
		return nil
	}
	return &config.Fault{
		Key:     fmt.Sprintf("keys[%d].algorithm", i),
		Problem: fmt.Sprintf("is %s, but %s holds an %s key", k.Algorithm, k.PublicKeyFile.Path, strings.ToUpper(is.String())),
		Fix:     fmt.Sprintf("write algorithm: %s if that is the key that was granted as version %s, else name its file", is, k.Version),
	}
}

// Policy is what of it a reload can replace.
func (a *Assets) Policy(cfg *config.Config) gateway.Policy {
	return gateway.Policy{
		Keys: a.Keys, Calendar: a.Calendar,
		Strict: cfg.TerminalInfo == "strict", RejectReplays: cfg.ReplayedTerminalInfo == "reject",
		LoginsPerUser: rate.Limit{PerSecond: cfg.Core.LoginsPerUser, Burst: cfg.Core.LoginsBurst},
	}
}

// ProbeListeners reports every address that cannot be listened on.
func ProbeListeners(cfg *config.Config) error {
	var faults config.Faults
	for _, l := range cfg.Addresses() {
		if !l.Address.Given() {
			continue // which is a fault of its own
		}
		if err := front.Probe(l.Address.String()); err != nil {
			faults = append(faults, config.Fault{Key: l.Key, Problem: err.Error(), Fix: freeingAdvice(int(l.Address.Port), err)})
		}
	}
	return faults.Err()
}

// WholeReport is the faults of a configuration and of all that it names, as far as it
// could be read. probe looks at its addresses too, or is nil.
func WholeReport(cfg *config.Config, faults error, probe func(*config.Config) error) error {
	if cfg == nil {
		return faults
	}
	_, files := LoadAssets(cfg)
	if probe == nil {
		return JoinFaults(faults, files)
	}
	return JoinFaults(faults, files, probe(cfg))
}

// JoinFaults makes one report of several. A key that has a fault in an earlier one gets no
// second: it follows from the first.
func JoinFaults(errs ...error) error {
	var all config.Faults
	for _, err := range errs {
		var faults config.Faults
		if errors.As(err, &faults) {
			before := all
			for _, f := range faults {
				if !about(before, f.Key) {
					all = append(all, f)
				}
			}
		} else if err != nil {
			all = append(all, config.Fault{Problem: err.Error()})
		}
	}
	return all.Err()
}

// about reports whether a fault is of that key or of something in it.
func about(faults config.Faults, key string) bool {
	return slices.ContainsFunc(faults, func(f config.Fault) bool {
		return key != "" && (f.Key == key || strings.HasPrefix(f.Key, key+"["))
	})
}
