package assemble

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/agent"
	"github.com/tradefront/tradefront/internal/agent/registryfile"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/supplement"
)

// AgentAssets are what the files hold that a relay agent's configuration names.
type AgentAssets struct {
	Assets
	Registry registryfile.Content
}

// LoadAgentAssets is LoadAssets of a relay agent.
func LoadAgentAssets(cfg *config.Agent) (*AgentAssets, error) {
	faults := cfg.CheckFiles()
	missing := make(map[string]bool, len(faults))
	for _, f := range faults {
		missing[f.Key] = true
	}
	judge := func(key string, err error) {
		if err != nil && !missing[key] {
			faults = append(faults, config.Fault{Key: key, Problem: err.Error()})
		}
	}
	var (
		a   AgentAssets
		err error
	)
	a.Keys, err = AgentKeys(cfg)
	judge("keys", err)
	a.Master, err = auth.LoadMasterKey(cfg.Registry.MasterKeyFile.Path)
	judge("registry.master_key_file", err)
	if err == nil {
		content, err := registryfile.Read(cfg.Registry.File.Path, a.Master)
		judge("registry.file", err)
		if err == nil {
			a.Registry = *content
			judge("registry.file", ofRelay(content, cfg.Upstream.AppID))
		}
	}
	_, err = AgentAuthCode(cfg)
	judge("upstream.authcode_file", err)
	if cfg.Operator() {
		_, err = agentPassword(cfg)
		judge("upstream.password_file", err)
		_, err = regulation.ParseAccount(cfg.Upstream.Operator)
		judge("upstream.operator", err)
		judgeMachineKey(&cfg.Upstream, judge)
		a.CoreTLS = loadCoreTLS(cfg.AsFront(), judge)
	}
	checkUpstreamTLS(&cfg.Upstream, judge)
	judgeAdmin(&cfg.Admin, judge)
	_, err = regulation.ParseAppID(cfg.Upstream.AppID)
	judge("upstream.app_id", err)
	a.MaxConnections, err = front.ConnectionBudget(sockets(cfg))
	judge("limits.connections", err)
	if !cfg.Operator() && cfg.Limits.Connections == 0 {
		a.MaxConnections /= 2 // as many go up
	}
	if !cfg.Operator() && cfg.Limits.Connections > 0 {
		a.MaxConnections = cfg.Limits.Connections
	}
	return &a, faults.Err()
}

// sockets is how many connections a bound on terminals asks for: an investor agent has two for each.
func sockets(cfg *config.Agent) int {
	if cfg.Operator() {
		return cfg.Limits.Connections
	}
	return 2 * cfg.Limits.Connections
}

func ofRelay(c *registryfile.Content, own string) error {
	if string(c.Relay) != own {
		return fmt.Errorf("was exported for relay %s, and upstream.app_id is %s", c.Relay, own)
	}
	return nil
}

// AgentKeys are the key versions that a relay agent knows.
func AgentKeys(cfg *config.Agent) (*supplement.KeyRing, error) {
	all := make([]agent.Version, len(cfg.Keys))
	for i, k := range cfg.Keys {
		all[i] = agent.Version{Name: k.Version, SM2: k.Algorithm == supplement.SM2.String(), NotBefore: k.NotBefore, NotAfter: k.NotAfter}
	}
	return agent.Versions(all)
}

// AgentAuthCode reads the relay's authcode.
func AgentAuthCode(cfg *config.Agent) (string, error) {
	line, err := secretOf(cfg.Upstream.AuthcodeFile)
	if err != nil {
		return "", err
	}
	defer clear(line)
	code, err := auth.ParseAuthCode(string(line))
	if err != nil {
		return "", err
	}
	defer code.Wipe()
	return code.Reveal(), nil
}

func agentPassword(cfg *config.Agent) (string, error) {
	line, err := secretOf(cfg.Upstream.PasswordFile)
	defer clear(line)
	return string(line), err
}

func secretOf(f config.File) ([]byte, error) {
	if err := f.Err(); err != nil {
		return nil, err
	}
	return files.ReadLine(f.Path, bytes.NewReader(nil), false)
}

// AgentOptions are those of package agent.
func AgentOptions(cfg *config.Agent) agent.Options {
	u := &cfg.Upstream
	return agent.Options{
		BrokerID: cfg.BrokerID, SystemName: cfg.SystemName, AgentID: cfg.Front.ID, Operator: cfg.Operator(), Chained: cfg.Chained, ExitsBelow: cfg.ChainedExits,
		Addresses: upstreamAddresses(u), Identity: agentIdentity(cfg), AuthCode: func() (string, error) { return AgentAuthCode(cfg) },
		ConnectTimeout: u.ConnectTimeout, LoginWork: cfg.Timers.LoginWork, QueueBytes: u.QueueBytes, SeenTerminals: cfg.Limits.SeenTerminals,
		Grace: u.Grace, ExitSpread: u.ExitSpread,
	}
}

// AgentSession is SessionSettings of a relay agent: behind one of mode investor is a front.
func AgentSession(cfg *config.Agent) session.Settings {
	s := SessionSettings(cfg.AsFront())
	if !cfg.Operator() {
		s.Business, s.FrontBehind = true, true
	}
	return s
}

func upstreamAddresses(u *config.Upstream) []string {
	all := make([]string, len(u.Addresses))
	for i, a := range u.Addresses {
		all[i] = a.String()
	}
	return all
}

func agentIdentity(cfg *config.Agent) client.Identity {
	id := client.Identity{BrokerID: cfg.BrokerID, AppID: cfg.Upstream.AppID, ProductInfo: "tradefront"}
	if cfg.Upstream.Cipher == auth.SM4.String() {
		id.Cipher = client.SM4
	}
	return id
}

// RelayOptions are those of an operator agent's client.Relay, whose events go to tell. found is told what was collected of this
// machine for each login of the operator; it may be nil.
func RelayOptions(cfg *config.Agent, tell func(client.RelayEvent), found func(*collect.Result)) (o client.RelayOptions, err error) {
	u := &cfg.Upstream
	o = client.RelayOptions{
		Addresses: upstreamAddresses(u), Identity: agentIdentity(cfg), MaxTerminals: u.MaxTerminals, OnEvent: tell,
		LoginTimeout: u.ConnectTimeout, RefusedRetry: u.RefusedRetry,
		Login: client.LoginRequest{BrokerID: cfg.BrokerID, UserID: u.Operator, KeyVersion: u.KeyVersion, AbnormalFlag: '0'},
	}
	if u.Resubmit == "unanswered" {
		o.Resubmit = client.ResubmitUnanswered
	}
	if u.KeyVersion == "" {
		o.Login.KeyVersion = cfg.Keys[len(cfg.Keys)-1].Version
	}
	if o.AuthCode, err = AgentAuthCode(cfg); err != nil {
		return o, err
	}
	if o.Login.Password, err = agentPassword(cfg); err != nil {
		return o, err
	}
	if dial := UpstreamDial(u); dial != nil {
		o.Dial = append(o.Dial, client.WithDialFunc(dial))
	}
	o.ReadAuthCode = func(context.Context) (string, error) { return AgentAuthCode(cfg) }
	o.BeforeLogin = func(ctx context.Context, req *client.LoginRequest) (err error) {
		if req.Password, err = agentPassword(cfg); err != nil {
			return err
		}
		return putMachine(ctx, u, req, found)
	}
	return o, nil
}
