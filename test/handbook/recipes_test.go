package handbook

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/ports"
)

// recipes are of the pages whose commands run.
var recipes = map[string]recipe{
	"README.md": {
		moved: map[string]string{"make run ARGS=--exit": "tradefront demo --exit --logins 200", "make help": `make -C "$TREE" help`},
	},
	"docs/errors.md": {
		prepare: refused,
		ends:    map[string]int{"tradefront ping": 1},
	},
	"docs/collector.md": {
		prepare: testKey,
		ends:    map[string]int{"tradefront-collect check": anyStatus, "tradefront-collect send": anyStatus}, // 1 where an item is missing, as in a container
	},
	"docs/core.md": {
		first: map[string]func(*bench){"tradefront core-check": simulatedCore},
		// One rule waits for two heartbeats and one for three, of a second here and not of five; others wait for the core's silence.
		moved: map[string]string{"core-a.firm": "localhost", "core-check --endpoint": "core-check --quiet 20ms --endpoint"},
	},
	"docs/protocol.md":   {first: map[string]func(*bench){"openssl enc -aes": challenge}},
	"docs/settlement.md": settlementRecipe,
	"docs/loadtest.md":   loadtestRecipe,
	"docs/operations.md": operationsRecipe,
}

// refused makes what errors.md begins with: a refusal, whose reference its reader has from a vendor.
func refused(b *bench) {
	serve(b)
	b.shell.run(b.moved("tradefront ping --address 127.0.0.1:41205 --app-id client_demo_1.0 --authcode-file code.txt 2> refusal"))
	ref := b.shell.must(`grep -o 'ref [0-9A-Z]*' refusal | head -1 | cut -d' ' -f2`)
	b.names["4CV33T"], b.names["explain REF"] = ref, "explain "+ref
}

// testKey serves with the public test key, under which the page's terminal seals.
func testKey(b *bench) {
	b.names["192.0.2.1:41205"] = b.address
	b.desktop()
	b.shell.must(`cp "$TREE"/client/collect/tstkey/public.pem . && sed -i 's/version: "1.0"/version: tst/' tradefront.yaml`)
	serve(b)
}

// desktop makes the folder of a machine with the network of the one that the page shows, since the one that runs the tests may have none: what the
// kernel says of it.
func (b *bench) desktop() {
	text, err := os.ReadFile(filepath.Join(root, "client/collect/testdata/machines/desktop.txtar"))
	if err != nil {
		b.t.Fatal(err)
	}
	_, calls, found := strings.Cut(string(text), "\n-- calls --\n")
	if calls, _, _ = strings.Cut(calls, "\n-- "); !found {
		b.t.Fatal("desktop.txtar has no calls")
	}
	b.shell.must("mkdir desktop")
	b.site.Write("desktop/calls", []byte(calls+"\n"))
	b.names["tradefront-collect check"] = "tradefront-collect check --root desktop"
}

// challenge writes the bytes 00 to 7F, the challenge of the worked example.
func challenge(b *bench) {
	var all [128]byte
	for i := range all {
		all[i] = byte(i)
	}
	b.site.Write("challenge", all[:])
}

// simulatedCore plays the firm's core with the certificates that the page made.
func simulatedCore(b *bench) {
	address := ports.Address(b.t)
	_, port, _ := strings.Cut(address, ":")
	b.site.Write("password", []byte("Secret123"))
	b.site.Write("accounts.yaml", []byte("accounts:\n  - {user: \"88888888\", password: Secret123}\n"))
	b.names["core-a.firm:41300"] = "localhost:" + port
	b.shell.must("tradefront core-sim --heartbeat 1s --accounts accounts.yaml --listen " + address + " --cert core-a.pem --key core-a.key --client-ca core-ca.pem")
}

var settlementRecipe = recipe{
	prepare: func(b *bench) {
		b.names["--report FILE"] = "--report reports/0001clientinfo" + b.day + ".txt"
		b.shell.must("tradefront serve -c tradefront.yaml")
		b.shell.stop() // the records name front 1, which has to be known
		b.put("answered", 10)
		b.shell.must("mkdir reports MAIN SECOND MERGED")
	},
	first: map[string]func(*bench){
		"tradefront report merge": func(b *bench) {
			b.shell.must("cp reports/0001clientinfo" + b.day + ".txt* MAIN && cp MAIN/* SECOND")
		},
		// The page tells of supplements before it makes one.
		"tradefront reconcile --day 20260105 --audit /var/log/tradefront/audit.jsonl* --report 00": func(b *bench) {
			b.put("late", 3)
			b.shell.must("tradefront report export --supplement --day " + b.day + " --out . && cp reports/*.txt .")
		},
	},
	ends:  map[string]int{"tradefront report waive": 1}, // nothing keeps this report back
	moved: map[string]string{" DIR": " reports"},
}

// put brings records of the last day and the lines of the audit log that answered them.
func (b *bench) put(name string, n int) {
	b.t.Helper()
	day, err := calendar.ParseTradingDay(b.day)
	if err != nil {
		b.t.Fatal(err)
	}
	recs := storetest.Records(day, n)
	var log strings.Builder
	for i := range recs {
		recs[i].VendorID, recs[i].KeyVersion = "TF01", "1.0"
		log.WriteString(`{"time":"` + recs[i].LoginTime.Format(time.RFC3339) + `","front_id":1,"event":"login","reason":"ok","record_id":"` +
			recs[i].ID.String() + `","trading_day":"` + b.day + "\"}\n")
	}
	b.site.Write("audit.jsonl-"+name, []byte(log.String()))
	b.store(recs)
}

func (b *bench) store(recs []store.Record) {
	b.t.Helper()
	j, err := journal.Open(b.t.Context(), filepath.Join(b.site.Dir, "tradefront.db"), journal.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := j.Put(b.t.Context(), recs); err != nil {
		b.t.Error(err)
	}
	if err := j.Close(); err != nil {
		b.t.Fatal(err)
	}
}

var loadtestRecipe = recipe{
	prepare: func(b *bench) {
		b.shell.must("cp tradefront.yaml test.yaml && mkdir keys && cp public.pem keys/1.0.pem && cp private.pem keys/private.pem")
	},
	first: map[string]func(*bench){
		"tradefront loadtest prepare -c test.yaml --accounts 10000 --out": func(b *bench) {
			b.shell.stop()
			b.firm()
			b.recipe.prepare(b)
			core := ports.Address(b.t)
			b.names["127.0.0.1:41300"] = core
			b.shell.must(`sed -i 's|^core:|core:\n  driver: link\n  link: {endpoints: ["` + core + `"], insecure_loopback: true}|' test.yaml`)
		},
		"tradefront loadtest run --to 127.0.0.1:41206": func(b *bench) {
			b.shell.stop()
			b.firm()
			b.recipe.prepare(b)
			b.shell.must("tradefront loadtest prepare -c test.yaml --accounts 20 --relays 2 --out people.json")
			b.shell.must("tradefront serve -c test.yaml")
		},
		"tradefront loadtest verify": func(b *bench) {
			b.shell.must(b.moved("tradefront loadtest run --to 127.0.0.1:41205 --people people.json --key keys/1.0.pem --visits 20 --answers answers.ndjson"))
		},
	},
	moved: map[string]string{
		"--accounts 20000 --apps 10": "--accounts 50 --apps 2", "--visits 20000": "--visits 50", "--accounts 10000 ": "--accounts 50 ",
		"--rate 1000 --duration 5m": "--rate 20 --duration 1s",
		"--historical-peak 480":     "--historical-peak 1", "'p99<200ms'": "'p99<60s'", "--visits 5000": "--visits 20", "--orders-rate 20000 --hold 60s": "--orders-rate 50 --hold 1s",
		"request.p99<5ms": "request.p99<60s", "--customers 50000": "--customers 30", "'request.p99<5s'": "'request.p99<60s'",
	},
}

// heldSession logs a customer in who stays, for a command that ends the session.
func heldSession(b *bench) {
	ctx := b.t.Context()
	c, err := client.Dial(ctx, b.address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: "client_demo_1.0"}, b.authcode("client_demo_1.0")); err != nil {
		b.t.Fatal(err)
	}
	in, err := c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: "88888888", Password: "Secret123", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.names["4711"] = strconv.Itoa(int(in.SessionID))
}

// authcode is the code that the firm gave out for an AppID at first; the one before stays valid for a while.
func (b *bench) authcode(id string) string {
	for _, app := range b.site.Apps {
		if string(app.AppID) == id {
			return app.AuthCode
		}
	}
	b.t.Fatalf("there is no AppID %s", id)
	return ""
}

// fromPage is the indented block of a page that begins with that line.
func (b *bench) fromPage(page, begin string) []byte {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		b.t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "    "+begin)
	block, _, _ := strings.Cut(rest, "\n\n")
	if !found {
		b.t.Fatalf("%s has no block that begins with %s", page, begin)
	}
	return []byte(strings.TrimSpace(b.moved(strings.ReplaceAll(begin+block, "\n    ", "\n"))) + "\n")
}
