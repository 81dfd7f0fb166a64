package collect

import "strings"

// maxMounts bounds the mounts that are looked at: a host of many containers has some thousands.
const maxMounts = 20_000

// mount is a line of /proc/self/mountinfo (proc(5)).
type mount struct {
	device  string // major:minor
	root    string // what of the file system is mounted
	point   string
	kind    string
	source  string
	options string // of the file system
}

// parseMounts takes any text; what is no mount is left out.
func parseMounts(text string) []mount {
	var mounts []mount
	for line := range strings.Lines(text) {
		if len(mounts) == maxMounts {
			break
		}
		front, back, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		fields, last := strings.Fields(front), strings.Fields(back)
		if !ok || len(fields) < 6 || len(last) < 2 {
			continue
		}
		m := mount{device: fields[2], root: unescape(fields[3]), point: unescape(fields[4]), kind: last[0], source: unescape(last[1])}
		if len(last) > 2 {
			m.options = last[2]
		}
		mounts = append(mounts, m)
	}
	return mounts
}

// unescape replaces \040 and its like.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1:i+4]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '7' {
			return false
		}
	}
	return s[0] <= '3'
}

// block reports whether the file system is on a block device that its number names.
func (m *mount) block() bool { return m.device != "" && !strings.HasPrefix(m.device, "0:") }

// option is the value of an option of the file system.
func (m *mount) option(name string) string {
	for o := range strings.SplitSeq(m.options, ",") {
		if value, ok := strings.CutPrefix(o, name+"="); ok {
			return unescape(value)
		}
	}
	return ""
}
