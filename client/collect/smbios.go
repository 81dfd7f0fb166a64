package collect

import (
	"bytes"
	"encoding/binary"
)

// Of an SMBIOS table (DSP0134, 6.1 and 7.2).
const (
	smbiosHeader    = 4 // type, length, handle
	smbiosSystem    = 1 // the structure System Information
	smbiosMaker     = 4 // in it, the numbers of the strings with the maker,
	smbiosName      = 5 // the product
	smbiosSerial    = 7 // and the serial
	smbiosEnd       = 127
	maxSMBIOS       = 1 << 20
	maxSMBIOSTables = 4096
)

// structure is one structure of an SMBIOS table: its formatted part and its strings.
type structure struct {
	kind      byte
	formatted []byte // the header in it
	text      []byte // the strings, each ended by NUL
}

// nextStructure takes the first structure off a table. A length that is not true ends the table: ok is false.
func nextStructure(table []byte) (s structure, rest []byte, ok bool) {
	if len(table) < smbiosHeader {
		return s, nil, false
	}
	length := int(table[1])
	if length < smbiosHeader || length > len(table) {
		return s, nil, false
	}
	s = structure{kind: table[0], formatted: table[:length]}
	end := bytes.Index(table[length:], []byte{0, 0})
	if end < 0 {
		return s, nil, false
	}
	s.text = table[length : length+end+1]
	return s, table[length+end+2:], true
}

// str is the string whose number is at offset; "" if there is none.
func (s *structure) str(offset int) string {
	if offset >= len(s.formatted) || s.formatted[offset] == 0 {
		return ""
	}
	text := s.text
	for range s.formatted[offset] - 1 {
		i := bytes.IndexByte(text, 0)
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	i := bytes.IndexByte(text, 0)
	if i < 0 {
		return ""
	}
	return string(text[:i])
}

// smbiosSystemOf is the structure System Information of an SMBIOS table. It takes any bytes.
func smbiosSystemOf(table []byte) (system structure, ok bool) {
	for range maxSMBIOSTables {
		s, rest, ok := nextStructure(table)
		switch {
		case !ok || s.kind == smbiosEnd:
			return structure{}, false
		case s.kind == smbiosSystem:
			return s, true
		}
		table = rest
	}
	return structure{}, false
}

// smbiosSystemSerial is the serial number of the system, "" if the table has none.
func smbiosSystemSerial(table []byte) string {
	s, ok := smbiosSystemOf(table)
	if !ok {
		return ""
	}
	return s.str(smbiosSerial)
}

// smbiosProduct is the maker of the system and the name of the product.
func smbiosProduct(table []byte) (maker, product string) {
	s, ok := smbiosSystemOf(table)
	if !ok {
		return "", ""
	}
	return s.str(smbiosMaker), s.str(smbiosName)
}

// vpdSerial is the serial number in page 0x80 of a disk's vital product data (SPC-4, 7.8.14). It takes any bytes.
func vpdSerial(page []byte) string {
	const header, unitSerial = 4, 0x80
	if len(page) < header || page[1] != unitSerial {
		return ""
	}
	length := int(binary.BigEndian.Uint16(page[2:header]))
	return string(bytes.Trim(page[header:min(len(page), header+length)], " \x00"))
}
