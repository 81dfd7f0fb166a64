package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func init() { storetest.Children["full-disk"] = onSmallDisk } //nolint:gochecknoinits // a child of the tests

// noDisk is the exit status of a child that may not mount.
const noDisk = 77

// TestFullDisk runs on a real disk of 4 MiB, a tmpfs in a mount namespace of the child's own:
// full at a commit, full at the start, and with the WAL held by a reader.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, namespaces := range []uintptr{unix.CLONE_NEWNS, unix.CLONE_NEWNS | unix.CLONE_NEWUSER} {
		cmd := storetest.Child(t, "full-disk", t.TempDir())
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
		if namespaces&unix.CLONE_NEWUSER != 0 {
			own := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
			cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = own(os.Getuid()), own(os.Getgid())
		}
		out, err := cmd.Output()
		exit, ran := errors.AsType[*exec.ExitError](err)
		switch {
		case err == nil:
			t.Log(strings.TrimSpace(string(out)))
			return
		case ran && exit.ExitCode() != noDisk:
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("namespaces %#x: %v", namespaces, err)
	}
	t.Skip("this machine lets us mount no tmpfs: neither as we are nor in a user namespace")
}

func onSmallDisk() int {
	dir := os.Getenv(storetest.PathVariable)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		return noDisk
	}
	if err := (&smallDisk{dir: dir, path: filepath.Join(dir, "local.db")}).run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// smallDisk fills and frees a disk under a local store.
type smallDisk struct {
	dir, path string
	answered  []uuid.UUID
	refused   int
}

func (d *smallDisk) run() error {
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"full at a commit", d.fullAtCommit},
		{"full at the start", d.fullAtStart}, // with a file and without a log
		{"full, beside a reader", d.fullBesideReader},
		{"filled at once", d.filledAtOnce},
		{"full of what is forwarded then", d.fullOfForwarded},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if err := d.check(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	fmt.Printf("%d answered, %d refused while the disk was full, none lost\n", len(d.answered), d.refused)
	return nil
}

// fill takes all that is free on the disk, and gives it back when free is called.
func (d *smallDisk) fill() (free func() error, err error) {
	name := filepath.Join(d.dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		return nil, err
	}
	return func() error { return os.Remove(name) }, f.Close()
}

func (d *smallDisk) open() (*journal.Journal, error) {
	return journal.Open(context.Background(), d.path, journal.Options{})
}

// add appends one record.
func (d *smallDisk) add(l *journal.Journal) error {
	rec := storetest.Record(storetest.Day)
	_, err := l.Append(context.Background(), &rec)
	if err == nil {
		d.answered = append(d.answered, rec.ID)
	} else {
		d.refused++
	}
	return err
}

// fullWhile appends on a full disk: each is refused as such, and none breaks the store.
func (d *smallDisk) fullWhile(l *journal.Journal) error {
	free, err := d.fill()
	if err != nil {
		return err
	}
	for err == nil { // what room there is in the WAL
		err = d.add(l)
	}
	for range 20 {
		if !errors.Is(err, store.ErrDiskFull) {
			return fmt.Errorf("while full: %w", err)
		}
		err = d.add(l)
	}
	if err := free(); err != nil {
		return err
	}
	if err := d.add(l); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return l.Probe(context.Background())
}

func (d *smallDisk) fullAtCommit() error {
	l, err := d.open()
	if err != nil {
		return err
	}
	for range 3 {
		if err := d.fullWhile(l); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	return l.Close()
}

// fullAtStart: there is no room for a log. The start fails and says why, or takes what it can.
func (d *smallDisk) fullAtStart() error {
	free, err := d.fill()
	if err != nil {
		return err
	}
	l, err := d.open()
	if err == nil {
		err = errors.Join(d.add(l), l.Close())
	}
	if !errors.Is(err, store.ErrDiskFull) {
		return fmt.Errorf("started on a full disk: %w", err)
	}
	if err := free(); err != nil {
		return err
	}
	if l, err = d.open(); err != nil {
		return err
	}
	return errors.Join(d.add(l), l.Close())
}

// fullBesideReader: the WAL cannot be folded, so that it fills the disk. The bound
// on free space leaves it room in the file; when the reader has ended, no commit comes that
// would cut it, and yet there is room again.
func (d *smallDisk) fullBesideReader() error {
	l, err := journal.Open(context.Background(), d.path, journal.Options{Bounds: journal.Bounds{Free: 1 << 20}})
	if err != nil {
		return err
	}
	look := func() { _, err = l.Measure(context.Background(), time.Now()) }
	s, snapshotErr := l.Snapshot(context.Background(), storetest.Day)
	if snapshotErr != nil {
		return errors.Join(snapshotErr, l.Close())
	}
	before := len(d.answered)
	for err == nil {
		if look(); err == nil {
			err = d.add(l)
		}
	}
	if !errors.Is(err, store.ErrFull) {
		return errors.Join(err, s.Close(), l.Close())
	}
	if err := s.Close(); err != nil {
		return err
	}
	look() // folds the WAL
	folded := err
	look()
	fmt.Printf("%d appends filled the log beside a reader\n", len(d.answered)-before)
	return errors.Join(folded, err, d.add(l), l.Close())
}

// filledAtOnce: a large file takes the disk at one moment, so that the WAL cannot be folded either.
// As long as it is there every look says so, as every append does; then neither.
func (d *smallDisk) filledAtOnce() error {
	l, err := journal.Open(context.Background(), d.path, journal.Options{Bounds: journal.Bounds{Free: 512 << 10}})
	if err != nil {
		return err
	}
	defer l.Close()
	for range 200 { // a log whose pages the file has no room for yet
		if err := d.add(l); err != nil {
			return err
		}
	}
	free, err := d.fill()
	if err != nil {
		return err
	}
	failed := 0
	for look := range 4 {
		f, err := l.Measure(context.Background(), time.Now())
		if err != nil {
			failed++
		}
		if f.Full == nil || len(f.Measures) == 0 || l.Full() == nil || f.Free > 512<<10 {
			return fmt.Errorf("look %d: full %v, refusing %v, %w", look, f.Full, l.Full(), err)
		}
		if err := d.add(l); !errors.Is(err, store.ErrFull) {
			return fmt.Errorf("append after look %d: %w", look, err)
		}
	}
	if failed == 0 {
		return errors.New("the log could be folded: nothing was tested")
	}
	if err := free(); err != nil {
		return err
	}
	for range 2 {
		if _, err := l.Measure(context.Background(), time.Now()); err != nil {
			return err
		}
	}
	if l.Full() != nil {
		return fmt.Errorf("with room again: %v", l.Full())
	}
	return d.add(l)
}

// fullOfForwarded: what an outage left has filled the disk up to the bound, and is forwarded. The
// file gives its room back, and logins are taken again.
func (d *smallDisk) fullOfForwarded() error {
	l, err := journal.Open(context.Background(), d.path, journal.Options{Bounds: journal.Bounds{Free: 2 << 20}})
	if err != nil {
		return err
	}
	defer l.Close()
	var f journal.Capacity
	look := func() {
		if err == nil {
			f, err = l.Measure(context.Background(), time.Now())
		}
	}
	for full := 0; full < 2 && err == nil; { // the first time the WAL is folded
		if look(); f.Full != nil {
			full++
			continue
		}
		full = 0
		err = errors.Join(err, d.add(l))
	}
	if err == nil {
		err = storetest.TrimThrough(context.Background(), l, l.LastSeq())
	}
	d.answered = nil // they are in PostgreSQL
	for range 3 {
		look()
	}
	if err != nil {
		return err
	}
	if err := d.add(l); err != nil {
		return fmt.Errorf("with nothing in it: %w (%+v)", err, f)
	}
	return nil
}

// check: what was answered is there.
func (d *smallDisk) check() error {
	l, err := d.open()
	if err != nil {
		return err
	}
	defer l.Close()
	found := make(map[uuid.UUID]bool)
	if err := l.Scan(context.Background(), storetest.Day, func(r *store.Record) error { found[r.ID] = true; return nil }); err != nil {
		return err
	}
	lost := 0
	for _, id := range d.answered {
		if !found[id] {
			lost++
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d of %d answered records are lost", lost, len(d.answered))
	}
	return nil
}
