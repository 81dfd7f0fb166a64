package collect

import (
	"bytes"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl hands the kernel a pointer, for the requests that x/sys has no function for.
func ioctl(fd int, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

// permAddr is struct ethtool_perm_addr with room for the longest address.
type permAddr struct {
	command, size uint32
	data          [32]byte
}

// ifreqData is struct ifreq as ethtool takes it.
type ifreqData struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte
}

// permanentAddress asks kernels older than 5.6, which do not tell it by netlink.
func permanentAddress(name string) []byte {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil || len(name) >= unix.IFNAMSIZ {
		return nil
	}
	defer func() { _ = unix.Close(fd) }()
	answer := permAddr{command: unix.ETHTOOL_GPERMADDR}
	answer.size = uint32(len(answer.data))
	request := ifreqData{data: unsafe.Pointer(&answer)} //nolint:gosec // the kernel writes into answer
	copy(request.name[:], name)
	err = ioctl(fd, unix.SIOCETHTOOL, unsafe.Pointer(&request)) //nolint:gosec // of the kernel's own layout
	runtime.KeepAlive(&answer)
	if err != nil || answer.size > uint32(len(answer.data)) {
		return nil
	}
	return bytes.Clone(answer.data[:answer.size])
}

// Of the answer to IDENTIFY DEVICE (ATA8-ACS, 7.16.7): words 10 to 19 are the serial.
const (
	ataIdentifyLen = 512
	ataSerialStart = 20
	ataSerialEnd   = 40
)

// ataSerial asks an open ATA disk. The words are read by the host's order, in which the kernel has them.
func ataSerial(fd int) (string, error) {
	var answer [ataIdentifyLen]byte
	if err := ioctl(fd, unix.HDIO_GET_IDENTITY, unsafe.Pointer(&answer)); err != nil { //nolint:gosec // the kernel writes 512 bytes
		return "", err
	}
	serial := bytes.Trim(answer[ataSerialStart:ataSerialEnd], " \x00")
	if len(serial) == 0 {
		return "", errNoSerial
	}
	return string(serial), nil
}
