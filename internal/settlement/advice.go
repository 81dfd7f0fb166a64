package settlement

import (
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// advice is what to do about a day, in both languages.
type advice struct{ english, chinese string }

// advise has both languages take the same arguments; a form may name them by their number.
func advise(english, translated string, args ...any) advice {
	return advice{fmt.Sprintf(english, args...), fmt.Sprintf(translated, args...)}
}

func (a *advice) add(more advice) {
	a.english += "; " + more.english
	a.chinese += "；" + more.chinese
}

func (d *DayStatus) takes(a advice) { d.Next, d.NextChinese = a.english, a.chinese }

func adviseRestored(e *store.AheadError) advice {
	return advice{e.Error(), fmt.Sprintf("%s 的导出出自该数据库的另一个时期，此后数据库由转储恢复过：按 docs/settlement.zh-CN.md 的“恢复之后”处理", e.Day)}
}

// adviseClosed says what to do about a day that is no trading day any more.
func (d *DayStatus) adviseClosed(closed *calendar.NotTradingDayError) advice {
	next := advice{closed.Error(), fmt.Sprintf("%s 不是交易日，其登录归 %s", closed.Day, closed.Next)}
	if d.Last != nil {
		next.add(advise("it was reported as one when the calendar did not know it: tell those to whom you gave that report",
			"日历更正之前已作为交易日导出：请告知收到该报送文件的各方"))
	}
	if d.Records > 0 {
		next.add(advise("it holds %d records, which no report of the days after it has: calendar reassign",
			"该日有 %d 条记录，不在其后任何一日的报送文件中：calendar reassign", d.Records))
	}
	return next
}

// nextStep says what to do first. good is DayStatus.Good.
func (d *DayStatus) nextStep(cal *calendar.Calendar, exported bool) (next advice, good bool) {
	_, guess := cal.TradingDayOf(d.Start)
	switch {
	case d.Provisional > 0 && !guess:
		return advise("%d records were given this day by a calendar that did not know it yet: calendar reassign",
			"%d 条记录是按尚不确定的日历归入该日的：calendar reassign", d.Provisional), false
	case !d.Closed && len(d.Obstacles.Open) == 0:
		return advise("wait: the window closes at %s", "等待：时段于 %s 结束", show.Time(d.End)), false
	case d.Archived && d.elsewhere() != nil:
		return adviseObstacle(d.elsewhere()), false
	case d.Archived:
		return d.adviseArchived()
	case d.Earlier:
		return advise("nothing: the day was over before this store was made, at %s; its report is of the system that ran then",
			"无需处理：本系统 %s 才安装，当日报送文件由当时的系统导出", show.Time(d.Since)), true
	case len(d.Obstacles.Open) > 0:
		return adviseObstacle(&d.Obstacles.Open[0]), false
	case !exported:
		return advise("report export --day %s", "导出：report export --day %s", d.Day), false
	case d.Moved > 0 && d.Late > 0:
		return d.adviseMovedBack(), false
	case d.Unaccounted > 0 || d.Moved > 0:
		return d.adviseAgain(), false
	case d.Late > 0:
		return advise("%d records came late: report export --supplement --day %s", "迟到 %d 条，请补报：report export --supplement --day %s", d.Late, d.Day), false
	case d.Provisional > 0:
		return advise("%d records rest on a provisional calendar: replace it by the exchanges' notice, then calendar reassign",
			"%d 条记录依据推定的日历：按交易所通知更换日历，再 calendar reassign", d.Provisional), false
	}
	return d.adviseExported()
}

func adviseObstacle(o *store.Obstacle) advice { return advice{o.String(), chinese.Of(o.String())} }

// elsewhere is an obstacle of records of an archived day that its archives do not have, as of a front that came back with some or has some in
// quarantine; nil without one. That the store lacks the archived ones is no such obstacle.
func (d *DayStatus) elsewhere() *store.Obstacle {
	for i := range d.Obstacles.Open {
		if o := &d.Obstacles.Open[i]; o.Records > 0 && o.Kind != store.RecordsGone {
			return o
		}
	}
	return nil
}

func (d *DayStatus) adviseArchived() (next advice, good bool) {
	switch {
	case d.Late > 0:
		return advise("%[1]d records came after the day was archived, and no report has them: report waive --day %[2]s --reason TEXT, "+
			"then report export --supplement --day %[2]s",
			"归档之后又到了 %[1]d 条记录，不在任何报送文件中：先 report waive --day %[2]s --reason 原因，再 report export --supplement --day %[2]s", d.Late, d.Day), false
	case d.HandedIn != nil && len(d.ToHandIn) > 0: // the supplement of those records
		return d.adviseToHandIn(), true
	case len(d.Archives) > 0 && d.Last == nil:
		return advise("archived: its records are in %s; keep that file. It was never exported here: archive restore first, if it must be",
			"已归档：记录在 %s 中；请保存该文件。本系统从未导出该日：如需导出，请先 archive restore", fileNames(d.Archives)), true
	case len(d.Archives) > 0:
		return advise("archived: its records are in %s; keep that file, and do not export the day again",
			"已归档：记录在 %s 中；请保存该文件，不要重新导出", fileNames(d.Archives)), true
	}
	return advise("archived: its records are in %s of %s and not in the store any more; keep that file, and do not export the day again",
		"已归档：记录在 %[2]s 的 %[1]s 中，库中已没有；请保存该文件，不要重新导出", d.Last.File, show.Time(d.Last.At)), true
}

// adviseAgain is about a report that does not fit the records.
func (d *DayStatus) adviseAgain() advice {
	again := advise("export the day again: report export --day %s", "重新导出：report export --day %s", d.Day)
	if d.HandedIn != nil {
		again = advise("export the day again: report export --day %s --force --reason TEXT, and hand the new file in, since the one before was handed in",
			"原文件已报送，请重新导出并报送新文件：report export --day %s --force --reason 原因", d.Day)
	}
	next := advise("%d records are in no report although they were there when it was made", "%d 条记录导出时已在库中，却不在任何报送文件中：不要改动数据库，通知运维", d.Unaccounted)
	if d.Unaccounted == 0 {
		next = advise("%d lines of the report are records of another day now", "报送文件中有 %d 行的记录已改归其他交易日", d.Moved)
	}
	next.add(again)
	return next
}

// adviseMovedBack is about a report some lines of which were moved to another day, while others came, or the same came back: only the
// report's file tells which, so that the first command here may find that there is nothing to do.
func (d *DayStatus) adviseMovedBack() advice {
	next := advise("%d lines of the report were moved to another day, and %d records came since, or came back",
		"报送文件中有 %d 行曾改归其他交易日，之后又有 %d 条记录到达或归回", d.Moved, d.Late)
	if d.HandedIn == nil {
		next.add(advise("export the day again: report export --day %s", "重新导出：report export --day %s", d.Day))
		return next
	}
	next.add(advise("report export --supplement --day %s writes what the report lacks; "+
		"if that is nothing: report export --day %[1]s, which refuses to replace the file unless it is the same",
		"补报报送文件所缺的记录：report export --supplement --day %s；若没有缺少：report export --day %[1]s，内容不同时会拒绝替换", d.Day))
	return next
}

// adviseExported is about a report to which nothing is to be added.
func (d *DayStatus) adviseExported() (next advice, good bool) {
	if n := len(d.Obstacles.Waived); n > 0 {
		w := &d.Obstacles.Waived[0]
		return advice{
			fmt.Sprintf("INCOMPLETE as far as is known, and waived (%d): %s", n, w),
			fmt.Sprintf("已知不完整，已放行（%d 项）：%s；%s 放行，原因：%s", n, chinese.Of(w.Where+" "+w.What), w.By, w.Reason),
		}, false
	}
	switch h := d.HandedIn; {
	case h == nil:
		return advise("verify, hand in, and note it: report handed-in --day %s", "核验、报送、登记：report handed-in --day %s", d.Day), true
	case len(d.ToHandIn) > 0:
		return d.adviseToHandIn(), true
	case h.Receipt == "":
		return advise("handed in, as noted at %s", "已报送，%s 登记", show.Time(h.At)), true
	default:
		return advise("handed in, as noted at %s, receipt %s", "已报送，%s 登记，回执 %s", show.Time(h.At), h.Receipt), true
	}
}

// adviseToHandIn is about what was exported since the last note: a supplement, or a report that took the place of the one handed in.
func (d *DayStatus) adviseToHandIn() advice {
	names := make([]string, len(d.ToHandIn))
	for i := range d.ToHandIn {
		names[i] = d.ToHandIn[i].File
	}
	return advice{
		fmt.Sprintf("not handed in yet: verify %s, hand in, and note it: report handed-in --day %s", strings.Join(names, " and "), d.Day),
		fmt.Sprintf("尚未报送：核验并报送 %s，再登记：report handed-in --day %s", strings.Join(names, "、"), d.Day),
	}
}
