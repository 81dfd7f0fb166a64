package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/client"
)

// An operator relay reports a terminal that has logged in at it.
func ExampleRelay() {
	l, err := net.Listen("tcp", "127.0.0.1:0") // in place of a firm's front
	if err != nil {
		log.Fatal(err)
	}
	go playRelayFront(l)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := client.DialRelay(ctx, client.RelayOptions{
		Addresses: []string{l.Addr().String()},
		Identity:  client.Identity{BrokerID: "9999", AppID: "abcdef_relay_1.6.0"},
		AuthCode:  "0123456789ABCDEF",
		Login: client.LoginRequest{
			BrokerID: "9999", UserID: "8000admin", Password: "Secret123",
			KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256), // of the relay's own machine
		},
		OnEvent: func(e client.RelayEvent) {
			if e.Kind == client.RelayTerminalExit || e.Kind == client.RelayTerminalRefused {
				log.Print("disconnect the terminal of ", e.Terminal, ": ", e.Err)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	receipt, err := r.Submit(ctx, client.Submission{
		UserID: "88888888", // the customer, whose password the relay has verified
		Terminal: client.RelayedTerminal{
			AppID:      "client_demo_1.0", // which the relay has verified
			PublicAddr: netip.MustParseAddrPort("203.0.113.7:50001"),
			LoginTime:  time.Now(), // when the terminal's login arrived
			Type:       '2',
		},
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256), // the terminal's, untouched
	})
	var down *client.DownError
	var refused *client.Error
	switch {
	case errors.As(err, &down), errors.Is(err, client.ErrInDoubt):
		log.Fatal("tell the terminal to try later: ", err)
	case errors.As(err, &refused):
		log.Fatal("refuse the terminal, with the reference ", refused.Ref)
	case err != nil:
		log.Fatal(err)
	}
	// Now, and not before, the relay lets its terminal in.
	fmt.Println("recorded as user type", string(receipt.UserType), "in the report of", receipt.TradingDay)
	fmt.Println("through", receipt.Relay.AppID, "at", receipt.Relay.Addr)
	r.End(receipt.SubmitID) // the terminal has gone
	// Output:
	// recorded as user type 2 in the report of 20260105
	// through abcdef_relay_1.6.0 at 198.51.100.4:41022
}

// playRelayFront takes what one relay reports.
func playRelayFront(l net.Listener) {
	defer l.Close()
	conn, err := l.Accept()
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	f := &front{conn: conn}
	if err := entered(acceptAll)(f); err != nil {
		log.Print(err)
	}
}

// A many-to-many relay logs each customer in over a connection of its own.
func ExampleConn_LoginVia() {
	l, err := net.Listen("tcp", "127.0.0.1:0") // in place of a firm's front
	if err != nil {
		log.Fatal(err)
	}
	go playViaFront(l)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: "abcdef_relay_1.6.0"}, "0123456789ABCDEF"); err != nil {
		log.Fatal(err)
	}
	login, err := c.LoginVia(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: "Secret123", // as the customer typed it
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256), // the terminal's, untouched
	}, client.RelayedTerminal{
		AppID: "client_demo_1.0", PublicAddr: netip.MustParseAddrPort("203.0.113.7:50001"), LoginTime: time.Now(), Type: '2',
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("recorded as user type", string(login.UserType), "through", login.Relay.AppID)
	// Output:
	// recorded as user type 1 through abcdef_relay_1.6.0
}

func playViaFront(l net.Listener) {
	defer l.Close()
	conn, err := l.Accept()
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	if err := answers(challenge, asRelay, recordedVia)(&front{conn: conn}); err != nil {
		log.Print(err)
	}
}
