package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/show"
)

// maxSystemText bounds a small file of the system, as those of /proc.
const maxSystemText = 64 << 10

func systemText(path string) (string, error) {
	text, err := files.Read(path, maxSystemText)
	return strings.TrimSpace(string(text)), err
}

// synchronizedBelow is the kernel's bound of the clock's error from which on the clock counts as not synchronized, as for
// timedatectl.
const synchronizedBelow = 16 * time.Second

func checkNTP(_ context.Context, _ *Site, f *findings) {
	state, err := readClock()
	if err != nil {
		f.skip("the kernel does not tell whether its clock is synchronized: %s", "无法得知内核时钟是否已同步：%s", oneLine(err))
		return
	}
	judgeClock(f, state)
}

// clockState is what the kernel knows of its clock.
type clockState struct {
	synchronized bool
	maxError     time.Duration
}

func judgeClock(f *findings, state clockState) {
	if !state.synchronized || state.maxError >= synchronizedBelow {
		f.trouble(say("the clock of this machine is not synchronized (error up to %v)", "本机时钟没有同步（误差可达 %v）", state.maxError))
		return
	}
	f.pass("the clock is synchronized, its error is at most %v", "时钟已同步，误差不超过 %v", state.maxError)
}

// fewFiles is a limit of open files with which a front takes so few connections that it is a default rather than a decision.
const fewFiles = 4096

func checkOpenFiles(_ context.Context, s *Site, f *findings) {
	if s.runs && s.pid != 0 {
		s.frontFiles(f)
		return
	}
	if s.Config == nil {
		f.skip("the configuration cannot be read", "无法读取配置")
		return
	}
	assets, err := s.assets.get()
	var faults config.Faults
	if errors.As(err, &faults) {
		if fault, is := faultOf(faults, ofOpenFiles); is {
			f.fault("", config.Faults{fault})
			return
		}
	}
	text := say("this user's limit of open files leaves %d connections; the unit of a service has its own (LimitNOFILE=)",
		"当前用户的打开文件数上限可容纳 %d 个连接；服务单元有自己的上限（LimitNOFILE=）", assets.MaxConnections)
	if assets.MaxConnections < fewFiles {
		f.warn(text)
		return
	}
	f.add(Pass, text)
}

// frontFiles looks at the limit of the front that runs.
func (s *Site) frontFiles(f *findings) {
	text, err := systemText(fmt.Sprintf("/proc/%d/limits", s.pid))
	if err != nil {
		f.skip("the limits of the running front cannot be read: %s", "无法读取正在运行的前置的资源上限：%s", oneLine(err))
		return
	}
	for line := range strings.Lines(text) {
		rest, is := strings.CutPrefix(line, "Max open files")
		if !is {
			continue
		}
		soft, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		limit, err := strconv.Atoi(soft)
		switch text := say("the running front may open %s files", "正在运行的前置可打开 %s 个文件", soft); {
		case err == nil && limit < fewFiles:
			f.warn(text)
		default:
			f.add(Pass, text)
		}
		return
	}
}

// Where Linux says how it makes huge pages.
const (
	hugePagesFile = "/sys/kernel/mm/transparent_hugepage/enabled"
	hugeFillFile  = "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"
)

func checkHugePages(_ context.Context, _ *Site, f *findings) {
	enabled, err := systemText(hugePagesFile)
	if err != nil {
		f.skip("the system does not tell of huge pages: %s", "系统没有提供大页信息：%s", oneLine(err))
		return
	}
	fill, err := systemText(hugeFillFile)
	if err != nil {
		fill = "?"
	}
	judgeHugePages(f, enabled, fill)
}

// judgeHugePages: with always and a fill above 0 the kernel makes huge pages of memory that the front had given back, and a front
// of many connections grows by it without an end in sight.
func judgeHugePages(f *findings, enabled, fill string) {
	if strings.Contains(enabled, "[always]") && fill != "0" {
		f.trouble(say("transparent huge pages are always made (max_ptes_none %s): memory that the front gave back is taken again",
			"透明大页为 always（max_ptes_none %s）：前置已归还的内存会被重新占用", fill))
		return
	}
	f.pass("transparent huge pages: %s", "透明大页：%s", enabled)
}

func checkSwap(_ context.Context, s *Site, f *findings) {
	text, err := systemText("/proc/swaps")
	if err != nil {
		f.skip("the system does not tell of its swap: %s", "系统没有提供交换分区信息：%s", oneLine(err))
		return
	}
	swapped := int64(0)
	if s.runs && s.pid != 0 {
		status, err := systemText(fmt.Sprintf("/proc/%d/status", s.pid))
		if err != nil {
			f.skip("the memory of the running front cannot be read: %s", "无法读取正在运行的前置的内存：%s", oneLine(err))
			return
		}
		swapped = swappedOut(status)
	}
	judgeSwap(f, text, swapped)
}

// swappedOut are the bytes of VmSwap of /proc/PID/status.
func swappedOut(status string) int64 {
	for line := range strings.Lines(status) {
		if rest, is := strings.CutPrefix(line, "VmSwap:"); is {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// judgeSwap: a page that comes back from a disk holds up an event loop, and passwords pass through the memory.
func judgeSwap(f *findings, swaps string, swapped int64) {
	devices := strings.Count(swaps, "\n") // below the heading
	switch {
	case swapped > 0:
		f.trouble(say("%s of the running front are on a disk: logins wait for them, and passwords may be among them",
			"正在运行的前置有 %s 内存在磁盘上：登录要等待读回，其中可能有密码", show.Size(swapped)))
	case devices > 0:
		f.trouble(say("this machine swaps (%d areas): a front that is swapped out delays logins, and passwords may get onto the disk",
			"本机启用了交换分区（%d 个）：被换出的前置会拖慢登录，密码也可能写到磁盘上", devices))
	default:
		f.pass("this machine does not swap", "本机没有启用交换分区")
	}
}
