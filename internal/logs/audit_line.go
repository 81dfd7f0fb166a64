package logs

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
)

// auditLine is an entry while it becomes one line of JSON. zap's encoder, which it replaced, took twice the time; the tests compare both.
type auditLine struct{ b []byte }

// lines are those that wait to be used again.
var lines = sync.Pool{New: func() any { return &auditLine{b: make([]byte, 0, 512)} }} //nolint:gochecknoglobals // a pool

// keepLine is the largest line in bytes whose memory is kept for use again.
const keepLine = 8 << 10

// encode is e as one line of JSON. The caller frees it.
func encode(e *Entry) *auditLine {
	l := lines.Get().(*auditLine)
	l.b = append(l.b[:0], '{')
	if !e.Time.IsZero() {
		l.addTime("time", e.Time)
	}
	e.marshal(l)
	l.b = append(l.b, "}\n"...)
	return l
}

// Bytes are valid until Free.
func (l *auditLine) Bytes() []byte { return l.b }

func (l *auditLine) String() string { return string(l.b) }

// Free gives the memory back.
func (l *auditLine) Free() {
	if cap(l.b) <= keepLine {
		lines.Put(l)
	}
}

// key begins a member. Keys are our own words, and need no escapes.
func (l *auditLine) key(key string) {
	if n := len(l.b); l.b[n-1] != '{' {
		l.b = append(l.b, ',')
	}
	l.b = append(l.b, '"')
	l.b = append(l.b, key...)
	l.b = append(l.b, '"', ':')
}

func (l *auditLine) addInt(key string, n int64) {
	l.key(key)
	l.b = strconv.AppendInt(l.b, n, 10)
}

func (l *auditLine) addTrue(key string) {
	l.key(key)
	l.b = append(l.b, "true"...)
}

// timeMillis is the form of every time in the logs.
const timeMillis = "2006-01-02T15:04:05.000Z07:00"

func (l *auditLine) addTime(key string, t time.Time) {
	l.key(key)
	l.b = append(l.b, '"')
	l.b = appendMillis(l.b, t)
	l.b = append(l.b, '"')
}

// appendMillis is AppendFormat by timeMillis, in less time.
func appendMillis(b []byte, t time.Time) []byte {
	t = t.In(regulation.Zone)
	year, month, day := t.Date()
	if year < 1000 || year > 9999 {
		return t.AppendFormat(b, timeMillis)
	}
	hour, minute, second := t.Clock()
	b = append(strconv.AppendInt(b, int64(year), 10), '-')
	b = append(appendTwo(b, int(month)), '-')
	b = append(appendTwo(b, day), 'T')
	b = append(appendTwo(b, hour), ':')
	b = append(appendTwo(b, minute), ':')
	b = append(appendTwo(b, second), '.')
	millis := t.Nanosecond() / int(time.Millisecond)
	b = appendTwo(append(b, byte('0'+millis/100)), millis%100)
	return append(b, "+08:00"...)
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func (l *auditLine) addID(key string, id uuid.UUID) {
	l.key(key)
	var text [36]byte
	encodeID(&text, id)
	l.b = append(l.b, '"')
	l.b = append(l.b, text[:]...)
	l.b = append(l.b, '"')
}

// encodeID is id's text, without the memory that its String takes.
func encodeID(text *[36]byte, id uuid.UUID) {
	const hex = "0123456789abcdef"
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = hex[b>>4], hex[b&15]
		at += 2
	}
}

func (l *auditLine) addAddress(key string, a netip.Addr) {
	l.key(key)
	l.b = append(l.b, '"')
	l.b = a.Unmap().WithZone("").AppendTo(l.b)
	l.b = append(l.b, '"')
}

func (l *auditLine) addCounts(key string, counts map[string]int) {
	b, err := json.Marshal(counts) // sorts the keys
	if err != nil {
		panic("logs: audit counts: " + err.Error()) // counts by words always have a JSON form
	}
	l.key(key)
	l.b = append(l.b, b...)
}

// addText adds what a peer may have sent, cut to maxText; an empty one only if always.
func (l *auditLine) addText(key, s string, always bool) {
	if s == "" && !always {
		return
	}
	l.addQuoted(key, clip(s, maxText))
}

// addLong adds what an operator wrote, cut to maxLong; an empty one not.
func (l *auditLine) addLong(key, s string) {
	if s != "" {
		l.addQuoted(key, clip(s, maxLong))
	}
}

func (l *auditLine) addQuoted(key, s string) {
	l.key(key)
	if !plain(s) {
		l.b = append(l.b, escape(s)...)
		return
	}
	l.b = append(l.b, '"')
	l.appendPlain(s)
	l.b = append(l.b, '"')
}

// appendPlain escapes what JSON asks for, and a byte that is no UTF-8.
func (l *auditLine) appendPlain(s string) {
	last := 0
	for i := 0; i < len(s); {
		size := 1
		if s[i] >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
		} else if s[i] >= ' ' && s[i] != '\\' && s[i] != '"' {
			i++
			continue
		}
		l.b = append(l.b, s[last:i]...)
		l.appendEscape(s[i])
		i += size
		last = i
	}
	l.b = append(l.b, s[last:]...)
}

func (l *auditLine) appendEscape(c byte) {
	switch {
	case c >= utf8.RuneSelf:
		l.b = append(l.b, `\ufffd`...)
	case c == '\\', c == '"':
		l.b = append(l.b, '\\', c)
	case c == '\n':
		l.b = append(l.b, `\n`...)
	case c == '\r':
		l.b = append(l.b, `\r`...)
	case c == '\t':
		l.b = append(l.b, `\t`...)
	default:
		l.b = appendEscaped(l.b, rune(c))
	}
}
