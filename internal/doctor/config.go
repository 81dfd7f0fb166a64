package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

func checkConfiguration(_ context.Context, s *Site, f *findings) {
	if ignored := config.Ignored(s.Environ); ignored != "" {
		f.warn(say("%s", "%s", ignored)).Next = say("take those variables out of the environment", "从环境中去掉这些变量")
	}
	if s.Err != nil {
		f.fault("", s.Err)
		return
	}
	f.pass("%s is without fault: listeners %d, keys %d, store %s", "%s 没有错误：监听地址 %d 个，公钥 %d 个，存储方式 %s",
		s.Path, len(s.Config.Front.Listeners), len(s.Config.Keys), s.Config.Store.Driver)
}

// ofOpenFiles is the key of the one fault of assemble.LoadAssets that is about no file: the line open_files has it.
const ofOpenFiles = "limits.connections"

func checkFiles(_ context.Context, s *Site, f *findings) {
	if s.Config == nil {
		f.skip("the configuration cannot be read", "无法读取配置")
		return
	}
	_, err := s.assets.get()
	var faults config.Faults
	if err != nil && !errors.As(err, &faults) {
		f.fault("", err)
		return
	}
	for _, fault := range faults {
		if fault.Key != ofOpenFiles {
			f.fault("", config.Faults{fault})
		}
	}
	if len(f.all) == 0 {
		f.pass("every file that the configuration names can be read, and is what it should be", "配置中的文件都可以读取，内容也正确")
	}
}

// checkModes looks at what the front writes: config judges the secrets that it reads.
func checkModes(_ context.Context, s *Site, f *findings) {
	store := localfile.RealPath(s.Config.Store.Path)
	for _, file := range []struct{ key, path string }{
		{"store.path", store}, {"store.path", store + "-wal"}, {"audit_log", s.Config.AuditLog}, {"auth.master_key_file", s.Config.Auth.MasterKeyFile.Path},
	} {
		info, err := os.Stat(file.path)
		if file.path == "" || err != nil {
			continue // it is made by the first start, or the line files has it
		}
		if mode := info.Mode().Perm(); mode&0o007 != 0 {
			finding := f.trouble(say("mode %04o of %s lets all users in", "%[2]s 的权限 %04[1]o 允许所有用户访问", mode, file.path))
			finding.Key = file.key
			finding.Next = foreign(files.ModeAdvice(file.path, "chmod o="))
		}
	}
	checkFolders(s.Config, f)
	if len(f.all) == 0 {
		f.pass("the files of the front let only its user and group in", "前置的文件只允许其用户和组访问")
	}
}

// checkFolders: who may write into a folder can put another file in the place of the store.
func checkFolders(cfg *config.Config, f *findings) {
	seen := make(map[string]bool)
	for _, file := range []struct{ key, path string }{{"store.path", cfg.Store.Path}, {"audit_log", cfg.AuditLog}} {
		dir := filepath.Dir(file.path)
		if file.path == "" || seen[dir] {
			continue
		}
		seen[dir] = true
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&os.ModeSticky != 0 || info.Mode().Perm()&0o002 == 0 {
			continue
		}
		finding := f.trouble(say("every user may put files into the folder %s", "所有用户都可以向目录 %s 写入文件", dir))
		finding.Key, finding.Next = file.key, say("chmod o-w %s", "执行 chmod o-w %s", dir)
	}
}

func checkKeys(_ context.Context, s *Site, f *findings) {
	assets, _ := s.assets.get() // its faults are the line files
	if assets.Keys == nil {
		f.skip("the key files have faults, see the line files", "公钥文件有错误，见 files 一行")
		return
	}
	now := s.Now()
	newest := assets.Keys.Newest(now)
	for _, w := range assets.Keys.Warnings(now) {
		if newest == nil && w.Subject == "" {
			f.trouble(foreign(w.Text))
			continue
		}
		f.warn(foreign(w.Text))
	}
	if len(f.all) == 0 {
		f.pass("newest valid key is version %s; none ends within 60 days", "最新的有效公钥版本为 %s；60 天内没有公钥到期", newest.Version)
	}
}

func checkCalendar(_ context.Context, s *Site, f *findings) {
	assets, _ := s.assets.get()
	if assets.Calendar == nil {
		f.skip("the calendar has faults, see the line files", "交易日历有错误，见 files 一行")
		return
	}
	for _, w := range assets.Calendar.Warnings(s.Now()) {
		f.trouble(foreign(w)).Key = "calendar_file"
	}
	if len(f.all) == 0 {
		f.pass("trading days are known to %s", "交易日历覆盖到 %s", assets.Calendar.Horizon())
	}
}

func checkExposure(_ context.Context, s *Site, f *findings) {
	f.remarks(assemble.Overheard(s.Config))
	if len(f.all) == 0 {
		f.pass("no page without a password and no connection without encryption leaves this machine", "没有不设密码的页面或不加密的连接离开本机")
	}
}

// checkProxy looks at what load balancers see of the front, and what the front sees through them. Whom it trusts is judged with the
// configuration.
func checkProxy(_ context.Context, s *Site, f *findings) {
	behind := slices.ContainsFunc(s.Config.Front.Listeners, func(l config.Listener) bool { return l.FromProxy() })
	if !behind {
		f.pass("no listener is behind a load balancer (client_address: proxy)", "没有监听地址在负载均衡器之后（client_address: proxy）")
		return
	}
	if !s.Config.Admin.HealthAddress.Given() {
		f.trouble(say("load balancers cannot ask whether this front is ready: admin.health_address is not set",
			"负载均衡器无法查询本前置是否就绪：未设置 admin.health_address")).Key = "admin.health_address"
	}
	s.proxyAsSeen(f)
	if len(f.all) == 0 {
		f.pass("listeners behind load balancers trust named networks, and balancers have a page to ask", "负载均衡器之后的监听地址只信任指定网络，并提供了健康检查页面")
	}
}

// proxyAsSeen adds what the running front saw of its customers' addresses.
func (s *Site) proxyAsSeen(f *findings) {
	if why, lacking := s.lacks(runningFront); lacking {
		f.add(Skip, Text{
			EN: "what the front sees of its customers' addresses is not known: " + why.EN, ZH: "不知道前置看到的客户地址：" + why.ZH,
		})
		return
	}
	status, _ := s.front.get()
	for _, r := range status.Reasons {
		if r.Name == "client_addresses" && !r.Ready {
			f.trouble(foreign(r.Reason))
		}
	}
}
