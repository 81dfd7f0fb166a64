package collect

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/windows"
)

var getSystemFirmwareTable = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetSystemFirmwareTable")

// Of GetSystemFirmwareTable.
const (
	providerRSMB = 'R'<<24 | 'S'<<16 | 'M'<<8 | 'B'
	rsmbHeader   = 8 // RawSMBIOSData: call, version (two), revision, length
)

// firmwareTable is the SMBIOS table, which any process may read.
func firmwareTable() ([]byte, error) {
	if err := getSystemFirmwareTable.Find(); err != nil {
		return nil, err
	}
	size, _, err := getSystemFirmwareTable.Call(providerRSMB, 0, 0, 0)
	if size == 0 || size > maxSMBIOS {
		return nil, err
	}
	raw := make([]byte, size)
	got, _, err := getSystemFirmwareTable.Call(providerRSMB, 0, uintptr(unsafe.Pointer(&raw[0])), size) //nolint:gosec // the system writes into raw
	if got < rsmbHeader || got > size {
		return nil, err
	}
	length := int(binary.LittleEndian.Uint32(raw[4:rsmbHeader]))
	table := raw[rsmbHeader:got]
	return table[:min(length, len(table))], nil
}
