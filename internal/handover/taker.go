package handover

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// Taker is the process that takes over.
type Taker struct{ conn *net.UnixConn }

// Inherited is the end that this process was started with, nil if it takes nothing over. It is to be called once.
func Inherited() (*Taker, error) {
	text, given := os.LookupEnv(variable)
	if !given {
		return nil, nil
	}
	if err := os.Unsetenv(variable); err != nil { // no program that this one starts is a taker
		return nil, err
	}
	fd, err := strconv.Atoi(text)
	if err != nil || fd < inheritedFD {
		return nil, fmt.Errorf("handover: %s is %q: it is set by a front that hands over, never by hand", variable, text)
	}
	conn, err := connOf(os.NewFile(uintptr(fd), "taker"))
	if err != nil {
		return nil, err
	}
	return &Taker{conn}, nil
}

// Ready says that this process can take.
func (t *Taker) Ready() error { return send(t.conn, kindReady, nil) }

// Take reads the image into that variable, and the descriptors. A field that the variable does not have is an error: the giver
// is newer, and what it says must not be left out.
func (t *Taker) Take(ctx context.Context, image any) ([]*os.File, error) {
	defer within(ctx, t.conn)()
	data, err := receive(t.conn, kindImage)
	if err != nil {
		return nil, fmt.Errorf("handover: the old process has ended before it gave what it has: %w", err)
	}
	if len(data) < 4 {
		return nil, errUnexpected
	}
	files, err := receiveFDs(t.conn, int(binary.BigEndian.Uint32(data)))
	if err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(data[4:])))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(image); err != nil {
		return files, fmt.Errorf("handover: what the old process gave cannot be read; stop and start the front instead: %w", err)
	}
	return files, nil
}

// Prepared says that nothing is left which could fail. That the giver has crashed meanwhile is no fault.
func (t *Taker) Prepared() { _ = send(t.conn, kindPrepared, nil) }

// AwaitAlone returns once the giver's process has ended, or with ctx's error.
func (t *Taker) AwaitAlone(ctx context.Context) error {
	defer within(ctx, t.conn)()
	var b [1]byte
	n, err := t.conn.Read(b[:])
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case n > 0:
		return errUnexpected
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case err == nil:
		return io.ErrUnexpectedEOF // a stream's read has bytes or an error
	}
	return t.conn.Close()
}

// Fail tells the giver why this process does not take over.
func (t *Taker) Fail(why error) {
	_ = send(t.conn, kindFault, []byte(why.Error()))
	_ = t.conn.Close()
}
