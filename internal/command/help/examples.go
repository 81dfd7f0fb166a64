package help

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
)

// Examples are command lines that can be typed as they are, by the command that they are of; a command may have its own instead.
// TestExamples holds them to the flags that there are.
var Examples = map[string][]string{
	"account add":      {"account add --account 80000001 --password-file - -c tradefront.yaml"},
	"account export":   {"account export -c tradefront.yaml --out accounts.csv"},
	"account import":   {"account import accounts.csv -c tradefront.yaml --check", "account import accounts.csv -c tradefront.yaml"},
	"account list":     {"account list -c tradefront.yaml", "account list -c tradefront.yaml -o json"},
	"account password": {"account password --account 80000001 --password-file new.txt -c tradefront.yaml"},
	"account unlock":   {"account unlock --account 80000001 -c tradefront.yaml"},
	"admission list":   {"admission list -c tradefront.yaml", "admission list -c tradefront.yaml --full -o json"},
	"admission unban":  {"admission unban -c tradefront.yaml 192.0.2.7 --why \"the office's own address\""},
	"app add":          {"app add --app-id vendor_terminal_2.1 -c tradefront.yaml", "app add --app-id vendor_terminal_2.1 --cipher sm4 -c tradefront.yaml"},
	"app disable":      {"app disable --app-id vendor_terminal_2.1 -c tradefront.yaml"},
	"app enable":       {"app enable --app-id vendor_terminal_2.1 -c tradefront.yaml"},
	"app export":       {"app export --for-relay vendor_relay_1.0 --master-key relay-master.key --out registry.json -c tradefront.yaml"},
	"app bind": {
		"app bind vendor_terminal_2.1 --account 80000001 --account-prefix 8001 --why \"the program of one customer\" -c tradefront.yaml",
		"app bind vendor_terminal_2.1 --network 203.0.113.0/24 -c tradefront.yaml",
		"app bind vendor_terminal_2.1 --confine 80000002 -c tradefront.yaml",
	},
	"app unbind": {"app unbind vendor_terminal_2.1 --account 80000001 -c tradefront.yaml", "app unbind vendor_terminal_2.1 --all -c tradefront.yaml"},
	"app show":   {"app show vendor_terminal_2.1 -c tradefront.yaml"},
	"app list":   {"app list -c tradefront.yaml"},
	"app rotate": {
		"app rotate --app-id vendor_terminal_2.1 --overlap 720h -c tradefront.yaml",
		"app rotate --app-id vendor_terminal_2.1 --finish -c tradefront.yaml",
	},
	"archive destroy":    {"archive destroy /archive/0001archive20050105.zip --yes --why kept-for-20-years -c tradefront.yaml"},
	"archive drop":       {"archive drop /archive/0001archive20250105.zip -c tradefront.yaml"},
	"archive list":       {"archive list -c tradefront.yaml"},
	"archive restore":    {"archive restore /archive/0001archive20250105.zip --why inquiry-of-20260105 -c tradefront.yaml"},
	"archive verify":     {"archive verify /archive/0001archive20250105.zip"},
	"calendar check":     {"calendar check -c tradefront.yaml", "calendar check --file calendar.yaml"},
	"calendar reassign":  {"calendar reassign -c tradefront.yaml"},
	"calendar show":      {"calendar show --day 20260105 -c tradefront.yaml"},
	"collect check":      {"collect check", "collect check --lang zh"},
	"collect send":       {"collect send --to front.firm:41205 --app-id vendor_terminal_2.1 --authcode-file authcode.txt --account 80000001 --password-file -"},
	"config check":       {"config check -c tradefront.yaml", "config check --deep -c tradefront.yaml"},
	"config defaults":    {"config defaults"},
	"core-check":         {"core-check --endpoint 127.0.0.1:41300 --account 80000001 --password-file -"},
	"core-sim ctl":       {"core-sim ctl --control /run/core-sim.sock status"},
	"demo":               {"demo", "demo --exit --logins 20"},
	"front list":         {"front list -c tradefront.yaml"},
	"front reload":       {"front reload --pid 4711 -c tradefront.yaml"},
	"front retire":       {"front retire 3 -c tradefront.yaml"},
	"front status":       {"front status -c tradefront.yaml", "front status --full -c tradefront.yaml"},
	"key list":           {"key list -c tradefront.yaml"},
	"loadtest merge":     {"loadtest merge a.json b.json --assert errors==0"},
	"loadtest prepare":   {"loadtest prepare --accounts 20000 --apps 4 --out load.json -c test.yaml"},
	"loadtest remove":    {"loadtest remove load.json -c test.yaml"},
	"local inspect":      {"local inspect -c tradefront.yaml"},
	"masterkey create":   {"masterkey create -c tradefront.yaml"},
	"masterkey list":     {"masterkey list -c tradefront.yaml"},
	"masterkey rotate":   {"masterkey rotate --begin -c tradefront.yaml", "masterkey rotate --finish -c tradefront.yaml"},
	"migrate":            {"migrate -c tradefront.yaml"},
	"ping":               {"ping --address front.firm:41205", "ping --address front.firm:41205 --app-id vendor_terminal_2.1 --authcode-file authcode.txt"},
	"quarantine discard": {"quarantine discard 019b7c1e-5c00-7d4e-8a3b-0123456789ab --reason ticket-4711 -c tradefront.yaml"},
	"quarantine list":    {"quarantine list -c tradefront.yaml"},
	"quarantine release": {"quarantine release --all -c tradefront.yaml"},
	"quarantine show":    {"quarantine show 019b7c1e-5c00-7d4e-8a3b-0123456789ab -c tradefront.yaml"},
	"relay check":        {"relay check -c relay.yaml"},
	"relay defaults":     {"relay defaults"},
	"relay disable":      {"relay disable vendor_relay_1.0 -c tradefront.yaml"},
	"relay enable":       {"relay enable vendor_relay_1.0 -c tradefront.yaml"},
	"relay list":         {"relay list -c tradefront.yaml"},
	"relay scope list":   {"relay scope list vendor_relay_1.0 -c tradefront.yaml"},
	"relay serve":        {"relay serve -c relay.yaml"},
	"relay show":         {"relay show vendor_relay_1.0 -c tradefront.yaml"},
	"relay status":       {"relay status -c relay.yaml"},
	"relay terminals":    {"relay terminals --full -c relay.yaml"},
	"report export":      {"report export --today --out reports -c tradefront.yaml", "report export --day 20260105 --supplement --out reports -c tradefront.yaml"},
	"report status":      {"report status -c tradefront.yaml", "report status --day 20260105 -o json -c tradefront.yaml"},
	"report waive":       {"report waive --day 20260105 --reason ticket-4711 -c tradefront.yaml"},
	"serve":              {"serve -c tradefront.yaml"},
	"session end": {
		"session end 42 -c tradefront.yaml", "session end 42 --front 2 -c tradefront.yaml",
		"session end --account 80000001 -c tradefront.yaml",
	},
	"session list": {"session list -c tradefront.yaml", "session list --account 80000001 -c tradefront.yaml"},
	"version":      {"version", "version -o json"},
}

// AddExamples puts the examples onto the help pages of commands that have none of their own.
func AddExamples(c *cobra.Command) {
	for _, sub := range c.Commands() {
		AddExamples(sub)
	}
	lines := Examples[command.NameOf(c)]
	if c.Example != "" || len(lines) == 0 {
		return
	}
	c.Example = "  tradefront " + strings.Join(lines, "\n  tradefront ")
}
