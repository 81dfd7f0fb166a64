package collect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// mayBePlaceholder is for what makers write: a customer may name a machine "none".
func mayBePlaceholder(which indicator) bool {
	switch which {
	case terminalinfo.DiskSerial, terminalinfo.CPUSerial, terminalinfo.BIOSSerial, terminalinfo.DeviceSerial,
		terminalinfo.MAC1, terminalinfo.MAC2:
		return true
	}
	return false
}

// placeholders are what makers of boards and disks leave where a serial number should be, without spaces and punctuation, in lower case.
var placeholders = map[string]bool{
	"tobefilledbyoem": true, "defaultstring": true, "none": true, "na": true,
	"notavailable": true, "notapplicable": true, "notspecified": true, "notprovided": true, "notpresent": true,
	"systemserialnumber": true, "chassisserialnumber": true, "baseboardserialnumber": true, "serialnumber": true, "serial": true,
	"oem": true, "oemstring": true, "empty": true, "unknown": true, "invalid": true, "null": true, "nil": true, "blank": true,
	"123456789": true, "1234567890": true, "0123456789": true, "01234567890123456789": true, "0123456789abcdef": true,
	"undefined": true, "reserved": true, "unspecified": true, "nodata": true, "notset": true, "xxxxxxxxxx": true,
	"tobefilled": true, "fillbyoem": true, "sernum0": true, "noserialnumber": true, "noasset": true, "emptyserialnumber": true,
}

// placeholder reports whether value is one that many machines share because its maker filled nothing in.
func placeholder(value string) bool {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, value)
	return plain == "" || placeholders[plain] || oneCharacter(plain)
}

// oneCharacter is for 00000000, ffffffff, xxxxxxx: too long to be chance. Zeros are no number however few they are.
func oneCharacter(plain string) bool {
	first, _ := utf8.DecodeRuneInString(plain)
	if first != '0' && utf8.RuneCountInString(plain) < minRepeated {
		return false
	}
	return strings.Trim(plain, string(first)) == ""
}

const minRepeated = 4
