package demo

import (
	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Firm is what the terminals know of the firm whose front they connect to.
type Firm struct {
	Address    string // host:port of the front, on loopback
	BrokerID   string
	KeyVersion string
	Key        supplement.Encrypter // of that version
	Apps       []App
	Accounts   []Account
	// Instrument is what customers order at the core-sim behind the front; "" where none is.
	Instrument string
	Relays     *Relays // nil: every terminal connects by itself
}

// App is a terminal software with its authcode.
type App struct {
	AppID    regulation.AppID
	AuthCode string
	Cipher   client.Cipher
}

// Account is a customer or operator with the password.
type Account struct {
	Account  regulation.Account
	UserType regulation.UserType
	Password string
}

// Was is what a terminal really was when its login was answered.
type Was struct {
	Way        Way
	RecordID   string
	TradingDay string
	Supplement string // what the supplement must be, as the terminal itself knows it
	Terminal   string // its terminal string; "" if it sent none or nothing that can be opened
}
