package assemble

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
)

// maxTerminalInfo is the longest encrypted terminal information in bytes.
const maxTerminalInfo = 512

// machineKey is the monitoring centre's key under which the agent encrypts its own machine's terminal information.
func machineKey(u *config.Upstream) (*collect.Key, error) {
	if err := u.KeyFile.Err(); err != nil {
		return nil, err
	}
	pem, err := files.ReadText(u.KeyFile.Path, MaxPEM)
	if err != nil {
		return nil, err
	}
	key, err := collect.ParseKey(u.KeyVersion, pem)
	return key, AlsoHidden(err, pem)
}

// judgeMachineKey leaves an empty version to the configuration's own check.
func judgeMachineKey(u *config.Upstream, judge func(key string, err error)) {
	if u.KeyFile.Path == "" || u.KeyVersion == "" {
		return
	}
	_, err := machineKey(u)
	judge("upstream.key_file", err)
}

// putMachine fills in what a login of the operator carries of this machine. Under key_file it is collected and encrypted anew: a
// ciphertext that comes twice is a replay, for which a front may refuse the operator for good.
func putMachine(ctx context.Context, u *config.Upstream, req *client.LoginRequest, found func(*collect.Result)) (err error) {
	switch {
	case u.KeyFile.Path != "":
		return collectMachine(ctx, u, req, found)
	case u.TerminalInfoFile.Path != "":
		req.Ciphertext, err = files.Read(u.TerminalInfoFile.Path, maxTerminalInfo)
	}
	return err
}

func collectMachine(ctx context.Context, u *config.Upstream, req *client.LoginRequest, found func(*collect.Result)) error {
	key, err := machineKey(u)
	if err != nil {
		return fmt.Errorf("upstream.key_file: %w", err)
	}
	machine, err := collect.Collect(ctx, collect.Options{})
	if err != nil {
		return err
	}
	if found != nil {
		found(machine)
	}
	info, err := machine.Seal(key)
	req.KeyVersion, req.AbnormalFlag, req.Ciphertext = info.KeyVersion, info.AbnormalFlag, info.Ciphertext
	return err
}
