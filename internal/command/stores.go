package command

import (
	"context"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
)

// OpenDirectory loads the configuration and opens the directory that it names.
func (e *Env) OpenDirectory(ctx context.Context, path string) (*config.Config, assemble.Records, error) {
	cfg, err := config.Load(path, e.Environ)
	if err != nil {
		return nil, nil, err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	return cfg, r, err
}

// OpenAccounts opens the accounts of a front, or those of an operator relay agent.
func (e *Env) OpenAccounts(ctx context.Context, path string) (*config.Config, assemble.Records, error) {
	cfg, err := e.LoadCommon(path)
	if err != nil {
		return nil, nil, err
	}
	r, err := assemble.OpenRecords(ctx, cfg)
	return cfg, r, err
}

// LoadCommon reads a front's configuration, or of a relay agent's what a front's has too.
func (e *Env) LoadCommon(path string) (*config.Config, error) {
	if !config.IsAgent(path) {
		return config.Load(path, e.Environ)
	}
	agent, err := config.LoadAgent(path, e.Environ)
	if err != nil {
		return nil, err
	}
	return agent.AsFront(), nil
}
