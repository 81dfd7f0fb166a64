package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Said is a message of the scene.
type Said struct {
	Role    string // "seller" or "buyer"
	Account regulation.Account
	Sent    bool // by the terminal; else it was received
	TID     ftd.TID
	Name    string
	Series  uint16
	Number  uint32
	Fields  string
	Resumed *client.ResumePoint // of a login from another terminal: what it asks for
}

// What the scene trades: the seller's order is filled in two parts, and it misses the second one.
const (
	sceneVolume = 3
	sceneFirst  = 2
)

// PlayTrade lets two customers trade with each other: one sells, one buys, the seller logs out and comes back from another
// terminal for what it missed. Each message goes to tell in the order in which the scene sent or looked at it.
func PlayTrade(ctx context.Context, firm *Firm, tell func(Said)) ([]*Was, error) {
	ctx, cancel := context.WithTimeout(ctx, visitPatience)
	defer cancel()
	s := &scene{firm: firm, tell: tell}
	defer s.close()
	err := s.play(ctx)
	var answers []*Was
	for _, a := range s.actors {
		answers = append(answers, a.answers...)
	}
	return answers, err
}

type scene struct {
	firm   *Firm
	tell   func(Said)
	actors []*actor
}

// actor is one terminal of the scene.
type actor struct {
	*visitor
	scene  *scene
	orders int
}

func (s *scene) close() {
	for _, a := range s.actors {
		if a.conn != nil {
			_ = a.conn.Close()
		}
	}
}

func (s *scene) play(ctx context.Context) error {
	seller, err := s.enter(ctx, "seller", s.firm.Accounts[0], nil)
	if err != nil {
		return err
	}
	buyer, err := s.enter(ctx, "buyer", s.firm.Accounts[1], nil)
	if err != nil {
		return err
	}
	if err := seller.places(ctx, coresim.Sell, sceneVolume); err != nil {
		return err
	}
	if err := buyer.places(ctx, coresim.Buy, sceneFirst); err != nil {
		return err
	}
	if _, err := buyer.sees(ctx); err != nil {
		return err
	}
	seen, err := seller.sees(ctx)
	if err != nil {
		return err
	}
	if err := seller.leaves(ctx); err != nil {
		return err
	}
	if err := buyer.places(ctx, coresim.Buy, sceneVolume-sceneFirst); err != nil {
		return err
	}
	if _, err := buyer.sees(ctx); err != nil {
		return err
	}
	return s.comeBack(ctx, seen)
}

// comeBack logs the seller in from another terminal, which asks for what came behind the fill that was seen.
func (s *scene) comeBack(ctx context.Context, seen Fill) error {
	again, err := s.enter(ctx, "seller", s.firm.Accounts[0], []client.ResumePoint{{Series: seen.Series, Number: int32(seen.Number)}})
	if err != nil {
		return err
	}
	missed, err := again.sees(ctx)
	if err != nil {
		return err
	}
	if missed.Series != seen.Series || missed.Number != seen.Number+1 {
		return fmt.Errorf("the seller missed number %d of series %d and got number %d of series %d",
			seen.Number+1, seen.Series, missed.Number, missed.Series)
	}
	return nil
}

// enter connects, authenticates and logs in from a terminal of its own.
func (s *scene) enter(ctx context.Context, name string, account Account, resume []client.ResumePoint) (*actor, error) {
	n := uint64(len(s.actors))
	v := &visitor{
		firm: s.firm, kind: &kind{name: name, flag: regulation.FlagNormal}, random: rand.New(rand.NewPCG(n, seedStream+1)),
		app: s.firm.Apps[0], account: account, inbox: newInbox(""),
	}
	a := &actor{visitor: v, scene: s}
	s.actors = append(s.actors, a)
	text, ciphertext, err := v.collect()
	if err != nil {
		return nil, err
	}
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	for _, p := range resume {
		a.tell(Said{Sent: true, TID: ftd.TIDUserLogin, Resumed: &p})
	}
	result, err := v.loginResult(ctx, client.LoginRequest{Ciphertext: ciphertext, Resume: resume}, text)
	if err != nil {
		return nil, err
	}
	fields := fmt.Sprintf("0 正确, RecordID=%s", result.RecordID)
	if result.LastLogin != "" {
		fields += fmt.Sprintf(" LastLogin=%s LastIP=%s", result.LastLogin, result.LastIP)
	} else {
		fields += fmt.Sprintf(" Notice=%q", result.Notice)
	}
	a.told(false, ftd.TIDUserLogin, 0, 0, fields)
	return a, nil
}

// places sends an order and sees it accepted.
func (a *actor) places(ctx context.Context, direction byte, volume int) error {
	a.orders++
	o := coresim.Order{
		Ref: fmt.Sprint(a.kind.name, "-", a.orders), Instrument: a.firm.Instrument, Direction: direction, Price: basePrice, Volume: volume,
	}
	reply, err := a.order(ctx, &o)
	if err != nil {
		return err
	}
	a.told(true, coresim.TIDOrderInsert, 0, reply.number, fmt.Sprintf("OrderRef=%s InstrumentID=%s Direction=%s Price=%d Volume=%d",
		o.Ref, o.Instrument, directionWords[direction], o.Price, o.Volume))
	a.told(false, coresim.TIDOrderInsert, 0, reply.number, fmt.Sprintf("0 正确, OrderID=%d", reply.orderID))
	return nil
}

// sees waits for the next fill of the account's private flow.
func (a *actor) sees(ctx context.Context) (Fill, error) {
	select {
	case f := <-a.inbox.fills:
		t := &f.Trade
		a.told(false, coresim.TIDTradeInsertSingle, f.Series, f.Number, fmt.Sprintf("TradeID=%d OrderID=%d Direction=%s Price=%d Volume=%d Remaining=%d",
			t.TradeID, t.OrderID, directionWords[t.Direction], t.Price, t.Volume, t.Remaining))
		return f, nil
	case <-a.conn.Done():
		return Fill{}, a.conn.Err()
	case <-ctx.Done():
		return Fill{}, errors.Join(fmt.Errorf("%s %s got no fill", a.kind.name, a.account.Account), context.Cause(ctx))
	}
}

func (a *actor) leaves(ctx context.Context) error {
	if err := a.conn.Logout(ctx); err != nil {
		return err
	}
	a.told(true, ftd.TIDUserLogout, 0, 0, "")
	return nil
}

var directionWords = map[byte]string{coresim.Buy: "buy", coresim.Sell: "sell"}

var messageNames = map[ftd.TID]string{coresim.TIDOrderInsert: "OrderInsert", coresim.TIDTradeInsertSingle: "TradeInsertSingle"}

func (a *actor) told(sent bool, tid ftd.TID, series uint16, number uint32, fields string) {
	a.tell(Said{Sent: sent, TID: tid, Series: series, Number: number, Fields: fields})
}

// tell passes a message on with the terminal's part in the scene and the message's name.
func (a *actor) tell(s Said) {
	s.Role, s.Account = a.kind.name, a.account.Account
	s.Name = messageNames[s.TID]
	if s.Name == "" {
		s.Name = s.TID.String()
	}
	a.scene.tell(s)
}
