package archive

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"
)

// writer writes the members of an archive one after the other, and notes what each is.
type writer struct {
	zip     *zip.Writer
	whole   hash.Hash // of the file
	bytes   int64     // of the file
	at      time.Time
	members []Member
}

func newWriter(to io.Writer, at time.Time) *writer {
	w := &writer{whole: sha256.New(), at: at}
	w.zip = zip.NewWriter(io.MultiWriter(to, w.whole, (*count)(&w.bytes)))
	return w
}

type count int64

func (c *count) Write(p []byte) (int, error) { *c += count(len(p)); return len(p), nil }

// lineCount counts line ends.
type lineCount int64

func (c *lineCount) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' {
			*c++
		}
	}
	return len(p), nil
}

// add writes one member by fill.
func (w *writer) add(name string, fill func(io.Writer) error) error {
	entry, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.at})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.New()
	var bytes count
	var lines lineCount
	if err := fill(io.MultiWriter(entry, sum, &bytes, &lines)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.members = append(w.members, Member{name, int64(bytes), int64(lines), hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// addJSON writes one member as JSON for people.
func (w *writer) addJSON(name string, v any) error {
	return w.add(name, func(to io.Writer) error {
		enc := json.NewEncoder(to)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	})
}

// end writes the manifest, the last member, and the directory.
func (w *writer) end(m *Manifest) error {
	m.Members = w.members
	if err := w.addJSON(manifestMember, m); err != nil {
		return err
	}
	return w.zip.Close()
}

const readme = `This is one trading day of a futures firm's gateway (tradefront): which customer logged in, when, from which terminal software.
本文件是期货公司交易网关（tradefront）一个交易日的归档：哪个客户、何时、用哪个终端软件登录。

manifest.json    what is in this file, of what, by whom; length, lines and SHA-256 of each member. 清单：内容、来源、制作人；各文件的长度、行数、SHA-256。
records.jsonl    one login a line, JSON in UTF-8, in the order of record_id; times are UTC+8; terminal and supplement are the two
                 ciphertexts for the monitoring centre, in base64. 每行一条登录记录；terminal、supplement 为两段密文（base64）。
ledger.json      the reports of the day: exports, when they were handed in, waivers. 报送台账：导出、报送、放行。
actions.jsonl    what operators changed by commands in the day's window. 当日时段内的操作记录。
reports/         the report files with their manifests. 报送文件及清单。
audit/           lines of the fronts' audit logs in the day's window: these have account and address in clear. 审计日志，含明文账户与地址。

A line of a report is made of a record: vendor_id@key_version@terminal@supplement. 报送文件的一行即由一条记录的这四项组成。
`
