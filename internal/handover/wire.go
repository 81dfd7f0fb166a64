package handover

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The kinds of frames. A frame has a kind and the length of its data in eight bytes, then the data.
const (
	kindReady    = 'R'
	kindImage    = 'I' // the data is followed by as many descriptors as its first four bytes say
	kindPrepared = 'P'
	kindFault    = 'F' // a text
)

const (
	headerLen = 1 + 8
	maxFrame  = 1 << 30
	maxFDs    = 200 // of one message; Linux takes 253
)

var errUnexpected = errors.New("handover: the other process does not talk as this one does")

// send writes one frame, at once: the other process may act on it, and end, before this one gets to another write, whose fault would be
// none of the frame's.
func send(c *net.UnixConn, kind byte, data []byte) error {
	frame := net.Buffers{binary.BigEndian.AppendUint64([]byte{kind}, uint64(len(data)))}
	if len(data) > 0 {
		frame = append(frame, data)
	}
	_, err := frame.WriteTo(c)
	return err
}

// receive reads one frame of that kind. A fault is an error with its text.
func receive(c *net.UnixConn, want byte) ([]byte, error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(c, header[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint64(header[1:])
	if n > maxFrame {
		return nil, errUnexpected
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(c, data); err != nil {
		return nil, err
	}
	switch header[0] {
	case want:
		return data, nil
	case kindFault:
		return nil, fmt.Errorf("the new process: %s", data)
	}
	return nil, errUnexpected
}

// sendFDs writes descriptors, each group beside one byte. The kernel makes the other process descriptors of its own.
func sendFDs(c *net.UnixConn, fds []int) error {
	for len(fds) > 0 {
		n := min(len(fds), maxFDs)
		if _, _, err := c.WriteMsgUnix([]byte{0}, unix.UnixRights(fds[:n]...), nil); err != nil {
			return fmt.Errorf("handover: descriptors: %w", err)
		}
		fds = fds[n:]
	}
	return nil
}

// receiveFDs reads n descriptors. After an error none is open.
func receiveFDs(c *net.UnixConn, n int) (files []*os.File, err error) {
	defer func() {
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
			files = nil
		}
	}()
	oob := make([]byte, unix.CmsgSpace(4*maxFDs))
	for len(files) < n {
		var one [1]byte
		got, room, flags, _, err := c.ReadMsgUnix(one[:], oob)
		if err != nil {
			return files, err
		}
		fds, err := parse(oob[:room])
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "handed over"))
		}
		switch {
		case err != nil:
			return files, err
		case flags&unix.MSG_CTRUNC != 0:
			return files, errors.New("handover: descriptors were lost; raise the limit of open files (LimitNOFILE=)")
		case got == 0 || len(fds) == 0:
			return files, io.ErrUnexpectedEOF
		}
	}
	if len(files) > n {
		return files, errUnexpected
	}
	return files, nil
}

func parse(oob []byte) (fds []int, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	for i := range messages {
		some, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return fds, err
		}
		fds = append(fds, some...)
	}
	return fds, nil
}

// within makes reads and writes end with ctx, until stop.
func within(ctx context.Context, c *net.UnixConn) (stop func()) {
	past := time.Unix(1, 0)
	cancel := context.AfterFunc(ctx, func() { _ = c.SetDeadline(past) })
	return func() { cancel() }
}
