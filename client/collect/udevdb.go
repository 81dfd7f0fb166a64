package collect

import "strings"

// udevProperties takes the properties (lines E:KEY=VALUE) out of an entry of udev's database. It takes any text.
func udevProperties(text string) map[string]string {
	properties := make(map[string]string)
	for line := range strings.Lines(text) {
		property, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "E:")
		if !ok {
			continue
		}
		if key, value, ok := strings.Cut(property, "="); ok {
			properties[key] = udevUnescape(value)
		}
	}
	return properties
}

// udevUnescape replaces \x20 and its like.
func udevUnescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			high, low := hexDigit(s[i+2]), hexDigit(s[i+3])
			if high >= 0 && low >= 0 {
				b.WriteByte(byte(high<<4 | low))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
