package collect

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// storageSerial is the serial number in a STORAGE_DEVICE_DESCRIPTOR of Windows. It takes any bytes.
func storageSerial(descriptor []byte) string {
	const offsetAt = 24 // of SerialNumberOffset
	if len(descriptor) < offsetAt+4 {
		return ""
	}
	at := int(binary.LittleEndian.Uint32(descriptor[offsetAt:]))
	if at < offsetAt+4 || at >= len(descriptor) {
		return "" // 0 and -1 say that there is none
	}
	text, _, _ := bytes.Cut(descriptor[at:], []byte{0})
	return swapped(strings.TrimSpace(string(text)))
}

// ataSerialHex is the length of an ATA serial that Windows before 8 gives as hex digits of byte pairs in the wrong order.
const ataSerialHex = 40

func swapped(serial string) string {
	if len(serial) != ataSerialHex {
		return serial
	}
	b, err := hex.DecodeString(serial)
	if err != nil {
		return serial
	}
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
		if b[i] < ' ' || b[i] > '~' || b[i+1] < ' ' || b[i+1] > '~' {
			return serial
		}
	}
	return strings.TrimSpace(string(b))
}
