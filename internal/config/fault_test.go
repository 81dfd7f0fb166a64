package config

import (
	"strings"
	"testing"
)

// One line of input, the report it gets. What is tested is what an operator reads.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, yaml, env, want string }{
		{"empty", "", "", "the file is empty"},
		{"comments only", "# nothing\n", "", "the file is empty"},
		{"not UTF-8", "broker_id: \xff", "", "the file is not valid UTF-8"},
		{"syntax", "front:\n  id: [1\nadmin: 2\n", "", "YAML: near line 1: did not find expected ',' or ']'"},
		{"tab", "front:\n\tid: 1\n", "", "YAML: near line 2: found character that cannot start any token"},
		{"two documents", "front: {id: 1}\n---\nfront: {id: 2}\n", "", "the file goes on after the first YAML document"},
		{"no mapping", "- a\n", "", "line 1: want keys with values, not a list"},

		{"unknown key", "front:\n  listner: 1\n", "", "front.listner: line 2: unknown key; did you mean listeners?"},
		{"unknown key in list", "front: {listeners: [{addrress: x}, {address: 'b:2'}]}", "", "front.listeners[0].address: is empty, want host:port\nfront.listeners[0].addrress: line 1: unknown key; did you mean address?"},
		{"key of another section", "batch_rows: 4\n", "", "batch_rows: line 1: unknown key; did you mean store.batch_rows?"},
		{"capitals", "Front: {id: 4}\n", "", "Front: line 1: unknown key; did you mean front?"},
		{"dotted key", "front.id: 4\n", "", "front.id: line 1: unknown key"},
		{"twice", "log_level: info\nlog_level: warn\n", "", "log_level: line 2: is already on line 1; remove one of the two"},
		{"section twice", "front: {id: 1}\nfront: {id: 2}\n", "", "front: line 2: is already on line 1; remove one of the two"},

		{"number for a text", "broker_id: 0001\n", "", `broker_id: line 1: is a number without quotes, and may not mean what it shows; put it in quotes: broker_id: "0001"`},
		{"float for a text", "keys: [{version: 1.10, public_key_file: x}]", "", `keys[0].version: line 1: is a number without quotes, and may not mean what it shows; put it in quotes: version: "1.10"`},
		{"bool for a text", "vendor_id: true\n", "", `vendor_id: line 1: is true or false without quotes, and may not mean what it shows; put it in quotes: vendor_id: "true"`},
		{"text for a number", "front: {id: '1'}\n", "", "front.id: line 1: is a text, want a whole number; remove the quotes"},
		{"octal", "front: {id: 010}\n", "", `front.id: line 1: is not a plain decimal whole number: "010"`},
		{"hex", "front: {id: 0x10}\n", "", `front.id: line 1: is not a plain decimal whole number: "0x10"`},
		{"too large", "front: {id: 2147483648}\n", "", `front.id: line 1: does not fit into 32 bits: "2147483648"`},
		{"negative unsigned", "core: {argon2: {iterations: -1}}\n", "", `core.argon2.iterations: line 1: does not fit into 32 bits: "-1"`},
		{"no unit", "timers: {login: 30}\n", "", `timers.login: line 1: is not a time with its unit, as 30s, 200ms or 12h: "30"`},
		{"yes", "admin: {pprof: yes}\n", "", `admin.pprof: line 1: is neither true nor false: "yes"`},
		{"null", "log_level:\n", "", `log_level: line 1: has no value; write a value ("" for none) or remove the line`},
		{"null list", "keys:\n", "", "keys: line 1: want a list, not nothing; begin each entry with - "},
		{"section for a text", "log_level: {a: 1}\n", "", "log_level: line 1: want a text, not a section"},
		{"alias", "front: &f {id: 1}\nadmin: *f\n", "", "admin: line 2: YAML aliases are not supported; write the value out, in quotes if it begins with *"},
		{"merge key", "front: {<<: {id: 1}}\n", "", "front: line 1: has a key that is no name; check the indentation and the colons"},

		{"variable unknown", "front: {id: 1}", "TRADEFRONT_FRONT_IDD=1", "TRADEFRONT_FRONT_IDD: no configuration key has this environment variable; did you mean TRADEFRONT_FRONT_ID?"},
		{"variable far off", "front: {id: 1}", "TRADEFRONT_QQQQQQ=1", "TRADEFRONT_QQQQQQ: no configuration key has this environment variable; remove it"},
		{"variable of a section", "front: {id: 1}", "TRADEFRONT_CORE=1", "TRADEFRONT_CORE: no configuration key has this environment variable; remove it"},
		{"variable of a list's entry", "front: {id: 1}", "TRADEFRONT_KEYS_0_VERSION=1", "TRADEFRONT_KEYS_0_VERSION: no configuration key has this environment variable; write keys in the file: the entries of a list have no variables"},
		{"variable of a list's next entry", "front: {id: 1}", "TRADEFRONT_FRONT_LISTENERS_1_ADDRESS=:1", "TRADEFRONT_FRONT_LISTENERS_1_ADDRESS: no configuration key has this environment variable; write front.listeners in the file: the entries of a list have no variables"},
		{"variable with a strange name", "front: {id: 1}", "TRADEFRONT_A\nB=1", "TRADEFRONT_*: an environment variable's name has strange characters; remove it"},
		{"variable's type", "front: {id: 1}", "TRADEFRONT_FRONT_ID=", `front.id: from TRADEFRONT_FRONT_ID: is not a plain decimal whole number: ""`},

		{"broker long", "broker_id: '12345678901'", "", "broker_id: 11 bytes, at most 10 allowed"},
		{"broker empty", "broker_id: ''", "", "broker_id: is required and missing; write the firm's broker ID, which its terminals send"},
		{"vendor with separator", "vendor_id: a@b", "", "vendor_id: contains the separator @"},
		{"unit with a path", "report_unit_id: ../x", "", "report_unit_id: only digits and letters are allowed: it begins a file name"},
		{"system name long", "system_name: 期货期货期货期货期货期货期货", "", "system_name: 42 bytes, at most 40 allowed"},
		{"front id", "front: {id: 0}", "", "front.id: is 0, want 1 to 2147483647"},
		{"no listener", "front: {listeners: []}", "", "front.listeners: is empty: no terminal could connect; add an entry with an address"},
		{"listener twice", "front: {listeners: [{address: 'a:1'}, {address: 'a:1'}]}", "", "front.listeners[1].address: is the address of front.listeners[0].address already"},
		{"listener is admin", "admin: {address: '127.0.0.1:41205'}", "", "admin.address: is the address of front.listeners[0].address already"},
		{"who sends the address", "front: {listeners: [{address: 'a:1', client_address: prox}]}", "", "front.listeners[0].client_address: want peer or proxy; did you mean proxy?"},
		{"proxy believes no connection", "front: {listeners: [{address: 'a:1', client_address: proxy, trusted_proxies: []}]}", "", "front.listeners[0].trusted_proxies: is empty, and client_address: proxy believes no other connection; name the addresses of the load balancers"},
		{"peer believes a proxy", "front: {listeners: [{address: 'a:1', trusted_proxies: [10.0.0.1]}]}", "", "front.listeners[0].trusted_proxies: is only for client_address: proxy; write client_address: proxy, or remove it"},
		{
			"peer believes what is no network", "front: {listeners: [{address: 'a:1', trusted_proxies: [x]}]}", "",
			"front.listeners[0].trusted_proxies: is only for client_address: proxy; write client_address: proxy, or remove it" +
				"\nfront.listeners[0].trusted_proxies[0]: is no network: want 10.1.2.0/24, 10.1.2.3, 2001:db8::/64 or the like",
		},
		{"peer over TLS", "front: {listeners: [{address: 'a:1', client_address: peer, require_tls: true}]}", "", "front.listeners[0].require_tls: is only for client_address: proxy; a front sees TLS only through a proxy that ends it"},
		{
			"networks, all that is wrong with them",
			"front: {listeners: [{address: 'a:1', client_address: proxy, trusted_proxies: [10.1.2.3/8, 'x', '::ffff:10.0.0.0/104', 'fe80::1%eth0', 10.0.0.1, 10.0.0.1/32, 10.0.0.0/33, '']}]}", "",
			"front.listeners[0].trusted_proxies[0]: has bits behind its length: did you mean 10.0.0.0/8?" +
				"\nfront.listeners[0].trusted_proxies[1]: is no network: want 10.1.2.0/24, 10.1.2.3, 2001:db8::/64 or the like" +
				"\nfront.listeners[0].trusted_proxies[2]: is IPv4 written as IPv6: write it as IPv4" +
				"\nfront.listeners[0].trusted_proxies[3]: has a zone, which connections are not compared by" +
				"\nfront.listeners[0].trusted_proxies[5]: appears twice" +
				"\nfront.listeners[0].trusted_proxies[6]: is no network: want 10.1.2.0/24, 10.1.2.3, 2001:db8::/64 or the like" +
				"\nfront.listeners[0].trusted_proxies[7]: is no network: want 10.1.2.0/24, 10.1.2.3, 2001:db8::/64 or the like",
		},
		{
			"every address is trusted",
			"front: {listeners: [{address: 'a:1', client_address: proxy, trusted_proxies: [0.0.0.0/0, '::/0', 0.0.0.0/1, 10.0.0.0/8, 'fc00::/7', 'fc00::/6']}]}", "",
			"front.listeners[0].trusted_proxies[0]: 0.0.0.0/0 is wider than /8: any client in it could write any address into the records; name the load balancers only" +
				"\nfront.listeners[0].trusted_proxies[1]: ::/0 is wider than /7: any client in it could write any address into the records; name the load balancers only" +
				"\nfront.listeners[0].trusted_proxies[2]: 0.0.0.0/1 is wider than /8: any client in it could write any address into the records; name the load balancers only" +
				"\nfront.listeners[0].trusted_proxies[5]: fc00::/6 is wider than /7: any client in it could write any address into the records; name the load balancers only",
		},
		{"fronts are a list", "fronts: 1", "", "fronts: line 1: want a list, not a number; write [1, 2], or [] for none"},
		{"fronts are numbers", "fronts: [1, a]", "", "fronts[1]: line 1: is not a plain decimal whole number: \"a\""},
		{"fronts once each", "fronts: [1, 0, 1]", "", "fronts: has 0, which is no front.id or is there twice; write each front.id of the firm once, as [1, 2]\nfronts: has 1, which is no front.id or is there twice; write each front.id of the firm once, as [1, 2]"},
		{"texts are a list", "front: {listeners: [{address: 'a:1', client_address: proxy, trusted_proxies: 10.0.0.1}]}", "", "front.listeners[0].trusted_proxies: line 1: want a list, not a text; write [a, b], or [] for none"},
		{"texts are texts", "front: {listeners: [{address: 'a:1', client_address: proxy, trusted_proxies: [10, {a: b}]}]}", "", `front.listeners[0].trusted_proxies[0]: line 1: is a number without quotes, and may not mean what it shows; put it in quotes: trusted_proxies: "10"` + "\nfront.listeners[0].trusted_proxies[1]: line 1: want a text, not a section"},
		{"early drop", "limits: {unauthenticated: '10:30'}", "", "limits.unauthenticated: is not start:rate:full, as 4000:30:16000"},
		{"exempt networks", "limits: {exempt_networks: [10.1.2.3/8, '2001:db8::1']}", "", "limits.exempt_networks[0]: has bits behind its length: did you mean 10.0.0.0/8?" + "\nlimits.exempt_networks[1]: is narrower than /64, which is one source; write 2001:db8::/64"},
		{"penalties without effect", "limits: {penalties: {max: 60s}}", "", "limits.penalties.max: is not above the threshold: no source would ever be refused; raise it, or set sources: 0 for no penalties"},
		{"pprof alone", "admin: {address: '', pprof: true}", "", "admin.pprof: needs admin.address"},
		{"choice", "terminal_info: lenien", "", "terminal_info: want lenient or strict; did you mean lenient?"},
		{"level", "log_level: loud", "", "log_level: want debug or info or warn or error"},
		{"bound of a time", "timers: {challenge: 31s}", "", "timers.challenge: is 31s, want 10ms to 30s"},
		{"negative", "core: {remember: -1s}", "", "core.remember: is -1s, want 0s to 168h"},
		{"unsigned bound", "core: {argon2: {memory_kib: 8}}", "", "core.argon2.memory_kib: is 8, want 1024 to 1048576"},

		{"no key", "keys: []", "", "keys: is empty: no terminal information could be encrypted; name at least one key of the monitoring centre"},
		{"version twice", "keys: [{version: a, public_key_file: x}, {version: a, public_key_file: y}]", "", "keys[1].version: appears twice"},
		{"key without file", "keys: [{version: a}]", "", "keys[0].public_key_file: is empty; name a file"},
		{"key's time", "keys: [{version: a, public_key_file: x, not_after: tomorrow}]", "", `keys[0].not_after: "tomorrow" is no time: want 2026-01-31, "2026-01-31 15:30:00" (both UTC+8) or RFC 3339`},
		{"key never valid", "keys: [{version: a, public_key_file: x, not_before: 2026-02-01, not_after: 2026-02-01}]", "", "keys[0].not_after: is not after not_before: the key is never valid"},
		{"three keys", "keys: [{version: a, public_key_file: x}, {version: b, public_key_file: y}, {version: c, public_key_file: z, not_before: 2026-03-01}]", "", "keys: more than two keys are valid at 2026-03-01T00:00:00+08:00; A.1 allows two; bound the older ones with not_after"},

		{"postgres without url", "store: {driver: postgres}", "", "store.url: driver postgres needs the address of the database; set url or url_file"},
		{"both urls", "store: {driver: postgres, url: a, url_file: b}", "", "store.url: url and url_file are both set; keep one of the two"},
		{"url without postgres", "store: {url: a}", "", "store.driver: a database is named, but the driver does not use it; write driver: postgres, or remove url and url_file"},
		{"queue takes all", "core: {hash_queue: 100}\nlimits: {logins_in_flight: 200}", "", "core.hash_queue: is 100, and limits.logins_in_flight is 200: one address could take every place; keep it below half of that"},
		{"milestone", "store: {answer_after: postgres}", "", "store.answer_after: postgres needs driver postgres"},
		{"NUL in a file's name", `store: {path: "a\0b"}`, "", "store.path: contains a NUL byte"},
		{"no calendar", "calendar_file: ''", "", "calendar_file: is empty; name a file"},

		{
			"all at once, in the struct's order", "store: {driver: x}\nzzz: 1\nfront: {id: 0}\nbroker_id: 1\n", "TRADEFRONT_X=1",
			`broker_id: line 4: is a number without quotes, and may not mean what it shows; put it in quotes: broker_id: "1"` +
				"\nfront.id: is 0, want 1 to 2147483647\nstore.driver: want embedded or postgres\nzzz: line 2: unknown key" +
				"\nTRADEFRONT_X: no configuration key has this environment variable; remove it",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var env []string
			if c.env != "" {
				env = []string{c.env}
			}
			_, faults := parse([]byte(c.yaml), identified(c.yaml, env...))
			if got := faults.Error(); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// However the database's URL gets into the wrong place, the password stays out of the report.
func TestFaultsHideThePassword(t *testing.T) {
	const url = "postgres://tf:hunter2@db/tf"
	for _, yaml := range []string{
		"store: {driver: postgres, url: '" + url + "', url_file: x}",
		"store: {" + url + "}",
		"store: {url: *hunter2}",
		"store: {url: &hunter2 1}",
		"store: {url: 1hunter2: 3}",
		"store:\n  url:\n    '" + url + "': 1\n",
		"store:\n  url: ['" + url + "']\n",
		"store: {driver: '" + url + "', answer_after: '" + url + "', batch_delay: '" + url + url + "'}",
		"store: !hunter2 {driver: postgres}\nfront: '" + url + "'",
	} {
		_, faults := parse([]byte(yaml), []string{"TRADEFRONT_STORE_URLL=" + url})
		if report := faults.Error(); len(faults) < 2 || strings.Contains(report, "hunter2") {
			t.Errorf("%s\ngot:\n%s", yaml, report)
		}
	}
}

func TestErrOfNoFaults(t *testing.T) {
	if err := (Faults{}).Err(); err != nil {
		t.Errorf("no faults are the error %v", err)
	}
}
