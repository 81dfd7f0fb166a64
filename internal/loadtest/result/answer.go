package result

import (
	"net/netip"
	"time"
)

// Answer is what a login was answered, and what the terminal had sent.
type Answer struct {
	RecordID   string         `json:"record_id"`
	TradingDay string         `json:"trading_day"`
	LoginTime  time.Time      `json:"login_time"`
	Account    string         `json:"account"`
	AppID      string         `json:"app_id"`
	FrontID    int32          `json:"front_id"`
	SessionID  int32          `json:"session_id"`
	Address    netip.AddrPort `json:"address"` // of the terminal, as the front saw it
	// Own is the address that the terminal itself had, zero where the front may see another: between machines.
	Own        netip.AddrPort `json:"own,omitzero"`
	Flag       string         `json:"flag"`
	Ciphertext []byte         `json:"ciphertext"`
}
