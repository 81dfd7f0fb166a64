package archive

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store"
)

const (
	maxManifest = 16 << 20
	maxLine     = 1 << 20
)

// File is an archive that is read. Make it with Open, and Close it.
type File struct {
	Manifest Manifest
	Bytes    int64

	path    string
	file    *os.File
	members map[string]*zip.File
}

// Open reads the manifest, and nothing else.
func Open(path string) (_ *File, err error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("archive: %s: %w", path, err), f.Close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, err
	}
	a := &File{Bytes: info.Size(), path: path, file: f, members: make(map[string]*zip.File, len(z.File))}
	for _, m := range z.File {
		if a.members[m.Name] != nil {
			return nil, fmt.Errorf("has %s twice", m.Name)
		}
		a.members[m.Name] = m
	}
	if err := a.JSON(manifestMember, &a.Manifest); err != nil {
		return nil, err
	}
	if a.Manifest.Form != Form {
		return nil, fmt.Errorf("its form is %q, this program reads %q: use the program that its manifest names", a.Manifest.Form, Form)
	}
	return a, nil
}

// Close closes the file.
func (a *File) Close() error { return a.file.Close() }

// JSON reads a member that is one JSON value.
func (a *File) JSON(name string, into any) (err error) {
	in, err := a.open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	text, err := io.ReadAll(io.LimitReader(in, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("longer than %d bytes", maxManifest)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (a *File) open(name string) (io.ReadCloser, error) {
	m := a.members[name]
	if m == nil {
		return nil, fmt.Errorf("has no %s", name)
	}
	in, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return in, nil
}

// Lines calls f for each line of a member, without its end.
func (a *File) Lines(name string, f func(line []byte) error) (err error) {
	in, err := a.open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		if err := f(lines.Bytes()); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	return nil
}

// Records calls f for each record in RecordID order, with the transaction that wrote it.
func (a *File) Records(f func(rec *store.Record, arrival int64) error) error {
	return a.Lines(recordsMember, func(text []byte) error {
		rec, arrival, err := readLine(text)
		if err != nil {
			return err
		}
		return f(rec, arrival)
	})
}

// AuditLogs are the names of the members that hold lines of audit logs.
func (a *File) AuditLogs() (names []string) {
	for _, m := range a.auditMembers() {
		names = append(names, m.Name)
	}
	return names
}

func (a *File) auditMembers() (all []*Member) {
	for i := range a.Manifest.Members {
		if m := &a.Manifest.Members[i]; strings.HasPrefix(m.Name, auditFolder) {
			all = append(all, m)
		}
	}
	return all
}

// Verify reads the whole file: each member is what the manifest says, none is missing or too many, and the records are those of the day,
// in order, of which the digest was taken. It returns the SHA-256 of the file.
func (a *File) Verify() (sum [sha256.Size]byte, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("archive: %s is damaged: %w", a.path, err)
		}
	}()
	if len(a.members) != len(a.Manifest.Members)+1 {
		return sum, fmt.Errorf("it has %d members, its manifest names %d", len(a.members)-1, len(a.Manifest.Members))
	}
	for i := range a.Manifest.Members {
		if err := a.verifyMember(&a.Manifest.Members[i]); err != nil {
			return sum, err
		}
	}
	if err := a.verifyRecords(); err != nil {
		return sum, err
	}
	whole := sha256.New()
	if _, err := io.Copy(whole, io.NewSectionReader(a.file, 0, a.Bytes)); err != nil {
		return sum, err
	}
	whole.Sum(sum[:0])
	return sum, nil
}

func (a *File) verifyMember(m *Member) (err error) {
	in, err := a.open(m.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	sum := sha256.New()
	var lines lineCount
	n, err := io.Copy(io.MultiWriter(sum, &lines), io.LimitReader(in, m.Bytes+1)) // a damaged one may unpack to anything
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	if n != m.Bytes || int64(lines) != m.Lines || hex.EncodeToString(sum.Sum(nil)) != m.SHA256 {
		return fmt.Errorf("%s is not what the manifest says", m.Name)
	}
	return nil
}

func (a *File) verifyRecords() error {
	day, err := a.Manifest.TradingDay()
	if err != nil {
		return err
	}
	d := newDigest()
	err = a.Records(func(r *store.Record, _ int64) error {
		if r.TradingDay != day {
			return fmt.Errorf("record %s is of %s", r.ID, r.TradingDay)
		}
		return d.add(r)
	})
	if err != nil {
		return err
	}
	if d.rows != a.Manifest.Records || d.String() != a.Manifest.RecordsDigest {
		return fmt.Errorf("it has %d records that are not the %d that were archived", d.rows, a.Manifest.Records)
	}
	return nil
}
