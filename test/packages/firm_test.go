package packages

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/ports"
)

const (
	appID    = "vendor_terminal_1.0"
	account  = "80000001"
	password = "pass-word"
)

// firm is a front's configuration in a root, and who logs in there.
type firm struct {
	*host
	address, authCode string
	logins            int64 // that were answered
}

// newFirm makes /etc/tradefront/1.yaml, with ports that are free now.
func newFirm(h *host) *firm {
	h.t.Helper()
	f := &firm{host: h, address: ports.Address(h.t)}
	h.put("etc/tradefront/keys/1.0.pem", string(keypair.RSA(0).Public))
	h.put("etc/tradefront/1.yaml", fmt.Sprintf(`broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
front: {listeners: [{address: %q}]}
admin: {address: %q}
audit_log: /var/log/tradefront/1/audit.jsonl
keys: [{version: "1.0", public_key_file: keys/1.0.pem}]
calendar_file: calendar.yaml
core: {argon2: {memory_kib: 1024, iterations: 1}, logins_per_user: 0}
limits: {exempt_networks: ["127.0.0.0/8"]}
auth: {master_key_file: /etc/tradefront/master.key}
store: {driver: embedded, path: /var/lib/tradefront/1/front.db}
`, f.address, ports.Address(h.t)))
	h.sh("chgrp tradefront /etc/tradefront/1.yaml /etc/tradefront/keys/1.0.pem && chmod 0640 /etc/tradefront/1.yaml /etc/tradefront/keys/1.0.pem")
	h.sh("tradefront masterkey create -c /etc/tradefront/1.yaml && chown tradefront:tradefront /etc/tradefront/master.key")
	return f
}

// front is a command of the program as its user.
func front(args string) string {
	return "runuser -u tradefront -- tradefront " + args + " -c /etc/tradefront/1.yaml"
}

// admit lets a terminal and an account in, before the front's first start.
func (f *firm) admit() {
	f.t.Helper()
	f.sh("install -d -o tradefront -g tradefront -m 0700 /var/lib/tradefront/1 && install -d -o tradefront -g tradefront -m 0750 /var/log/tradefront/1")
	var added struct {
		AuthCode string `json:"authcode"`
	}
	if err := json.Unmarshal([]byte(f.sh(front("app add --app-id "+appID+" -o json"))), &added); err != nil {
		f.t.Fatal(err)
	}
	f.authCode = added.AuthCode
	f.sh("echo " + password + " | " + front("account add --account "+account+" --password-file -"))
}

// login is one that the front answers.
func (f *firm) login() *client.Conn {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	c, err := client.Dial(ctx, f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close() })
	_, err = c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, f.authCode)
	if err == nil {
		_, err = c.Login(ctx, client.LoginRequest{
			BrokerID: "9999", UserID: account, Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
		})
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.logins++
	return c
}

// fill logs in that many times.
func (f *firm) fill(logins int) {
	f.t.Helper()
	for range logins {
		_ = f.login().Close()
	}
}

// alive fails unless the front answers on that connection.
func (f *firm) alive(c *client.Conn, when string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	select {
	case <-c.Done():
		f.t.Errorf("%s the session has ended: %v", when, c.Err())
	default:
		if err := c.Heartbeat(ctx); err != nil {
			f.t.Errorf("%s the session takes no heartbeat: %v", when, err)
		}
	}
}

// counted fails unless the local store has a record of each login that was answered. program may be in another place.
func (f *firm) counted(when, program string) {
	f.t.Helper()
	var local struct {
		Days []struct {
			Records int64 `json:"records"`
		} `json:"days"`
	}
	out := f.sh(strings.Replace(front("local inspect -o json"), "-- tradefront", "-- "+program, 1))
	if err := json.Unmarshal([]byte(out), &local); err != nil {
		f.t.Fatalf("%v in %s", err, out)
	}
	var records int64
	for _, d := range local.Days {
		records += d.Records
	}
	if records != f.logins {
		f.t.Errorf("%s: %d records, %d logins were answered", when, records, f.logins)
	}
}

// version fails unless the front that runs is of that version.
func (f *firm) version(want string) {
	f.t.Helper()
	var status struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(f.sh(front("front status -o json"))), &status); err != nil {
		f.t.Fatal(err)
	}
	if status.Version != want {
		f.t.Errorf("the front that runs is %s, want %s", status.Version, want)
	}
}
