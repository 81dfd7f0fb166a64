package handbook

import (
	"net"
	"strings"

	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/ports"
)

// operationsRecipe is an operator's week: a firm with PostgreSQL, its front, a relay, and a relay agent.
var operationsRecipe = recipe{
	postgres: true,
	prepare:  otherFronts,
	first: map[string]func(*bench){
		"tradefront masterkey create -c /etc": bareFirm,
		"tradefront completion": func(b *bench) {
			b.shell.must("mkdir -p completion man1")
			customer(b)
		},
		"tradefront app list":       func(b *bench) { b.shell.must("tradefront serve -c tradefront.yaml") },
		"tradefront masterkey list": reloaded,
		"tradefront front status":   connected,
		"tradefront relay add -c FILE --app-id abcdef_relay_1.6.0": func(b *bench) {
			b.shell.must("tradefront account list | grep -q '^8000 ' || echo Operator1 | tradefront account add --account 8000 --user-type 2 --password-file -")
		},
		"tradefront relay scope import":                 func(b *bench) { b.site.Write("accounts.txt", []byte("66000002\n66000003\n")) },
		"tradefront account add -c FILE --account 8000": secondFirm,
		"tradefront relay check":                        agentFiles,
		"tradefront masterkey create -c relay.yaml":     agentSecrets,
		"tradefront ping":                               servingAgent,
		"tradefront session end":                        heldSession,
		"tradefront audit search --address":             func(b *bench) { b.shell.must("mkdir front1 && cp audit.jsonl front1") },
		"tradefront account disable -c tradefront.y":    func(b *bench) { b.site.AddAccount("10010001", "Secret123", "1") },
	},
	ends:   map[string]int{"tradefront relay check": anyStatus},
	unseen: "oldest login", // this front has brought all to PostgreSQL
	moved: map[string]string{
		"-d tradefront -f deploy": `-d "$URL" -f "$TREE"/deploy`, "/etc/bash_completion.d/": "completion/", "/usr/local/share/man/": "",
		"10.1.2.0/28": "127.0.0.0/8",
		"postgres://tradefront_owner:PASSWORD@db1.example:5432/tradefront?sslmode=verify-full": "'$OWNER'",
		"sudo -u tradefront tradefront config check --deep":                                    `TRADEFRONT_STORE_URL="$FRONT" tradefront config check --deep`,
	},
}

// bareFirm is where the page's installation begins: no master key, no tables, and the roles that the script is about to make.
func bareFirm(b *bench) {
	b.shell.must(`rm master.key && psql -qX "$URL" -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public'`)
	b.shell.must(`FRONT=${URL/postgres@/tradefront_front@} OWNER=${URL/postgres@/tradefront_owner@}; [ "$FRONT" != "$URL" ]`)
}

// otherFronts are this one: the firm of the page has several.
func otherFronts(b *bench) {
	for _, other := range []string{"front1:9464", "front2:9464", "a:9464", "b:9464"} {
		b.names[other] = b.admin
	}
}

// secondFirm is where the agent's page begins: its relay is not admitted yet.
func secondFirm(b *bench) {
	b.shell.stop()
	b.url = pgtest.Database(b.t)
	b.site, b.shell = nil, nil
	b.firm()
	otherFronts(b)
	serve(b)
	b.site.Write("operator.password", []byte("Operator1"))
}

// reloaded is the front behind the reload that the page asks for where the master key has changed: otherwise the front can open an authcode
// that it has not read before the next step only by chance.
func reloaded(b *bench) {
	b.shell.must(`reloads() { cat .typed-* | grep -c 'configuration was reloaded'; }; before=$(reloads); kill -HUP $servers`)
	b.shell.must(`for i in $(seq 3000); do [ $(reloads) -gt $before ] && break; sleep 0.1; done; [ $(reloads) -gt $before ]`)
}

// connected is a terminal that does not authenticate.
func connected(b *bench) {
	c, err := net.Dial("tcp", b.address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	b.shell.must("for i in $(seq 3000); do tradefront front status | grep -q '^127.0.0' && break; sleep 0.1; done")
}

// agentFiles writes the agent's configuration as the page has it.
func agentFiles(b *bench) {
	if b.agent != "" {
		return
	}
	text := string(b.fromPage("docs/operations.md", "broker_id: \"9999\"\n    mode: operator"))
	b.agent = ports.Address(b.t)
	text = strings.NewReplacer("front-a:41206", b.relays, `, "front-b:41206"`, "", "0.0.0.0:41205", b.agent, "/var/lib/tradefront-relay/", "", "/var/log/tradefront-relay/", "agent-").Replace(text)
	b.site.Write("relay.yaml", []byte(text+"admin: {address: \""+ports.Address(b.t)+"\"}\n"))
}

// servingAgent begins once the front knows the relay's new authcode, a second or two after app rotate: a relay that was refused rests.
func servingAgent(b *bench) {
	known := "tradefront ping --address " + b.relays + " --app-id abcdef_relay_1.6.0 --authcode-file relay.authcode"
	b.shell.must("for i in $(seq 8); do " + known + " && break; sleep 0.5; done") // few: each refusal is a debt of its source
	b.shell.must("tradefront relay serve -c relay.yaml")
	b.shell.must("for i in $(seq 3000); do tradefront relay status -c relay.yaml | grep -q 'front: logged in at' && break; sleep 0.1; done")
}

// agentSecrets writes the files that relay check asked for.
func agentSecrets(b *bench) {
	b.names["127.0.0.1:41205"] = b.agent
	b.shell.must("tradefront app rotate --app-id abcdef_relay_1.6.0 --overlap 0 -o json | sed -n 's/.*\"authcode\": \"\\(.*\\)\".*/\\1/p' > relay.authcode")
	b.shell.must("chmod 600 relay.authcode")
}
