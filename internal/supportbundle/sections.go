package supportbundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/doctor"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/ops"
)

// sectionPatience bounds one section; doctor has its own bound below it.
const sectionPatience = 30 * time.Second

// The largest sizes of what a front answers, and of a log that is given.
const (
	maxPage    = 4 << 20
	maxMetrics = 16 << 20
	maxTrace   = 32 << 20
	maxLog     = 4 << 20
)

// about says in both languages what a file is.
type about struct{ en, zh string }

// form is how a section is redacted.
type form int

const (
	plainText form = iota // every address, host and account that is found in it
	redacted              // it was redacted by its parts
	binary                // it has nothing of a customer, and is only searched for secrets
)

// section is one file of the bundle.
type section struct {
	name    string
	form    form
	about   about
	produce func(ctx context.Context, c *collector) ([]byte, error)
}

func sections() []section {
	return []section{
		{"version.json", plainText, about{"versions of this program and of the running front", "本程序和正在运行的前置的版本"}, version},
		{"machine.txt", plainText, about{"kernel, processors, memory, load", "内核、处理器、内存、负载"}, machine},
		{"configuration.txt", plainText, about{"the configuration in force, without secrets", "生效的配置，不含机密"}, configuration},
		{"doctor.txt", plainText, about{"tradefront doctor", "tradefront doctor 的输出"}, diagnosis},
		{"readyz.json", plainText, about{"the front's readiness and its reasons", "前置的就绪状态及原因"}, page("/readyz", maxPage, false)},
		{"status.json", plainText, about{"connections, refusals and penalties of the front", "前置的连接、拒绝和处罚情况"}, page("/status", maxPage, false)},
		{"metrics.txt", plainText, about{"the front's metrics", "前置的监控指标"}, page("/metrics", maxMetrics, false)},
		{"goroutines.txt", plainText, about{"what the front's goroutines do, counted by place", "前置的 goroutine 按位置统计"}, page("/support/goroutines", maxPage, true)},
		{
			"heap.pprof", binary,
			about{"which places of the program hold memory, stacks and sizes alone; read it with go tool pprof", "程序各处占用的内存，只有调用栈和大小，用 go tool pprof 查看"},
			page("/support/heap", maxPage, true),
		},
		{
			"trace.out", binary,
			about{"an execution trace of 3 seconds; read it with go tool trace", "3 秒的执行跟踪，用 go tool trace 查看"},
			page("/support/trace", maxTrace, true),
		},
		{"log.txt", plainText, about{"the last lines of the application log", "应用日志的最后若干行"}, applicationLog},
		{"audit.jsonl", redacted, about{"the last events of the audit log, without accounts and addresses", "审计日志的最后若干条事件，不含账户和地址"}, audit},
	}
}

// collector is what sections share.
type collector struct {
	*Options
	red *redactor
}

func newCollector(o *Options) *collector {
	c := &collector{o, newRedactor()}
	if name, err := os.Hostname(); err == nil {
		c.red.addHost(name)
	}
	if o.Config != nil {
		c.know(o.Config)
	}
	return c
}

// know makes the hosts and secrets of a configuration ones that are replaced.
func (c *collector) know(cfg *config.Config) {
	for _, l := range cfg.Addresses() {
		c.red.addHost(l.Address.Host)
	}
	for _, e := range cfg.Core.Link.Endpoints {
		c.red.addHost(e.TCP.Host)
	}
	c.red.addHost(cfg.Core.Link.ServerName)
	for i := range cfg.Keys {
		c.red.versions[cfg.Keys[i].Version] = true
	}
	if access, err := assemble.AdminAccess(&cfg.Admin); err == nil && access.Login != nil {
		password, _ := access.Login.Password()
		c.red.addSecrets([]string{password})
	}
	if cfg.Store.Driver != assemble.DriverPostgres {
		return
	}
	database, err := cfg.Store.PostgresURL()
	if err != nil {
		return
	}
	for _, h := range database.Hosts {
		c.red.addHost(h.Name)
	}
	c.red.addSecrets(database.Secrets())
}

// admin is where and how the running front is asked.
func (c *collector) admin() (address string, access ops.Access, err error) {
	if c.Config != nil {
		if access, err = assemble.AdminAccess(&c.Config.Admin); err != nil {
			return "", access, err
		}
	}
	switch {
	case c.Front != "":
		return c.Front, access, nil
	case c.Config == nil:
		return "", access, errNoConfiguration
	case !c.Config.Admin.Address.Given():
		return "", access, errors.New("admin.address is not set, so the front cannot be asked")
	}
	return c.Config.Admin.Address.String(), access, nil
}

var errNoConfiguration = errors.New("the configuration cannot be read")

// page asks the running front.
func page(name string, most int64, post bool) func(context.Context, *collector) ([]byte, error) {
	return func(ctx context.Context, c *collector) ([]byte, error) {
		address, access, err := c.admin()
		if err != nil {
			return nil, err
		}
		body, err := access.Fetch(ctx, address, name, post, most)
		if name == "/readyz" && len(body) > 0 {
			return body, nil // it answers 503 with its reasons
		}
		if failed, is := errors.AsType[*url.Error](err); is {
			err = failed.Err // it names the address once more
		}
		if err != nil {
			return nil, fmt.Errorf("the front at %s: %w", address, err)
		}
		return body, nil
	}
}

func version(ctx context.Context, c *collector) ([]byte, error) {
	v := struct {
		Command ops.Build `json:"command"`
		Front   string    `json:"front"`
	}{Command: c.Build}
	var status struct{ Version string }
	if address, access, err := c.admin(); err != nil {
		v.Front = err.Error()
	} else if err := access.Ask(ctx, address, "/status", &status); err != nil {
		v.Front = "does not answer: " + err.Error()
	} else {
		v.Front = status.Version
	}
	return json.MarshalIndent(v, "", "  ")
}

const maxSystemText = 64 << 10

func machine(context.Context, *collector) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s, %d processors\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		fmt.Fprintf(&b, "kernel %s %s\n", unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Version[:]))
	}
	for _, path := range []string{"/proc/loadavg", "/proc/meminfo", "/proc/sys/net/core/somaxconn", "/proc/sys/net/ipv4/ip_local_port_range"} {
		if text, err := files.Read(path, maxSystemText); err == nil {
			fmt.Fprintf(&b, "\n%s\n%s", path, text)
		}
	}
	return b.Bytes(), nil
}

func configuration(_ context.Context, c *collector) ([]byte, error) {
	var b bytes.Buffer
	if c.Err != nil {
		fmt.Fprintf(&b, "# %s\n", strings.ReplaceAll(c.Err.Error(), "\n", "\n# "))
	}
	if c.Config == nil {
		return b.Bytes(), nil
	}
	err := c.Config.WriteInForce(&b)
	return b.Bytes(), err
}

func diagnosis(ctx context.Context, c *collector) ([]byte, error) {
	report := doctor.Run(ctx, &doctor.Site{Path: c.Path, Config: c.Config, Err: c.Err, Environ: c.Environ, Now: c.Now, Front: c.Front})
	var b bytes.Buffer
	for _, language := range doctor.Languages() {
		report.In(language).Text(&b)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

func applicationLog(ctx context.Context, c *collector) ([]byte, error) {
	if c.Log != "" {
		return tailOf(c.Log, maxLog)
	}
	body, err := page("/support/log", maxLog, true)(ctx, c)
	if err != nil {
		err = fmt.Errorf("%w; give it with --log FILE, as: journalctl -u tradefront -o cat -n 5000 > FILE", err)
	}
	return body, err
}

func audit(_ context.Context, c *collector) ([]byte, error) {
	switch {
	case c.Config == nil:
		return nil, errNoConfiguration
	case c.Config.AuditLog == "":
		return nil, errors.New("audit_log is empty: the events go to standard error")
	}
	return c.red.auditEvents(c.Config.AuditLog)
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
