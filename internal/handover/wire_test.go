package handover

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFrameIsOneWrite: what acts on a frame may end at once, as a giver that is killed once it has given: no further write of the
// frame may be left then, which would fail. Each write to a socket of this kind is a packet of its own, an empty one too.
func TestFrameIsOneWrite(t *testing.T) {
	for _, data := range []string{"", "text"} {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[1])
		c, err := connOf(os.NewFile(uintptr(fds[0]), "sender"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := send(c, kindReady, []byte(data)); err != nil {
			t.Fatal(err)
		}
		var packet [64]byte
		if n, err := unix.Read(fds[1], packet[:]); err != nil || n != headerLen+len(data) {
			t.Errorf("%q: a packet of %d bytes, %v", data, n, err)
		}
		if n, err := unix.Read(fds[1], packet[:]); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("%q: another packet of %d bytes, %v", data, n, err)
		}
	}
}
