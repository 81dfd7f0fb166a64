package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/repair"
)

// Site is what is looked at. Config is what could be read of it and Err is why that is not all; both as config.Load
// returned them.
type Site struct {
	Path    string // of the configuration
	Config  *config.Config
	Err     error
	Environ []string
	Now     func() time.Time
	// Front is where to ask the running front, as host:port; "" for admin.address.
	Front string
	// Alone leaves out what only a running front knows.
	Alone bool

	pid    int  // of the front that runs on the local store; 0 if it is not known
	runs   bool // there is one
	assets lazy[*assemble.Assets]
	pg     lazy[*postgres.Store]
	sound  lazy[bool] // that the local store was read whole
	local  lazy[*journal.Journal]
	front  lazy[*frontStatus]
}

// lazy is made by the first check that wants it, and shared.
type lazy[T any] struct {
	once  sync.Once
	made  func() (T, error)
	value T
	err   error
}

func (l *lazy[T]) get() (T, error) {
	l.once.Do(func() { l.value, l.err = l.made() })
	return l.value, l.err
}

// open prepares what checks share; nothing is opened yet.
func (s *Site) open(ctx context.Context) {
	if s.Config != nil {
		s.pid, s.runs = assemble.FrontPID(s.Config.Store.Path)
	}
	s.assets.made = func() (*assemble.Assets, error) { return assemble.LoadAssets(s.Config) }
	s.pg.made = func() (*postgres.Store, error) { return assemble.DialPostgres(ctx, s.Config) }
	s.sound.made = func() (whole bool, err error) { return repair.Check(ctx, s.Config.Store.Path) }
	s.local.made = func() (*journal.Journal, error) { return s.openLocal(ctx) }
	s.front.made = func() (*frontStatus, error) { return s.askFront(ctx) }
}

// openLocal comes after the check of the local store: that one must be alone with its files, and what it finds damaged is not opened. Nor is
// a store of another version: to open it would migrate it.
func (s *Site) openLocal(ctx context.Context) (*journal.Journal, error) {
	if _, err := os.Stat(s.Config.Store.Path); err != nil {
		return nil, err
	}
	if !s.runs {
		if _, err := s.sound.get(); err != nil {
			return nil, errUnsound
		}
	}
	if err := localfile.SameSchema(ctx, s.Config.Store.Path); err != nil {
		return nil, err
	}
	return assemble.OpenLocal(ctx, s.Config)
}

// unopened is why the local store was left alone; known is false of any other error.
func (s *Site) unopened(err error) (why Text, known bool) {
	other, is := errors.AsType[*store.SchemaError](err)
	switch {
	case absent(err):
		return say("the local store is not there yet", "本地库尚不存在"), true
	case is && s.runs:
		return say("the local store has the schema of the running front's version (%d, this program has %d), and is left alone",
			"本地库的表结构属于正在运行的前置的版本（%d，本程序为 %d），未打开", other.Current, other.Wanted), true
	case is && other.Current < other.Wanted:
		return say("the local store has the schema of an older version (%d, this program has %d), which the front's start brings up to date",
			"本地库的表结构是旧版本的（%d，本程序为 %d），前置启动时升级", other.Current, other.Wanted), true
	}
	return why, false
}

var errUnsound = errors.New("it cannot be used, see the line local_store")

// close ends what was opened. No check runs any more.
func (s *Site) close() {
	if s.pg.value != nil {
		_ = s.pg.value.Close() // it was only read
	}
	if s.local.value != nil {
		_ = s.local.value.Close() // likewise
	}
}

// onPostgres reports whether records go to PostgreSQL.
func (s *Site) onPostgres() bool {
	return s.Config != nil && s.Config.Store.Driver == assemble.DriverPostgres
}

// lacks is why a check of that subject cannot be made.
func (s *Site) lacks(of subject) (why Text, lacking bool) {
	if of == machine {
		return why, false
	}
	if s.Config == nil || s.Err != nil {
		return say("the configuration has faults", "配置有错误"), true
	}
	switch of {
	case postgresServer:
		if _, err := s.pg.get(); err != nil {
			return say("PostgreSQL cannot be used, see the line postgres", "无法使用 PostgreSQL，见 postgres 一行"), true
		}
	case runningFront:
		switch {
		case s.frontAddress() == "":
			return say("admin.address is not set", "未设置 admin.address"), true
		case s.Alone:
			return say("the running front was not asked", "没有询问正在运行的前置"), true
		}
		if _, err := s.front.get(); err != nil {
			return say("no front answers at %s", "%s 没有前置应答", s.frontAddress()), true
		}
	}
	return why, false
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
