package daily

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

func reason(whyChinese, why, nextChinese, next string) Reason {
	return Reason{Text{whyChinese, why}, Text{nextChinese, next}}
}

// fails adds why a step could not be made; of the obstacles of a report each is one.
func (s *Step) fails(err error) {
	if o, is := errors.AsType[*settlement.ObstaclesError](err); is && len(o.Open) > 0 {
		for i := range o.Open {
			s.against(obstacle(&o.Open[i]))
		}
		return
	}
	if r, is := errors.AsType[*settlement.ReplaceError](err); is && len(r.Obstacles) > 0 {
		for i := range r.Obstacles {
			s.against(obstacle(&r.Obstacles[i]))
		}
		return
	}
	if f, is := errors.AsType[*settlement.ForeignFileError](err); is {
		s.against(otherFile(f.Path))
		return
	}
	s.against(reason("此步骤无法完成："+err.Error(), "this step could not be made: "+err.Error(),
		"排除上述原因后重新运行 tradefront report day", "remove the cause, then run tradefront report day again"))
}

func openWindow(d *settlement.DayStatus) Reason {
	at := show.Time(d.End)
	return reason("交易日尚未结束，仍可能有登录", "the day is not over: logins of it may still come",
		"请在 "+at+" 之后重新运行", "run it again after "+at)
}

func archived(d *settlement.DayStatus) Reason {
	const zh, en = "当日记录已归档，不在库中", "the day's records are archived and not in the store any more"
	if d.Last == nil {
		return reason(zh+"，且从未导出", en+", and the day was never exported",
			"先取回当日记录（tradefront archive restore 归档文件），再重新运行", "bring the day back (tradefront archive restore FILE), then run this again")
	}
	return reason(zh, en, "保留原报送文件 "+d.Last.File+"，不要重新导出", "keep "+d.Last.File+", and do not export the day again")
}

func beforeInstallation(d *settlement.DayStatus) Reason {
	at := show.Time(d.Since)
	return reason("本系统 "+at+" 才安装，当日在此之前，库中没有当日记录", "the day was over before this store was made, at "+at+", and the store has no record of it",
		"当日报送文件应由当时的系统导出；若本系统当时已在运行，请确认 --config 指向的库正确",
		"its report comes from the system that ran then; if this one did, make sure that --config names the right store")
}

func noFile(path string) Reason {
	return reason("账本中的导出文件不在："+path, "the ledger's export is not there: "+path,
		"用 --out 指明报送文件所在的文件夹；若已丢失：尚未报送则用 tradefront report export 重新导出，已报送则从备份取回",
		"name the folder of the report with --out; if it is lost, export it again with tradefront report export, or, once handed in, take it from the backup")
}

func nothingProven() Reason {
	return reason("库中没有当日记录，所给审计日志也没有覆盖当日：什么都没有得到证明", "the store has no record of the day, and no audit log given covers it: nothing is proven",
		"确认 --config 指向的库正确，用 --audit 列出各前置覆盖当日的审计日志",
		"make sure that --config names the right store, and name the audit logs of all fronts that cover the day with --audit")
}

func otherFile(path string) Reason {
	return reason("文件不是本系统导出的内容（被编辑、合并或来自别处）："+path, "the file is not what was exported (edited, merged, or from elsewhere): "+path,
		"把该文件移走，重新运行；报送文件不可编辑", "move it away and run this again; a report is never edited")
}

func notGood(r *verify.Report) Reason {
	return reason(r.Verdict.Chinese, r.Verdict.English,
		"补齐缺失的记录后重新运行；若已决定按不完整报送，请由负责人批准并留存清单文件",
		"bring in what is missing and run this again; to hand it in all the same is a decision of the person in charge, who keeps the manifest")
}

func finding(path string, f *verify.Finding) Reason {
	name := filepath.Base(path)
	return reason(fmt.Sprintf("%s：%s（%d）", name, f.Chinese, f.Count), fmt.Sprintf("%s: %s (%d)", name, f.English, f.Count), f.AdviceZH, f.Advice)
}

func difference(d *reconcile.Differences) Reason {
	kinds := reconcile.Kinds()
	k := kinds[slices.IndexFunc(kinds, func(k reconcile.KindFacts) bool { return k.Kind == d.Kind })]
	return reason(fmt.Sprintf("%s（%d）", k.WhatChinese, d.Total), fmt.Sprintf("%s (%d)", k.What, d.Total), k.DoChinese, k.Do)
}

// unfinished is why a day's status is not good after the export.
func unfinished(d *settlement.DayStatus) (all []Reason) {
	for i := range d.Obstacles.Open {
		all = append(all, obstacle(&d.Obstacles.Open[i]))
	}
	for i := range d.Obstacles.Waived {
		w := &d.Obstacles.Waived[i]
		all = append(all, reason(fmt.Sprintf("已知不完整，%s 已放行：%s", w.By, chinese.Of(w.Where+" "+w.What)),
			"incomplete as far as is known, and waived: "+w.String(),
			"补齐记录后重新运行；若已决定按不完整报送，请由负责人批准并留存清单文件",
			"bring in what is missing and run this again; to hand it in all the same is a decision of the person in charge, who keeps the manifest"))
	}
	if d.Late > 0 && d.Moved == 0 {
		all = append(all, reason(fmt.Sprintf("导出之后又到了 %d 条记录", d.Late), fmt.Sprintf("%d records came after the export", d.Late),
			"重新运行 tradefront report day", "run tradefront report day again"))
	}
	if len(all) == 0 {
		all = append(all, reason("当日状态不正常："+d.NextChinese, "the day's status is not good: "+d.Next,
			"按上述提示处理（tradefront report status --day "+d.Day.String()+"），然后重新运行", "do what it says, then run this again"))
	}
	return all
}

func obstacle(o *store.Obstacle) Reason {
	what := o.Where + " " + o.What
	return reason(chinese.Of(what), what, chinese.Of(o.Next), o.Next)
}
