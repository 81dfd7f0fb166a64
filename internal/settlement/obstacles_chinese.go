package settlement

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/store"
)

// obstacleInChinese is an obstacle with its place and number.
func obstacleInChinese(o *store.Obstacle) string {
	what, next := ObstacleInChinese(o.Kind)
	if o.Records > 0 {
		what = fmt.Sprintf("%s（%d 条）", what, o.Records)
	}
	return o.Where + "：" + what + "；" + next
}

// ObstacleInChinese is a kind of obstacle for who reads Chinese, and what to do.
func ObstacleInChinese(kind store.ObstacleKind) (what, next string) {
	for _, k := range obstacleTexts {
		if k.kind == kind {
			return k.what, k.next
		}
	}
	return "可能缺少记录（" + string(kind) + "）", "运行 tradefront report status，按其提示处理"
}

var obstacleTexts = []struct {
	kind       store.ObstacleKind
	what, next string
}{
	{store.FrontHolds, "前置尚有未送达中心库的记录", "启动该前置并等待积压送完（tradefront front list），再重新运行"},
	{store.FrontQuarantines, "前置有被 PostgreSQL 拒收的隔离记录", "按 tradefront quarantine list 处理隔离记录，再重新运行"},
	{store.FrontCorrupt, "前置有损坏而未恢复的本地库", "在该前置上运行 tradefront local recover，再重新运行"},
	{store.FrontMissing, "前置在窗口结束后没有上报其持有的记录", "启动该前置，或确认其已停用（tradefront front retire），再重新运行"},
	{store.FrontOtherLife, "前置正在使用较旧的本地库副本，较新的一份中有记录", "停止该前置，换回较新的本地库，再重新运行"},
	{store.FrontUnknown, "前置已配置或在记录中出现，但从未上报", "在其主机上运行 tradefront front status，检查其数据库权限"},
	{store.FrontClock, "前置与 PostgreSQL 的时钟不一致，登入时间有误", "校正时钟（NTP），并通知运维"},
	{store.NoTradingDay, "有记录落在非交易日", "更换交易日历后运行 tradefront calendar reassign"},
	{store.OutsideWindow, "有记录的登入时间不在其交易日窗口内", "更换交易日历后运行 tradefront calendar reassign"},
	{store.RecordsGone, "已上报的记录在库中不见了", "不要改动数据库，通知运维：可能恢复到了较早的时间点"},
	{store.RowsMissing, "库中的记录少于前置送达的记录", "不要改动数据库，通知运维；用 tradefront reconcile 查出是哪些登入"},
	{store.FewerRecords, "新报文的记录少于原有文件", "查明其余记录在哪里：tradefront report status"},
	{store.ReportHandedIn, "原有文件已经报送", "迟到的记录写入补充文件：tradefront report export --supplement"},
}
