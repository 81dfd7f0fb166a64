package demo

import (
	"context"
	"fmt"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/regulation"
)

// machineAccount is the account that this machine's login is of: neither of those that PlayTrade lets trade.
const machineAccount = 2

// machineSeed is that of the address of 127.0.0.0/8 from which it comes: no visit has it, nor the operator relay.
const machineSeed = deskSeed + 1

// PlayMachine logs a customer in with what the collection library found of this machine: the one terminal of the demo that is
// not synthetic.
func PlayMachine(ctx context.Context, firm *Firm, found *collect.Result, key *collect.Key) (*Was, error) {
	ctx, cancel := context.WithTimeout(ctx, visitPatience)
	defer cancel()
	v := &visitor{
		firm: firm, kind: &kind{name: "this machine", flag: regulation.AbnormalFlag(found.Flag())},
		app: firm.Apps[0], account: firm.Accounts[machineAccount], inbox: newInbox("this machine"),
		random: newRandom(machineSeed),
	}
	defer func() {
		if v.conn != nil {
			_ = v.conn.Close()
		}
	}()
	if err := v.enter(ctx); err != nil {
		return nil, fmt.Errorf("this machine: %w", err)
	}
	result, err := v.conn.LoginWith(ctx, client.LoginRequest{
		BrokerID: firm.BrokerID, UserID: string(v.account.Account), Password: v.account.Password, Remark: "this machine",
	}, found, key)
	if err != nil {
		return nil, fmt.Errorf("this machine: %w", err)
	}
	text := found.Text()
	if found.Flag() == byte(regulation.FlagTerminalEmpty) {
		text = "" // nothing was sealed
	}
	was := v.was(&result, text)
	was.Way = ThisMachine
	return was, v.conn.Logout(ctx)
}
