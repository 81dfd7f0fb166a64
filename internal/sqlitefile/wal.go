package sqlitefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/tradefront/tradefront/internal/files"
)

// The WAL as a file is a header, then frames, each a page with a checksum that continues that of the
// frame before. SQLite reads up to the first frame whose checksum fails, and forgets without an error
// what is behind it. For a torn tail that is right; for commits that were synced long ago it is a
// loss, and Damaged tells it.

const (
	walHeaderLen   = 32
	walFrameLen    = 24 // of a frame's header
	walMagic       = 0x377f0682
	sqlitePageSize = 4096 // SQLite's default, which every local store has
)

// ErrUnread says that a read of the disk failed. The file is not known to be damaged.
var ErrUnread = errors.New("sqlitefile: the file cannot be read")

// Frame is one page in the WAL.
type Frame struct {
	page   uint32
	offset int64 // of the page's bytes
	commit bool  // the last of its transaction
}

// WAL is what a write-ahead log holds. A frame is sound if its checksum follows from that of the
// frame before it.
type WAL struct {
	pageSize int
	Frames   []Frame // committed, up to the first that is not sound: all that SQLite reads
	// Behind are sound frames of the same life of the WAL, behind the first that is not.
	Behind []Frame
	// badHeader says that SQLite ignores the WAL because of its header.
	badHeader bool
}

// Damaged reports whether commits are lost. One commit behind the break may be a
// transaction that a crash tore, of which no caller had an answer; before a second began, the first
// was synced.
func (w *WAL) Damaged() error {
	commits := 0
	for _, f := range w.Behind {
		if f.commit {
			commits++
		}
	}
	switch {
	case w.badHeader && commits > 0:
		return fmt.Errorf("the log's header is damaged, with %d commits in it", commits)
	case commits > 1:
		return fmt.Errorf("the log is damaged behind frame %d, with %d commits after that", len(w.Frames), commits)
	}
	return nil
}

// ReadWAL reads the WAL at path; one that is not there is empty. What the disk does not give is
// ErrUnread.
func ReadWAL(path string) (*WAL, error) {
	w := &WAL{pageSize: sqlitePageSize}
	f, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sqlitefile: %w", err)
	}
	defer f.Close()
	if err := w.read(f); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnread, path, err)
	}
	return w, nil
}

func (w *WAL) read(r io.ReaderAt) error {
	var head [walHeaderLen]byte
	if ok, err := readFull(r, head[:], 0); !ok {
		return err // nothing in it
	}
	word := func(at int) uint32 { return binary.BigEndian.Uint32(head[at:]) }
	sum := walSum{order: binary.LittleEndian}
	if word(0) == walMagic|1 {
		sum.order = binary.BigEndian
	}
	sum.add(head[:24])
	w.badHeader = word(0)&^1 != walMagic || word(24) != sum.s0 || word(28) != sum.s1
	if size := word(8); !w.badHeader && size >= 512 && size <= 65536 && size&(size-1) == 0 {
		w.pageSize = int(size)
	}
	return w.readFrames(r, sum, [8]byte(head[16:24]))
}

// readFrames walks along all frames that the file has room for. salts tell this life of the
// log from those before, whose frames may follow its end.
func (w *WAL) readFrames(r io.ReaderAt, sum walSum, salts [8]byte) error {
	frame := make([]byte, walFrameLen+w.pageSize)
	sound, committed := !w.badHeader, 0
	for at := int64(walHeaderLen); ; at += int64(len(frame)) {
		if ok, err := readFull(r, frame, at); !ok {
			w.Frames = w.Frames[:committed]
			return err
		}
		sum.add(frame[:8])
		sum.add(frame[walFrameLen:])
		s0, s1 := binary.BigEndian.Uint32(frame[16:]), binary.BigEndian.Uint32(frame[20:])
		good := sum.s0 == s0 && sum.s1 == s1 && (w.badHeader || [8]byte(frame[8:16]) == salts)
		f := Frame{
			page: binary.BigEndian.Uint32(frame), offset: at + walFrameLen,
			commit: binary.BigEndian.Uint32(frame[4:]) != 0,
		}
		sound = sound && good
		switch {
		case sound:
			w.Frames = append(w.Frames, f)
			if f.commit {
				committed = len(w.Frames)
			}
		case good:
			w.Behind = append(w.Behind, f)
		}
		sum.s0, sum.s1 = s0, s1 // the next frame's checksum continues this one's
	}
}

// walSum is the running checksum of the WAL.
type walSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *walSum) add(b []byte) {
	for i := 0; i+8 <= len(b); i += 8 {
		s.s0 += s.order.Uint32(b[i:]) + s.s1
		s.s1 += s.order.Uint32(b[i+4:]) + s.s0
	}
}

// readFull fills b from the offset; false at the end of the file.
func readFull(r io.ReaderAt, b []byte, at int64) (bool, error) {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return true, nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return false, err
}
