package doctor

import (
	"context"
	"errors"
	"math"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// What one login takes on disk.
const (
	bytesOfRecord = 1100 // in the local store, see store.max_bytes
	bytesOfAudit  = 1000 // two lines of the audit log
	// spareDays is for how many peak days there should be room: less warns.
	spareDays = 3
)

// disk is the file system that a file is on.
type disk struct {
	id   uint64
	free int64
}

func diskOf(path string) (d disk, err error) {
	folder := filepath.Dir(localfile.RealPath(path))
	var at unix.Stat_t
	if err := unix.Stat(folder, &at); err != nil {
		return d, err
	}
	var volume unix.Statfs_t
	if err := unix.Statfs(folder, &volume); err != nil {
		return d, err
	}
	return disk{uint64(at.Dev), clampMul(volume.Bavail, uint64(volume.Bsize))}, nil //nolint:unconvert // the types differ between systems
}

// clampMul is the product, or the largest number.
func clampMul(a, b uint64) int64 {
	if b != 0 && a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return int64(a * b)
}

// checkDiskSpace asks whether a day like the heaviest that was recorded has room: the local store holds all of it while PostgreSQL is
// away.
func checkDiskSpace(ctx context.Context, s *Site, f *findings) {
	peak, why, err := s.peak(ctx)
	switch {
	case (err != nil || peak.Records == 0) && s.belowBound(f): // what past days took need not be known for that
		return
	case err != nil && s.otherSchema(ctx):
		f.add(Skip, otherSchemaText)
		return
	case err != nil:
		f.skip("the records of past days cannot be counted: %s", "无法统计以往交易日的记录：%s", oneLine(err))
		return
	case peak.Records == 0:
		f.add(Skip, why)
		return
	}
	need := make(map[disk]int64)
	var order []disk
	add := func(path string, bytes int64) bool {
		d, err := diskOf(path)
		if err != nil {
			f.skip("the disk of %s cannot be looked at: %s", "无法查看 %s 所在的磁盘：%s", path, oneLine(err))
			return false
		}
		for known := range need {
			if known.id == d.id {
				d = known
			}
		}
		if _, seen := need[d]; !seen {
			order = append(order, d)
		}
		need[d] += bytes
		return true
	}
	if !add(s.Config.Store.Path, peak.Records*bytesOfRecord+int64(s.Config.Store.MinFree)) {
		return
	}
	if s.Config.AuditLog != "" && !add(s.Config.AuditLog, peak.Records*bytesOfAudit) {
		return
	}
	for _, d := range order {
		judgeRoom(f, peak, d.free, need[d])
	}
}

// belowBound fails if the front would answer each login 90: the local store's disk has no more than store.min_free.
func (s *Site) belowBound(f *findings) bool {
	d, err := diskOf(s.Config.Store.Path)
	bound := int64(s.Config.Store.MinFree)
	if err != nil || d.free > bound {
		return false
	}
	f.trouble(say("the disk of %s has %s free, and at store.min_free (%s) logins are answered 90", "%s 所在的磁盘可用 %s，达到 store.min_free（%s）时登录被答 90",
		s.Config.Store.Path, show.Size(d.free), show.Size(bound)))
	return true
}

func judgeRoom(f *findings, peak store.DayCount, free, need int64) {
	text := say("a day with %d records, as %s had, takes %s of the disk that has %s free",
		"像 %[2]s 那样有 %[1]d 条记录的一天需要磁盘空间 %[3]s，可用 %[4]s", peak.Records, peak.Day, show.Size(need), show.Size(free))
	switch {
	case free < need:
		f.trouble(text)
	case free < spareDays*need:
		f.warn(text)
	default:
		f.add(Pass, text)
	}
}

// peak is the day with the most records. why says why none is known.
func (s *Site) peak(ctx context.Context) (peak store.DayCount, why Text, err error) {
	var days []store.DayCount
	if s.onPostgres() {
		if why, lacking := s.lacks(postgresServer); lacking {
			return peak, why, nil
		}
		pg, err := s.pg.get()
		if err != nil {
			return peak, why, err
		}
		days, err = pg.Days(ctx)
		if err != nil {
			return peak, why, err
		}
	} else {
		local, err := s.local.get()
		if why, known := s.unopened(err); known {
			return peak, Text{why.EN + ", so no day's peak is known", why.ZH + "，没有可参考的峰值"}, nil
		}
		if err == nil {
			days, err = local.Days(ctx)
		}
		if err != nil {
			return peak, why, err
		}
	}
	for _, d := range days {
		if d.Records > peak.Records {
			peak = d
		}
	}
	return peak, say("no day has records yet, so no peak is known", "还没有任何记录，没有可参考的峰值"), nil
}

func checkAuditDisk(_ context.Context, s *Site, f *findings) {
	if s.Config.AuditLog == "" {
		f.pass("the audit log goes to standard error, not to the local store's disk by name", "审计日志写入标准错误，不在本地库的磁盘上")
		return
	}
	store, err := diskOf(s.Config.Store.Path)
	audit, err2 := diskOf(s.Config.AuditLog)
	switch err := errors.Join(err, err2); {
	case err != nil:
		f.skip("the disks cannot be compared: %s", "无法比较磁盘：%s", oneLine(err))
	case store.id == audit.id:
		f.trouble(say("the audit log and the local store share one disk", "审计日志与本地库在同一磁盘上")).Key = "audit_log"
	default:
		f.pass("the audit log has another disk than the local store", "审计日志与本地库不在同一磁盘上")
	}
}
