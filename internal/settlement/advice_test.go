package settlement

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// figures are what both languages must have: days, numbers, flags, file names.
var figures = regexp.MustCompile(`\d[\d:]*|--[a-z-]+|(?:report|calendar) [a-z-]+ --|calendar reassign`)

// TestAdviceInBothLanguages: what is to be done about a day is the same in Chinese, with the same numbers and commands.
func TestAdviceInBothLanguages(t *testing.T) {
	t.Parallel()
	cal, err := calendar.Parse(configs.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 5, 7, 30, 0, 0, time.UTC)
	handed := &store.HandedIn{At: at, Receipt: "R-77"}
	closed := Obstacles{Open: []store.Obstacle{{Kind: store.FrontHolds, Where: "front 2 (host b)", What: "holds 31 records of the day", Records: 31, Next: "start it"}}}
	waived := Obstacles{Waived: []reportfile.Waived{{Obstacle: store.Obstacle{Kind: store.FrontHolds, Where: "front 2 (host b)", What: "holds 31 records of the day"}, By: "wang"}}}
	for chinese, d := range map[string]DayStatus{
		"等待：时段":                 {},
		"尚不确定的日历":               {Closed: true, Provisional: 12, Start: at},
		"归档之后又到了":               {Closed: true, Archived: true, Late: 4},
		"已归档：记录在 a.zip":         {Closed: true, Archived: true, Archives: []store.Archive{{File: "a.zip"}}},
		"尚未报送：核验并报送 s-1.txt":    {Closed: true, Archived: true, Archives: []store.Archive{{File: "a.zip"}}, HandedIn: handed, ToHandIn: []store.Export{{File: "s-1.txt"}}},
		"库中已没有":                 {Closed: true, Archived: true, Last: &store.Export{File: "f.txt", At: at}},
		"前置 2（主机 b）持有当日记录 31 条": {Closed: true, Obstacles: closed},
		"导出：report export":      {Closed: true},
		"不要改动数据库，通知运维；重新导出":     {Closed: true, Unaccounted: 7},
		"已改归其他交易日；原文件已报送":       {Closed: true, Moved: 8, HandedIn: handed},
		"曾改归其他交易日，之后又有 9 条记录到达或归回；重新导出":          {Closed: true, Moved: 8, Late: 9},
		"补报报送文件所缺的记录":                            {Closed: true, Moved: 8, Late: 8, HandedIn: handed},
		"迟到 9 条，请补报":                             {Closed: true, Late: 9, Reported: 1},
		"已放行（1 项）：前置 2（主机 b）持有当日记录 31 条；wang 放行": {Closed: true, Obstacles: waived, Reported: 1},
		"核验、报送、登记":                               {Closed: true, Reported: 1},
		"回执 R-77":                                {Closed: true, Reported: 1, HandedIn: handed},
		"尚未报送：核验并报送 a-1.txt、a-2.txt，再登记":         {Closed: true, Reported: 1, HandedIn: handed, ToHandIn: []store.Export{{File: "a-1.txt"}, {File: "a-2.txt"}}},
	} {
		d.Day, d.End = 20260105, at
		exported := d.Reported+d.Unaccounted+d.Moved > 0
		next, _ := d.nextStep(cal, exported)
		if !strings.Contains(next.chinese, chinese) || !strings.ContainsFunc(next.chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%q: %q, in English %q", chinese, next.chinese, next.english)
		}
		for _, figure := range figures.FindAllString(next.english, -1) {
			if !strings.Contains(next.chinese, figure) {
				t.Errorf("%q lacks %q of %q", next.chinese, figure, next.english)
			}
		}
	}
	d := DayStatus{Day: 20260103, Records: 3, Last: &store.Export{}}
	if next := d.adviseClosed(&calendar.NotTradingDayError{Day: 20260103, Next: 20260105}); !strings.Contains(next.chinese, "20260103 不是交易日，其登录归 20260105") ||
		!strings.Contains(next.chinese, "该日有 3 条记录") {
		t.Errorf("%+v", next)
	}
	if next := adviseRestored(&store.AheadError{Day: 20260105}); !strings.Contains(next.chinese, "20260105") {
		t.Errorf("%+v", next)
	}
}
