package quality

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	// appsMost is how many AppIDs of a day are told apart.
	appsMost = 20_000
	// others is the AppID of those that had no place any more.
	others = ""
	// step is how many records lie between two looks at the context and two calls of Reading.
	step = 4096
)

// Records are those of a store.
type Records interface {
	Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error
	// Archives are the files that took records of the day.
	Archives(ctx context.Context, day calendar.TradingDay) ([]store.Archive, error)
}

// Options are the day and the one it is held against.
type Options struct {
	Day, Before calendar.TradingDay
	Records     Records
	Reading     func(done, total int64) // rows, of an unknown total; may be nil
}

// flags counts by 异常标识: '0' to '3'.
type flags [4]int64

func (f *flags) sum() (n int64) {
	for _, c := range f {
		n += c
	}
	return n
}

// Report is the page.
type Report struct {
	Day     string `json:"trading_day"`
	Before  string `json:"day_before"`
	Today   Count  `json:"today"`
	Earlier Count  `json:"earlier"`
	Flags   []Flag `json:"flags"`
	Apps    []App  `json:"app_ids"` // those with the most flags other than 0 first
}

// Count is how many logins, and how many of them have a flag other than 0.
type Count struct {
	Logins        int64   `json:"logins"`
	Abnormal      int64   `json:"abnormal"`
	AbnormalShare float64 `json:"abnormal_share"`
}

// Flag is one 异常标识 on both days.
type Flag struct {
	Flag    string `json:"flag"`
	Chinese string `json:"chinese"`
	English string `json:"english"`
	Today   int64  `json:"today"`
	Earlier int64  `json:"earlier"`
}

// App is one AppID on both days.
type App struct {
	AppID    string `json:"app_id"` // "" for those that had no place any more
	Software string `json:"software"`
	Version  string `json:"version"`
	Flags    flags  `json:"flags"` // of the day, by 0 to 3
	Today    Count  `json:"today"`
	Earlier  Count  `json:"earlier"`
	New      bool   `json:"new"` // no login on the day before
	// Worse says that the share with a flag other than 0 rose by one percentage point or more.
	Worse bool `json:"worse"`
}

// worseParts: a rise of a share by so many parts of a hundred is marked.
const worseParts = 1

// rose reports whether the share rose by that. It counts in whole numbers: in floating point 3/100 less 2/100 is below 1/100.
func rose(before, now Count) bool {
	return before.Logins > 0 && now.Logins > 0 &&
		100*(now.Abnormal*before.Logins-before.Abnormal*now.Logins) >= worseParts*before.Logins*now.Logins
}

// chineseOf are the meanings of the flags (4.2.3 c).
var chineseOf = [4]string{"正常", "终端信息采集为空", "加密密钥版本异常", "终端信息数据异常"}

// Run reads both days.
func Run(ctx context.Context, o Options) (*Report, error) {
	today, err := count(ctx, &o, o.Day)
	if err != nil {
		return nil, err
	}
	earlier, err := count(ctx, &o, o.Before)
	if err != nil {
		return nil, err
	}
	return compare(&o, today, earlier), nil
}

// count reads the records of a day.
func count(ctx context.Context, o *Options, day calendar.TradingDay) (map[string]*flags, error) {
	apps := make(map[string]*flags)
	var n int64
	err := o.Records.Scan(ctx, day, func(r *store.Record) error {
		if n++; n%step == 0 && o.Reading != nil {
			o.Reading(n, 0)
		}
		if !r.Flag.Valid() {
			return fmt.Errorf("record %s has the flag %q, which is none", r.ID, byte(r.Flag))
		}
		app := apps[string(r.AppID)]
		if app == nil {
			name := strings.Clone(string(r.AppID))
			if len(apps) >= appsMost {
				name = others
			}
			if app = apps[name]; app == nil {
				app = new(flags)
				apps[name] = app
			}
		}
		app[r.Flag-regulation.FlagNormal]++
		return nil
	})
	if err == nil {
		err = checkHere(ctx, o.Records, day)
	}
	if err != nil {
		return nil, fmt.Errorf("quality of %s: %w", day, err)
	}
	return apps, nil
}

// checkHere is an error if archives have records of the day, which would pass for a day with fewer logins, or none. The ledger is asked behind
// the records: a day that is archived between the two is refused.
func checkHere(ctx context.Context, r Records, day calendar.TradingDay) error {
	all, err := r.Archives(ctx, day)
	var names []string
	for i := range all {
		if all[i].Apart() {
			names = append(names, all[i].File)
		}
	}
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("nothing was counted: the records of %s are archived in %s; bring them back, then count: tradefront archive restore, of each file",
			day, strings.Join(names, " and "))
	}
	return err
}

// compare puts both days side by side.
func compare(o *Options, today, earlier map[string]*flags) *Report {
	r := &Report{Day: o.Day.String(), Before: o.Before.String(), Apps: []App{}}
	var allToday, allEarlier flags
	for name, f := range earlier {
		allEarlier.add(f)
		if today[name] == nil {
			today[name] = new(flags)
		}
	}
	for name, f := range today {
		allToday.add(f)
		before := cmp.Or(earlier[name], new(flags))
		a := App{AppID: name, Flags: *f, Today: f.count(), Earlier: before.count()}
		a.Software, a.Version = parts(name)
		a.New = a.Earlier.Logins == 0
		a.Worse = rose(a.Earlier, a.Today)
		r.Apps = append(r.Apps, a)
	}
	slices.SortFunc(r.Apps, func(a, b App) int {
		return cmp.Or(-cmp.Compare(a.Today.Abnormal, b.Today.Abnormal), -cmp.Compare(a.Today.Logins, b.Today.Logins), cmp.Compare(a.AppID, b.AppID))
	})
	r.Today, r.Earlier = allToday.count(), allEarlier.count()
	for i := range allToday {
		flag := regulation.FlagNormal + regulation.AbnormalFlag(i)
		r.Flags = append(r.Flags, Flag{flag.String(), chineseOf[i], flag.Word(), allToday[i], allEarlier[i]})
	}
	return r
}

func (f *flags) add(other *flags) {
	for i := range f {
		f[i] += other[i]
	}
}

func (f *flags) count() Count {
	c := Count{Logins: f.sum(), Abnormal: f.sum() - f[0]}
	if c.Logins > 0 {
		c.AbnormalShare = float64(c.Abnormal) / float64(c.Logins)
	}
	return c
}

// parts cuts an AppID into the software and its version (4.2.2: vendor_software_version).
func parts(appID string) (software, version string) {
	if i := strings.LastIndexByte(appID, '_'); i >= 0 {
		return appID[:i], appID[i+1:]
	}
	return appID, ""
}
