package statuspage

import (
	"fmt"
	"math"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/tally"
)

var at = time.Date(2026, 1, 5, 8, 59, 30, 0, regulation.Zone)

// full is a front in the storm before the open, with everything that a page can show.
func full() *Snapshot {
	s := &Snapshot{
		At: at, System: "期货交易系统",
		Front: Front{ID: 1, Version: "v1.4.0", State: Serving, Ready: true, Started: at.Add(-50 * time.Hour), Config: "3f9a1c0e77d2"},
		Checks: []Check{
			{"front", true, true, "20,411 connections, 19,876 users online"},
			{"keys", true, true, "newest valid key is version 2.0"},
			{"key_life", false, false, "key version 1.0 ends at 2026-01-31 08:59:30, in 26 days: terminals that still use it will be flagged 2, have them take version 2.0"},
			{"postgres", true, false, "12 records wait to be forwarded"},
		},
		Day: &Day{
			Day: "20260105", Start: at.AddDate(0, 0, -3), End: at.Add(6*time.Hour + 30*time.Minute + 30*time.Second), Horizon: "20271231", HorizonDays: 725.6,
		},
		Load:  &Load{Sessions: 19876, Connections: 20411, Limit: 65024, Unauthenticated: 311, InFlight: 42, Penalized: 3, Refused: 1290},
		Tally: &tally.Day{Day: 20260105, Since: at.Add(-50 * time.Hour)},
		Local: &Local{Driver: "postgres", Rows: 12, Bytes: 3 << 20, Free: 81 << 30, Fullest: 0.04, Pending: 12, Oldest: at.Add(-2 * time.Second)},
		Core: &Core{Endpoints: []Endpoint{
			{Name: "10.1.0.11:7001", State: "active", CoreID: "core-a", InUse: true, Term: 7},
			{Name: "10.1.0.12:7001", State: "standby", CoreID: "core-b", Term: 6},
			{Name: "10.1.0.13:7001", State: "down", Fault: "dial_failed"},
		}, Waiting: 2},
		Relays: []Relay{
			{AppID: "relay_tf_1.0", Admitted: true, Connections: 2, Today: tally.Counts{"ok": 3211, "resubmitted": 4, "out_of_scope": 7}},
			{AppID: "relay_old_0.9", Today: nil},
			{AppID: "relay_bad_1.0", Admitted: true, Guessing: true},
		},
		Keys: []Key{
			{Version: "1.0", Algorithm: "RSA-2048", Valid: true, NotAfter: at.AddDate(0, 0, 26), DaysLeft: 26.3},
			{Version: "2.0", Algorithm: "SM2", Valid: true, InUse: true},
		},
		Shared: &Shared{
			Asked: at.Add(-4 * time.Second),
			Fronts: []FrontLine{
				{ID: 1, State: "running", Host: "front1", Version: "v1.4.0", Config: "3f9a1c0e77d2", Started: at.Add(-50 * time.Hour), Seen: at.Add(-2 * time.Second), Holds: 12, This: true},
				{ID: 2, State: "running", Host: "front2", Version: "v1.4.0", Config: "3f9a1c0e77d2", Started: at.Add(-49 * time.Hour), Seen: at.Add(-3 * time.Second), ClockOffset: 4 * time.Millisecond},
				{ID: 3, State: "running", Host: "front3", Version: "v1.3.2", Config: "81bb20aa913f", Started: at.Add(-700 * time.Hour), Seen: at.Add(-1 * time.Second)},
				{ID: 4, State: "silent", Host: "front4", Version: "v1.3.2", Config: "81bb20aa913f", Started: at.Add(-900 * time.Hour), Seen: at.Add(-91 * time.Minute), Holds: 1830},
			},
			Reports: []Report{
				{Day: "20260102", State: "exported", File: "0001_20260102.txt", Rows: 61234, At: at.Add(-64 * time.Hour)},
				{Day: "20251231", State: "handed_in", File: "0001_20251231.txt", Rows: 60120, At: at.Add(-136 * time.Hour), HandedIn: at.Add(-135 * time.Hour), Receipt: "R-1231"},
				{Day: "20251230", State: "not_exported"},
			},
			Obstacles: []store.Obstacle{{
				Day: 20260102, Kind: store.FrontMissing, Where: "front 4 (host front4)", What: "did not report since the window closed (last seen 2026-01-05 07:28:30)", Records: 1830,
				Next: "start it with PostgreSQL in reach; if it is gone for good: tradefront front retire 4, and the reports say that logins may be missing",
			}},
		},
		Pages: []string{"/metrics", "/healthz", "/readyz", "/status"},
	}
	s.Tally.Authentications = tally.Counts{"ok": 20600, "wrong_answer": 31}
	s.Tally.Logins = tally.Counts{"ok": 20411, "wrong_password": 903, "account_locked": 12, "overloaded": 3}
	s.Tally.Flags = tally.Counts{"normal": 23605, "terminal_info_empty": 0, "key_version_abnormal": 2, "terminal_data_abnormal": 19}
	s.Tally.Submitted = 3215
	s.Tally.Relays = map[string]tally.Counts{"relay_tf_1.0": s.Relays[0].Today}
	s.Tally.Apps = map[string]tally.App{
		"client_demo_1.0": {Authentications: tally.Counts{"ok": 15000}, Logins: tally.Counts{"ok": 15002, "wrong_password": 803}},
		"client_web_2.3":  {Authentications: tally.Counts{"ok": 5600, "wrong_answer": 21}, Logins: tally.Counts{"ok": 5409, "wrong_password": 100, "account_locked": 12, "overloaded": 3}},
		tally.OtherApp:    {Authentications: tally.Counts{"unknown_app": 10}},
	}
	for i := range tally.KeptMinutes {
		m := tally.Minute{Start: at.Truncate(time.Minute).Add(time.Duration(i-tally.KeptMinutes+1) * time.Minute)}
		if left := tally.KeptMinutes - i; left < 60 {
			m.Recorded, m.Refused = uint32(60000/(left*left+20)), uint32(1500/(left*left+20))
		} else if i%7 == 0 {
			m.Recorded = uint32(20 + i%13)
		}
		s.Minute = append(s.Minute, m)
	}
	return s
}

// empty is a front that has just accepted its first connection, on an embedded store.
func empty() *Snapshot {
	return &Snapshot{
		At: at, System: "tradefront", Front: Front{ID: 1, Version: "dev", State: Serving, Ready: true, Started: at},
		Day: &Day{Day: "20260105", Provisional: true, Start: at, End: at}, Load: &Load{}, Tally: &tally.Day{Day: 20260105, Since: at}, Local: &Local{Driver: "embedded"},
		Core: &Core{}, Relays: []Relay{}, Shared: &Shared{Asked: at, ObstaclesKnown: true},
	}
}

// starting is a front whose admin listener answers before terminals are accepted.
func starting() *Snapshot {
	return &Snapshot{
		At: at, System: "tradefront", Front: Front{ID: 1, Version: "dev", State: Starting, Started: at},
		Checks: []Check{{"front", false, true, "the front is starting"}},
	}
}

// away is full with PostgreSQL out of reach.
func away() *Snapshot {
	s := full()
	s.Local.Trouble, s.Local.Pending, s.Local.Oldest, s.Local.Quarantined = "PostgreSQL is out of reach: connection refused", 1234567, at.Add(-3*time.Hour), math.NaN()
	s.Shared.Err = "failed to connect: dial tcp 10.1.0.20:5432: connect: connection refused"
	return s
}

// crowded has 500 AppIDs, 80 fronts and 300 relays.
func crowded() *Snapshot {
	s := full()
	for i := range 500 {
		s.Tally.Apps[fmt.Sprintf("app_%03d", i)] = tally.App{Logins: tally.Counts{"ok": uint64(i), "wrong_password": 1}}
	}
	for i := range 80 {
		s.Shared.Fronts = append(s.Shared.Fronts, FrontLine{ID: int32(100 + i), State: "stopped", Host: "h", Version: "v"})
	}
	for i := range 300 {
		s.Relays = append(s.Relays, Relay{AppID: fmt.Sprintf("relay_%03d", i), Admitted: true})
	}
	return s
}
