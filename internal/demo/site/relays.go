package site

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// The AppIDs of the demo's relays.
const (
	InvestorRelay regulation.AppID = "demo_invrelay_1.0"
	OperatorRelay regulation.AppID = "demo_oprelay_1.0"
)

// admitRelays admits one relay of each type, as `tradefront relay add` does.
func admitRelays(ctx context.Context, d *directory.Directory, master *auth.MasterKey, as demo.Account) (*demo.Relays, error) {
	investor := relay.NewPermission(InvestorRelay)
	investor.Networks = []netip.Prefix{netip.PrefixFrom(demo.InvestorHost, demo.InvestorHost.BitLen())}
	investor.Connections = relay.MaxConnections // --crowd says how many there are
	operator := relay.NewPermission(OperatorRelay)
	operator.Networks = []netip.Prefix{netip.PrefixFrom(demo.OperatorHost, demo.OperatorHost.BitLen())}
	operator.Operators = []regulation.Account{as.Account}
	scope := []relay.Grant{{AppID: OperatorRelay, Operator: as.Account, Kind: relay.All}}

	r := &demo.Relays{As: as}
	var one, other error
	r.Investor, one = admitRelay(ctx, d, master, auth.AppInvestorRelay, investor, nil)
	r.Operator, other = admitRelay(ctx, d, master, auth.AppOperatorRelay, operator, scope)
	return r, errors.Join(one, other)
}

// admitRelay admits a relay with a random authcode; one that is there already gets a new code.
func admitRelay(
	ctx context.Context, d *directory.Directory, master *auth.MasterKey, kind auth.AppType, p relay.Permission, scope []relay.Grant,
) (demo.App, error) {
	code, err := auth.NewAuthCode(rand.Reader)
	if err != nil {
		return demo.App{}, err
	}
	err = d.AdmitRelay(ctx, master, kind, code, auth.AES, p, scope)
	if errors.Is(err, store.ErrExists) {
		cipher := auth.AES
		_, err = d.Rotate(ctx, master, p.AppID, directory.Rotation{Code: code, Cipher: &cipher})
	}
	return demo.App{AppID: p.AppID, AuthCode: code.Reveal(), Cipher: demo.ClientCipher(auth.AES)}, err
}

func firstOperator(accounts []demo.Account) demo.Account {
	for _, a := range accounts {
		if a.UserType == regulation.UserOperator {
			return a
		}
	}
	return demo.Account{}
}
