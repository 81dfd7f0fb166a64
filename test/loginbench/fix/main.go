// Command fix is a FIX acceptor of quickfixgo, in memory, for test/loginbench: what a logon costs in a protocol that many
// know. Nothing is stored. It prints where it listens, and ends with its standard input.
//
// It is a module of its own, so that the product does not carry what it imports.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"

	"github.com/quickfixgo/quickfix"
)

// acceptor takes every logon, and does nothing.
type acceptor struct{}

func (acceptor) OnCreate(quickfix.SessionID)                       {}
func (acceptor) OnLogon(quickfix.SessionID)                        {}
func (acceptor) OnLogout(quickfix.SessionID)                       {}
func (acceptor) ToAdmin(*quickfix.Message, quickfix.SessionID)     {}
func (acceptor) ToApp(*quickfix.Message, quickfix.SessionID) error { return nil }
func (acceptor) FromAdmin(*quickfix.Message, quickfix.SessionID) quickfix.MessageRejectError {
	return nil
}

func (acceptor) FromApp(*quickfix.Message, quickfix.SessionID) quickfix.MessageRejectError {
	return nil
}

const settings = `
[DEFAULT]
BeginString=FIX.4.4
SenderCompID=FRONT
SocketAcceptHost=127.0.0.1
SocketAcceptPort=%PORT%
ResetOnLogon=Y
`

// sessions that are configured, C0 and so on. Sessions made at a logon would make each wait for a second.
const sessions = 4096

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	var all strings.Builder
	all.WriteString(strings.ReplaceAll(settings, "%PORT%", port))
	for i := range sessions {
		fmt.Fprintf(&all, "[SESSION]\nTargetCompID=C%d\n", i)
	}
	parsed, err := quickfix.ParseSettings(strings.NewReader(all.String()))
	if err != nil {
		return err
	}
	server, err := quickfix.NewAcceptor(acceptor{}, quickfix.NewMemoryStoreFactory(), parsed, quickfix.NewNullLogFactory())
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Stop()
	if err := json.NewEncoder(os.Stdout).Encode(struct{ Address string }{address}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// freeAddress asks the kernel for a port; the acceptor takes only a number.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
