package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/tradefront/tradefront/client"
)

// A terminal authenticates its software, logs a customer in, and logs out.
func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0") // in place of a firm's front
	if err != nil {
		log.Fatal(err)
	}
	go playFront(l)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	_, err = c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: "client_demo_1.0"}, "0123456789ABCDEF")
	if err != nil {
		log.Fatal(err)
	}
	login, err := c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: "Secret123",
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256), // from the collection library
	})
	var refused *client.Error
	switch {
	case errors.As(err, &refused) && refused.Temporary():
		log.Fatal("try again later: ", refused)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("recorded as", login.RecordID)
	fmt.Println("from", login.PublicAddr, "at", login.LoginTime.Format(time.DateTime))
	if err := c.Logout(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// recorded as 0197fc1e-5c00-7d4e-8a3b-0123456789ab
	// from 192.0.2.7:50001 at 2026-01-05 08:45:00
}

// playFront lets one terminal in.
func playFront(l net.Listener) {
	defer l.Close()
	conn, err := l.Accept()
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	front := &front{conn: conn}
	if err := answers(challenge, admitted, recorded, said(0, "正确"))(front); err != nil {
		log.Print(err)
	}
}

// A driver of its own sends what a Machine appends, and gives it what it receives.
func ExampleMachine() {
	l, err := net.Listen("tcp", "127.0.0.1:0") // in place of a firm's front
	if err != nil {
		log.Fatal(err)
	}
	go playFront(l)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	var m client.Machine
	var in []byte
	exchange := func(out []byte, err error) client.Event {
		if err != nil {
			log.Fatal(err)
		}
		if _, err := conn.Write(out); err != nil {
			log.Fatal(err)
		}
		for {
			n, event, err := m.Receive(in)
			if err != nil {
				log.Fatal(err)
			}
			in = in[n:]
			switch {
			case event.Kind == client.Refused:
				log.Fatal(event.Refusal)
			case event.Kind != client.Ignored:
				return event
			case n > 0:
				continue
			}
			chunk := make([]byte, 1024)
			n, err = conn.Read(chunk)
			if err != nil {
				log.Fatal(err)
			}
			in = append(in, chunk[:n]...)
		}
	}

	id := client.Identity{BrokerID: "9999", AppID: "client_demo_1.0"}
	event := exchange(m.AppendAsk(nil, &id))
	challenge := event.Challenge()
	exchange(m.AppendAnswer(nil, &id, "0123456789ABCDEF", &challenge))
	event = exchange(m.AppendLogin(nil, &client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: "Secret123",
		KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	}))
	fmt.Println("recorded as", event.LoginResult().RecordID)
	fmt.Println("a heartbeat after", m.HeartbeatPeriod(), "without sending")
	exchange(m.AppendLogout(nil))
	// Output:
	// recorded as 0197fc1e-5c00-7d4e-8a3b-0123456789ab
	// a heartbeat after 30s without sending
}
