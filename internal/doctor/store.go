package doctor

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// checkLocalStore checks the local store as a start does.
func checkLocalStore(_ context.Context, s *Site, f *findings) {
	path := s.Config.Store.Path
	switch _, err := os.Stat(path); {
	case s.runs && absent(err):
		f.trouble(say("%s is not there, but a front runs on it", "%s 不存在，但有前置正在使用它", path)).Next = say(
			"put the file back with its -wal and -shm", "把该文件及其 -wal、-shm 放回原处")
		return
	case s.runs:
		f.skip("a front runs on %s, which watches it: see the line readiness", "前置正在使用 %s，并自行监视：见 readiness 一行", path)
		return
	case absent(err):
		f.pass("the local store %s is not there yet; the first start makes it", "本地库 %s 尚不存在；首次启动时创建", path)
		return
	}
	whole, err := s.sound.get()
	switch {
	case err != nil:
		f.fault("store.path", err)
	case !whole:
		f.pass("the local store %s is sound, as far as it was read in %v", "本地库 %s 完好（在 %v 内已读取的部分）", path, repair.CheckPatience)
	default:
		f.pass("the local store %s is sound", "本地库 %s 完好", path)
	}
}

// tables are those that have the AppIDs. why says why there are none.
func (s *Site) tables() (tables *sqlrows.Tables, why Text, err error) {
	if s.onPostgres() {
		if why, lacking := s.lacks(postgresServer); lacking {
			return nil, why, nil
		}
		pg, err := s.pg.get()
		return pg.Tables(), why, err
	}
	local, err := s.local.get()
	if why, known := s.unopened(err); known {
		return nil, why, nil
	}
	if err != nil {
		return nil, say("the local store cannot be opened", "无法打开本地库"), err
	}
	return local.Tables(), why, nil
}

// otherSchema reports whether PostgreSQL answers, and its schema is not that of this program.
func (s *Site) otherSchema(ctx context.Context) bool {
	if !s.onPostgres() {
		return false
	}
	pg, err := s.pg.get()
	return err == nil && pg.CheckSchema(ctx) != nil
}

var otherSchemaText = Text{"the schema is not that of this program, see the line schema", "表结构与本程序不一致，见 schema 一行"}

// checkMasterKey tries the master key on every AppID.
func checkMasterKey(ctx context.Context, s *Site, f *findings) {
	const key = "auth.master_key_file"
	assets, _ := s.assets.get() // its faults are the line files
	if assets.Master == nil {
		f.skip("the master key has faults, see the line files", "主密钥文件有错误，见 files 一行")
		return
	}
	tables, why, err := s.tables()
	if tables == nil {
		if err != nil {
			why = Text{why.EN + ": " + oneLine(err), why.ZH + "：" + chinese.Of(oneLine(err))}
		}
		f.add(Skip, why)
		return
	}
	apps, err := directory.New(tables).Apps(ctx)
	switch {
	case err != nil && s.otherSchema(ctx): // as of an empty database, of which the master key is not to blame
		f.add(Skip, otherSchemaText)
		return
	case err != nil:
		f.fault(key, fmt.Errorf("could not be tried, since the AppIDs cannot be read: %w", err))
		return
	}
	if lost := assets.Master.Unopened(apps, time.Now()); len(lost) > 0 {
		f.trouble(say("does not open the authcodes of %d of %d AppIDs (%s)", "无法解密 %d 个 AppID（共 %d 个）的授权码（%s）",
			len(lost), len(apps), assemble.SomeOf(lost))).Key = key
		return
	}
	f.pass("the master key opens the authcodes of all AppIDs (%d)", "主密钥可以解密全部 AppID 的授权码（%d 个）", len(apps))
}
