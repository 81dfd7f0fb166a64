package doctor

import (
	"context"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/ops"
)

// frontStatus is what of the page /status is looked at.
type frontStatus struct {
	FrontID int32        `json:"front_id"`
	Version string       `json:"version"`
	State   string       `json:"state"`
	Ready   bool         `json:"ready"`
	Reasons []ops.Reason `json:"reasons"`
}

func (s *Site) frontAddress() string {
	switch {
	case s.Front != "":
		return s.Front
	case s.Config != nil && s.Config.Admin.Address.Given():
		return s.Config.Admin.Address.String()
	}
	return ""
}

func (s *Site) askFront(ctx context.Context) (*frontStatus, error) {
	var access ops.Access
	if s.Config != nil {
		var err error
		if access, err = assemble.AdminAccess(&s.Config.Admin); err != nil {
			return nil, err
		}
	}
	status := new(frontStatus)
	return status, access.Ask(ctx, s.frontAddress(), "/status", status)
}

// checkFront: a front that runs should answer.
func checkFront(_ context.Context, s *Site, f *findings) {
	address := s.frontAddress()
	if s.Alone || address == "" {
		why, _ := s.lacks(runningFront)
		f.add(Skip, why)
		return
	}
	status, err := s.front.get()
	switch {
	case err == nil && !s.runs && s.Front == "":
		finding := f.warn(say("front %d answers at %s, and no front runs on %s: it is that of another configuration, or of another user",
			"前置 %d 在 %s 应答，但没有前置在使用 %s：它属于另一份配置或另一个用户", status.FrontID, address, s.Config.Store.Path))
		finding.Key = "admin.address"
		finding.Next = say("give each front an admin.address and a store.path of its own; run this as the front's user",
			"为每个前置设置各自的 admin.address 和 store.path；以前置的用户运行本命令")
	case err == nil:
		f.pass("front %[1]d, tradefront %[2]s, answers at %[3]s and is %[4]s", "前置 %[1]d（tradefront %[2]s）在 %[3]s 应答，状态：%[5]s",
			status.FrontID, status.Version, address, status.State, chinese.Word("state", status.State))
	case s.runs || s.Front != "":
		f.trouble(say("the front does not answer at %s: %s", "前置在 %s 没有应答：%s", address, oneLine(err))).Key = "admin.address"
	default:
		f.skip("no front runs on %s", "没有前置在使用 %s", s.Config.Store.Path)
	}
}

// checkReadiness has a line for each check of the front that fails.
func checkReadiness(_ context.Context, s *Site, f *findings) {
	status, err := s.front.get()
	if err != nil {
		f.fault("admin.address", err)
		return
	}
	for _, r := range status.Reasons {
		switch {
		case r.Ready:
		case r.Severity == ops.Required:
			f.trouble(say("%s: %s", "%s：%s", r.Name, r.Reason))
		default:
			f.warn(say("%s: %s", "%s：%s", r.Name, r.Reason))
		}
	}
	if len(f.all) == 0 {
		f.pass("all %d checks of the front pass", "前置的 %d 项检查全部通过", len(status.Reasons))
	}
}
