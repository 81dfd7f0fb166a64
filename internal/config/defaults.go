package config

import "time"

// Default is the configuration of a front that stores locally and listens on loopback.
// Files named in it are relative and need not be there. Who the firm is has no default: a firm
// that forgot one of the three IDs would report under the name of another.
func Default() Config {
	return Config{
		SystemName:   "tradefront",
		Front:        Front{ID: 1, Listeners: []Listener{{Address: "127.0.0.1:41205", ClientAddress: "peer"}}},
		Admin:        Admin{Address: "127.0.0.1:9464"},
		AuditLog:     "audit.jsonl",
		LogLevel:     "info",
		Keys:         []Key{{Version: "1.0", Algorithm: "rsa", PublicKeyFile: "keys/1.0.pem"}},
		Auth:         Auth{MasterKeyFile: "master.key", Refresh: 2 * time.Second},
		TerminalInfo: "lenient", ReplayedTerminalInfo: "flag",
		CalendarFile: "calendar.yaml",
		Core: Core{
			Argon2:             Argon2{MemoryKiB: 19456, Iterations: 2},
			Remember:           12 * time.Hour,
			RememberAccounts:   200_000,
			HashQueue:          1024,
			LockFailures:       5,
			LockSourceFailures: 100,
			LockDecay:          3 * time.Minute,
			LoginsPerUser:      5,
			LoginsBurst:        300,
		},
		Store: Store{
			Driver: "embedded", Path: "tradefront.db", AnswerAfter: "local",
			BatchRows: 2000, BatchDelay: 200 * time.Millisecond, Patience: 5 * time.Second,
			MaxBytes: 64 << 30, MinFree: 256 << 20, MaxRows: 20_000_000, MaxAge: 7 * 24 * time.Hour,
		},
		Limits: Limits{
			ConnectionsPerSource: 2000, Unauthenticated: "4000:30:16000",
			Penalties: Penalties{
				FailedAuthentication: 5 * time.Second, NoAuthentication: time.Second,
				Malformed: 5 * time.Second, RefusalFlood: 10 * time.Second,
				Threshold: time.Minute, Max: 10 * time.Minute, Sources: 65536,
			},
			LoginsInFlight: 4096, PendingFrames: 8, Refusals: 64, OutboundBytes: 65536, BodyBeforeAuth: 512,
			SeenTerminals: 1_000_000,
		},
		Timers: Timers{
			Authenticate: 10 * time.Second, Login: 30 * time.Second, LoginWork: 20 * time.Second,
			ProxyHeader: 3 * time.Second, Challenge: 30 * time.Second, Drain: 30 * time.Second,
		},
	}
}
