package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"

	"github.com/tradefront/tradefront/internal/files"
)

// agentSchema is the tree of all keys of a relay agent. It never changes.
var agentSchema = sync.OnceValue(func() *field {
	return &field{kind: section, fields: fieldsOf(reflect.TypeFor[Agent](), "")}
})

// The values of Agent.Mode.
const (
	AgentInvestor = "investor"
	AgentOperator = "operator"
)

// Operator reports whether the agent has one connection for all its terminals.
func (a *Agent) Operator() bool { return a.Mode == AgentOperator }

// LoadAgent reads the configuration of a relay agent, as Load that of a front.
func LoadAgent(path string, env []string) (*Agent, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, Faults{{Problem: err.Error()}}
	}
	written, faults := layer(agentSchema(), data, env)
	s := &settler{folder: filepath.Dir(path), credentials: credentialsFolder(env)}
	a := s.settleAgent(written)
	if faults.on("") { // the file as a whole: what it names is not known
		return nil, faults.Err()
	}
	return a, s.judged(faults, a.check(s.faults)).Err()
}

// DefaultAgent is the configuration of an agent that listens on loopback. Files named in it are relative and need not
// be there; the keys that are required are empty.
func DefaultAgent() Agent { return *new(settler).settleAgent(agentSchema().defaults()) }

func (s *settler) settleAgent(written map[string]any) *Agent {
	a := new(Agent)
	s.section(agentSchema(), written, "", reflect.ValueOf(a).Elem())
	return a
}

// IsAgent reports whether the file at path is the configuration of a relay agent: it has the section upstream, which a
// front's has not.
func IsAgent(path string) bool {
	data, err := files.ReadText(path, maxFile)
	if err != nil {
		return false
	}
	doc, problem := parseYAML(data)
	if problem != "" {
		return false
	}
	for i := 0; i+1 < len(doc.Content); i += 2 {
		if doc.Content[i].Value == "upstream" {
			return true
		}
	}
	return false
}

// AsFront is what an agent has in common with a front, as a front's configuration: what makes parts of that makes an
// agent's too. Its master key is that of the registry file, its local store that of the accounts.
func (a *Agent) AsFront() *Config {
	return &Config{
		BrokerID: a.BrokerID, SystemName: a.SystemName, Front: a.Front, Admin: a.Admin, AuditLog: a.AuditLog, LogLevel: a.LogLevel,
		Auth: Auth{MasterKeyFile: a.Registry.MasterKeyFile, Refresh: a.Registry.Refresh}, Core: a.Core,
		Store: Store{Driver: "embedded", Path: a.Accounts, AnswerAfter: "local", MinFree: a.AuditMinFree}, Limits: a.Limits, Timers: a.Timers,
	}
}

// CheckFiles is Config.CheckFiles of an agent.
func (a *Agent) CheckFiles() Faults {
	return checkFiles(slices.DeleteFunc(filesOf(agentSchema(), reflect.ValueOf(*a)), func(n named) bool {
		switch n.key {
		case "accounts":
			return !a.localAccounts()
		case "upstream.password_file", "upstream.key_file", "upstream.terminal_info_file":
			return !a.Operator()
		}
		return false
	}))
}

func (a *Agent) localAccounts() bool { return a.Operator() && a.Core.Driver == "local" }

// check holds the values to the rules that join several keys.
func (a *Agent) check(settled Faults) (faults Faults) {
	common := a.AsFront()
	faults = append(faults, common.checkAddresses(settled)...)
	faults = append(faults, common.checkProxies(settled)...)
	for i := range a.Front.Listeners {
		if a.Front.Listeners[i].AdmitsRelays() && !a.Chained {
			faults.add(entryKey("front.listeners", i)+".admits", "is relays, and chained is false: every connection would be refused",
				"write chained: true, or remove the listener")
		}
	}
	if a.Operator() {
		faults = append(faults, common.checkQueue()...)
		faults = append(faults, a.Core.check(settled)...)
	} else if a.Core.Driver == "link" {
		faults.add("core.driver", "is link, and with mode investor the firm's front asks its own trading core: the agent asks none",
			"remove the section core, or write mode: operator")
	}
	faults = append(faults, a.Limits.checkPenalties()...)
	faults = append(faults, a.Upstream.check(settled, a.Operator())...)
	if a.Limits.RequestsOver != "delay" && !settled.on("limits.requests_over") {
		faults.add("limits.requests_over", "a message that the agent refused would be missing in the numbers that the front counts",
			"write requests_over: delay")
	}
	return append(faults, a.checkKeys()...)
}

func (u *Upstream) check(settled Faults, operator bool) (faults Faults) {
	if len(u.Addresses) == 0 && !settled.in("upstream.addresses") {
		faults.add("upstream.addresses", "is empty: there is no front to connect to", `write ["HOST:PORT"]`)
	}
	faults = append(faults, u.TLS.check(settled)...)
	if !operator {
		return faults
	}
	if u.Operator == "" && !settled.on("upstream.operator") {
		faults.add("upstream.operator", "mode operator needs the operator's account", "")
	}
	if u.PasswordFile.Path == "" && !settled.on("upstream.password_file") {
		faults.add("upstream.password_file", "mode operator needs the operator's password", "name the file that holds it")
	}
	return append(faults, u.checkOwnInfo(settled)...)
}

// checkOwnInfo judges where the terminal information of the agent's own machine is from.
func (u *Upstream) checkOwnInfo(settled Faults) (faults Faults) {
	key, ready := u.KeyFile.Path != "", u.TerminalInfoFile.Path != ""
	if key && ready {
		faults.add("upstream.terminal_info_file", "is given beside key_file, under which the agent encrypts this machine's own anew at each login",
			"remove one of them")
	}
	switch {
	case u.KeyVersion != "" || settled.on("upstream.key_version"):
	case key:
		faults.add("upstream.key_version", "is empty, and the front must be told which version key_file is", "write that key's version")
	case ready:
		faults.add("upstream.key_version", "is empty, and terminal_info_file is encrypted under some key", "write that key's version")
	}
	return faults
}

func (t *UpstreamTLS) check(settled Faults) (faults Faults) {
	const of = "upstream.tls."
	named := map[string]bool{
		"ca_file": t.CAFile.Path != "", "cert_file": t.CertFile.Path != "", "key_file": t.KeyFile.Path != "", "server_name": t.ServerName != "",
	}
	for _, key := range []string{"ca_file", "cert_file", "key_file", "server_name"} {
		if named[key] && !t.Enabled && !settled.on(of+"enabled") {
			faults.add(of+key, "is not used without TLS", "write enabled: true beside it, or remove it")
		}
	}
	for has, lacks := range map[string]string{"cert_file": "key_file", "key_file": "cert_file"} {
		if named[has] && !named[lacks] && !settled.on(of+lacks) {
			faults.add(of+lacks, "is empty, and "+has+" is given: a certificate goes with its key", "name both, or none")
		}
	}
	return faults
}

func (a *Agent) checkKeys() (faults Faults) {
	if len(a.Keys) == 0 {
		faults.add("keys", "is empty: terminal information of no key version would be good", "name the versions that the monitoring centre granted")
	}
	for i, k := range a.Keys {
		path := entryKey("keys", i)
		if slices.ContainsFunc(a.Keys[:i], func(o AgentKey) bool { return k.Version != "" && o.Version == k.Version }) {
			faults.add(path+".version", "appears twice", "")
		}
		if !k.NotAfter.IsZero() && !k.NotBefore.Before(k.NotAfter) {
			faults.add(path+".not_after", "is not after not_before", "")
		}
	}
	return faults
}

// NeedRestart is Config.NeedRestart of an agent.
func (a *Agent) NeedRestart(next *Agent, reloaded func(path string) bool) []string {
	return changed(agentSchema(), reflect.ValueOf(*a), reflect.ValueOf(*next), reloaded)
}

// UpstreamAddresses are host:port of fronts.
type UpstreamAddresses []Address

// maxUpstreams bounds how many fronts an agent tries.
const maxUpstreams = 16

func readUpstreamAddresses(written any, _ place) (any, Faults) {
	var (
		all    UpstreamAddresses
		faults Faults
	)
	entries := written.([]any)
	if len(entries) > maxUpstreams {
		faults.add("", fmt.Sprintf("has %d entries, at most %d are allowed", len(entries), maxUpstreams), "name the fronts for relays")
		return all, faults
	}
	for i, entry := range entries {
		address, err := parseAddress(entry.(string))
		switch {
		case err != nil:
			faults.add(entryKey("", i), err.Error(), "write front-a:41206")
		case address.Host == "" || address.Port == 0 || address.ip.IsUnspecified():
			faults.add(entryKey("", i), "names no host and port that can be dialled", "write front-a:41206")
		case slices.Contains(all, address):
			faults.add(entryKey("", i), "appears twice", "")
		default:
			all = append(all, address)
		}
	}
	return all, faults
}
