package collect

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/windows"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// Control codes (winioctl.h), all of the kind that any process may use on a handle without rights to read.
const (
	ioctlVolumeDiskExtents = 0x0056_0000
	ioctlStorageQuery      = 0x002D_1400
	maxDescriptor          = 4096
	maxExtents             = 4096
)

// systemDrive is the letter of the drive that has the system, with its colon.
func systemDrive() (string, error) {
	folder, err := windows.GetSystemDirectory()
	if err != nil {
		return "", err
	}
	if len(folder) < 2 || folder[1] != ':' {
		return "", fmt.Errorf("the system's folder is on no drive: %q", folder)
	}
	return folder[:2], nil
}

func (m *machine) disk(r *reading) {
	const source = "IOCTL_STORAGE_QUERY_PROPERTY"
	look := search{}
	look.try(source, func() (string, error) {
		drive, err := systemDrive()
		if err != nil {
			return "", err
		}
		number, err := diskNumber(drive)
		if err != nil {
			return "", err
		}
		query := make([]byte, 12) // STORAGE_PROPERTY_QUERY: StorageDeviceProperty, PropertyStandardQuery
		b, err := control(fmt.Sprintf(`\\.\PhysicalDrive%d`, number), ioctlStorageQuery, query, maxDescriptor)
		return storageSerial(b), err
	})
	r.finding[terminalinfo.DiskSerial] = look.result()
}

// diskNumber is that of the first disk below the drive's volume.
func diskNumber(drive string) (uint32, error) {
	b, err := control(`\\.\`+drive, ioctlVolumeDiskExtents, nil, maxExtents)
	if err != nil && !errors.Is(err, windows.ERROR_MORE_DATA) {
		return 0, err
	}
	const first = 8 // behind the number of extents, and what aligns them
	if len(b) < first+4 {
		return 0, fmt.Errorf("no disk below %s", drive)
	}
	return binary.LittleEndian.Uint32(b[first:]), nil
}

// control sends one control code to a device that is opened without rights.
func control(device string, code uint32, in []byte, room uint32) ([]byte, error) {
	name, err := windows.UTF16PtrFromString(device)
	if err != nil {
		return nil, err
	}
	handle, err := windows.CreateFile(name, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(handle)
	var given *byte
	if len(in) > 0 {
		given = &in[0]
	}
	out, used := make([]byte, room), uint32(0)
	err = windows.DeviceIoControl(handle, code, given, uint32(len(in)), &out[0], room, &used, nil)
	return out[:min(used, room)], err
}

// partition is 盘符,分区序列号,分区格式,分区容量(G) of the system's drive (4.2.4).
func (m *machine) partition(r *reading) {
	const source = "GetVolumeInformation"
	value, err := volume()
	if err != nil {
		r.finding[terminalinfo.Partition] = failed(source, err)
		return
	}
	r.finding[terminalinfo.Partition] = finding{value: value, source: source}
}

func volume() (string, error) {
	drive, err := systemDrive()
	if err != nil {
		return "", err
	}
	root, err := windows.UTF16PtrFromString(drive + `\`)
	if err != nil {
		return "", err
	}
	var (
		serial uint32
		format [windows.MAX_PATH + 1]uint16
		total  uint64
	)
	if err := windows.GetVolumeInformation(root, nil, 0, &serial, nil, nil, &format[0], uint32(len(format))); err != nil {
		return "", err
	}
	if err := windows.GetDiskFreeSpaceEx(root, nil, &total, nil); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s,%08X,%s,%d", drive[:1], serial, windows.UTF16ToString(format[:]), total>>30), nil
}
