package doctor

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
)

// checkPostgres connects: each connection is held to what package postgres asserts, that the password is right, that
// it may write, that no pooler shares it, that a commit is durable, and that no row is hidden.
func checkPostgres(_ context.Context, s *Site, f *findings) {
	if !s.onPostgres() {
		f.skip("store.driver is %s: there is no PostgreSQL", "store.driver 是 %s：没有 PostgreSQL", s.Config.Store.Driver)
		return
	}
	if _, err := s.pg.get(); err != nil {
		f.fault(s.Config.Store.URLKey(), err)
		return
	}
	f.pass("PostgreSQL answers, takes the password and may be written to; a commit is durable (synchronous_commit, fsync)",
		"PostgreSQL 应答，密码正确，可以写入；提交是持久的（synchronous_commit、fsync）")
}

// oldestTried is the oldest major version of PostgreSQL that `make engines` runs tradefront's tests on.
const oldestTried = 13

func checkVersion(ctx context.Context, s *Site, f *findings) {
	pg, err := s.pg.get()
	if err != nil {
		f.fault("", err)
		return
	}
	version, err := pg.Version(ctx)
	if err != nil {
		f.fault("", err)
		return
	}
	judgeVersion(f, version)
}

// judgeVersion takes the number as PostgreSQL writes it: 150004 is 15.4.
func judgeVersion(f *findings, version int) {
	major, minor := version/10000, version%10000
	if major < oldestTried {
		f.trouble(say("PostgreSQL %d.%d is older than tradefront was tried with (%d)", "PostgreSQL %d.%d 早于 tradefront 试验过的版本（%d）", major, minor, oldestTried))
		return
	}
	f.pass("PostgreSQL %d.%d", "PostgreSQL 版本 %d.%d", major, minor)
}

func checkSchema(ctx context.Context, s *Site, f *findings) {
	pg, err := s.pg.get()
	if err == nil {
		err = pg.CheckSchema(ctx)
	}
	if err != nil {
		f.fault(s.Config.Store.URLKey(), err)
		return
	}
	f.pass("the schema is that of this program", "表结构与本程序一致")
}

func checkRights(ctx context.Context, s *Site, f *findings) {
	pg, err := s.pg.get()
	if err != nil {
		f.fault("", err)
		return
	}
	if err := pg.CheckSchema(ctx); err != nil {
		f.add(Skip, otherSchemaText)
		return
	}
	rights, err := pg.CheckRights(ctx)
	if err != nil {
		f.skip("the rights of the roles could not be read: %s", "无法读取角色的权限：%s", oneLine(err))
		return
	}
	for _, r := range rights.TooMuch {
		f.warn(foreign(r))
	}
	if n := len(rights.Lacking); n > 0 {
		f.trouble(say("the roles lack %d rights, the first: %s", "角色缺少 %d 项权限，第一项：%s", n, rights.Lacking[0])).Key = "store.url"
	}
	if len(f.all) == 0 {
		f.pass("the roles have the rights of deploy/sql/roles.sql, and no more", "角色的权限与 deploy/sql/roles.sql 一致")
	}
}

func checkSettings(ctx context.Context, s *Site, f *findings) {
	pg, err := s.pg.get()
	if err != nil {
		f.fault("", err)
		return
	}
	settings, err := pg.Inspect(ctx)
	if err != nil {
		f.skip("the settings could not be read: %s", "无法读取设置：%s", oneLine(err))
	}
	for i := range settings {
		f.trouble(foreign(settings[i].String()))
	}
	extras, err := pg.Extras(ctx)
	if err != nil {
		f.skip("what is on the tables beside tradefront's own could not be read: %s", "无法读取表上的其他对象：%s", oneLine(err))
	}
	for _, e := range extras {
		f.trouble(foreign(e))
	}
	if len(f.all) == 0 {
		f.pass("its settings are those that tradefront relies on, and nothing else is on its tables", "设置符合要求，表上没有其他对象")
	}
}

// partitionsChecked is how many trading days from today on should have a partition: a front makes more.
const partitionsChecked = 2

func checkPartitions(ctx context.Context, s *Site, f *findings) {
	assets, _ := s.assets.get()
	if assets.Calendar == nil {
		f.skip("the calendar has faults, see the line files", "交易日历有错误，见 files 一行")
		return
	}
	pg, err := s.pg.get()
	if err == nil {
		err = pg.CheckSchema(ctx)
	}
	if err != nil {
		f.add(Skip, otherSchemaText)
		return
	}
	day, _ := assets.Calendar.TradingDayOf(s.Now())
	days := []calendar.TradingDay{day}
	for len(days) < partitionsChecked {
		day = assets.Calendar.Next(day)
		days = append(days, day)
	}
	missing, err := pg.MissingPartitions(ctx, days)
	if err != nil {
		f.skip("the partitions could not be read: %s", "无法读取分区：%s", oneLine(err))
		return
	}
	for _, day := range missing {
		f.trouble(say("trading day %s has no partition yet: the first batch of the day waits until it is made", "交易日 %s 还没有分区：当天第一批记录要等分区创建", day))
	}
	if len(f.all) == 0 {
		f.pass("the trading days to %s have their partitions", "到 %s 为止的交易日都有分区", day)
	}
}

// checkOldDays reminds of days that are in PostgreSQL for longer than the firm wants.
func checkOldDays(ctx context.Context, s *Site, f *findings) {
	pg, err := s.pg.get()
	if err != nil {
		f.fault("", err)
		return
	}
	n, oldest, err := pg.DaysBefore(ctx, calendar.DayOf(s.Now().AddDate(0, 0, -s.Config.Retention.OnlineDays)))
	switch {
	case err != nil:
		f.skip("which days are in PostgreSQL could not be read: %s", "无法读取 PostgreSQL 中有哪些交易日：%s", oneLine(err))
	case n > 0:
		f.warn(say("%d trading days are in PostgreSQL for longer than retention.online_days (%d), the oldest is %s",
			"%d 个交易日留在 PostgreSQL 的时间超过 retention.online_days（%d 天），最早的是 %s", n, s.Config.Retention.OnlineDays, oldest))
	default:
		f.pass("no trading day is in PostgreSQL for longer than retention.online_days (%d)",
			"没有交易日留在 PostgreSQL 超过 retention.online_days（%d 天）", s.Config.Retention.OnlineDays)
	}
}

// clockWarning is the difference to PostgreSQL's clock from which on an operator should look, as on /readyz.
const clockWarning = time.Second

func checkPostgresClock(ctx context.Context, s *Site, f *findings) {
	pg, err := s.pg.get()
	if err != nil {
		f.fault("", err)
		return
	}
	offset, uncertain, err := pg.ClockOffset(ctx, s.Now)
	if err != nil {
		f.skip("the clock of PostgreSQL could not be read: %s", "无法读取 PostgreSQL 的时钟：%s", oneLine(err))
		return
	}
	text := say("this machine's clock is %.3f s ahead of PostgreSQL's", "本机时钟比 PostgreSQL 的时钟快 %.3f 秒", offset.Seconds())
	if offset < 0 {
		text = say("this machine's clock is %.3f s behind PostgreSQL's", "本机时钟比 PostgreSQL 的时钟慢 %.3f 秒", -offset.Seconds())
	}
	switch differs := max(0, offset.Abs()-uncertain); {
	case differs >= settlement.ClockBound:
		f.trouble(text)
	case differs >= clockWarning:
		f.warn(text)
	default:
		f.add(Pass, text)
	}
}
