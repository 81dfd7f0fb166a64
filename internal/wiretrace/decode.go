package wiretrace

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tradefront/tradefront/internal/ftd"
)

// decode shows a whole frame. It takes any bytes: what is wrong is a problem of what it is about.
func decode(frame []byte, fromTerminal bool) *Frame {
	f := &Frame{Length: len(frame)}
	decoded, n, err := ftd.DecodeFrame(frame, ftd.MaxBodyLen)
	if err != nil || n == 0 {
		f.Problems = append(f.Problems, header(frame, err))
		return f
	}
	f.Type = decoded.Type.Word()
	f.Extension = tagsOf(decoded.Ext)
	switch decoded.Type {
	case ftd.FrameFTDC:
		f.decodeMessage(decoded.Body, fromTerminal)
	case ftd.FrameNone:
		if decoded.IsHeartbeat() {
			f.Message = "heartbeat"
		}
	default:
		f.Problems = append(f.Problems, "a frame of this type is discarded")
	}
	return f
}

// header shows the lengths of what is no frame. Its other bytes may be of anything, also of a password.
func header(b []byte, err error) string {
	text := "no frame"
	if err != nil {
		text = err.Error()
	}
	if len(b) < ftd.FrameHeaderLen {
		return text
	}
	return fmt.Sprintf("%s: its first four bytes say type %d, extension header of %d bytes, body of %d bytes", text, b[0], b[1], binary.BigEndian.Uint16(b[2:]))
}

func tagsOf(ext []byte) (tags []Tag) {
	for len(ext) >= 2 && len(ext) >= 2+int(ext[1]) { // DecodeFrame has seen to it
		tags = append(tags, Tag{fmt.Sprintf("0x%02X", ext[0]), int(ext[1])})
		ext = ext[2+int(ext[1]):]
	}
	return tags
}

func (f *Frame) problem(format string, args ...any) {
	f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
}

func (f *Frame) decodeMessage(body []byte, fromTerminal bool) {
	if len(body) < ftd.MessageHeaderLen {
		f.problem("%s: %d bytes, want at least %d", ftd.FaultMessageShort.Word(), len(body), ftd.MessageHeaderLen)
		return
	}
	tid := ftd.TID(binary.BigEndian.Uint32(body[1:]))
	f.TID = fmt.Sprintf("0x%08X", uint32(tid))
	if name := tid.String(); !strings.HasPrefix(name, "TID(") {
		f.Message = name
	}
	f.Series, f.Number = binary.BigEndian.Uint16(body[6:]), binary.BigEndian.Uint32(body[8:])
	f.Chain = shownChar(body[5])
	content := body[ftd.MessageHeaderLen:]
	if body[0] != 2 {
		f.problem("%s: byte 0 of the message is %d, want 2", ftd.FaultVersion.Word(), body[0])
	}
	if _, err := ftd.DecodeHeader(body); errors.Is(err, ftd.FaultChain) {
		f.problem("%s: byte 5 of the message is %s, want S", ftd.FaultChain.Word(), f.Chain)
	}
	if n := int(binary.BigEndian.Uint16(body[14:])); n != len(content) {
		f.problem("%s: the header says %d bytes, %d are there", ftd.FaultContentLength.Word(), n, len(content))
	}
	f.decodeFields(content, int(binary.BigEndian.Uint16(body[12:])))
	if !fromTerminal {
		return
	}
	f.hideForeign(tid)
	if f.Chain == "S" {
		f.missing(tid)
	}
}

func (f *Frame) decodeFields(content []byte, count int) {
	seen := make(map[ftd.FID]bool)
	for len(content) > 0 {
		if len(content) < ftd.FieldHeaderLen {
			f.problem("%s: %d bytes are left behind the last field, too few for another", ftd.FaultFieldOverrun.Word(), len(content))
			return
		}
		fid, n := ftd.FID(binary.BigEndian.Uint32(content)), int(binary.BigEndian.Uint16(content[4:]))
		data := content[ftd.FieldHeaderLen:]
		field := Field{FID: fmt.Sprintf("0x%08X", uint32(fid)), Length: n}
		if layout, known := ftd.LayoutOf(fid); known {
			field.Name = fid.String()
			if n <= len(data) {
				field.decode(layout, data[:n])
			}
		} else {
			field.More = n
		}
		switch {
		case n > len(data):
			field.Problem = fmt.Sprintf("%s: the field says %d bytes, %d are left", ftd.FaultFieldOverrun.Word(), n, len(data))
			n = len(data)
		case seen[fid] && field.Name != "":
			field.Problem = ftd.FaultFieldTwice.Word()
		}
		seen[fid] = true
		f.Fields = append(f.Fields, field)
		content = data[n:]
	}
	if count != len(f.Fields) {
		f.problem("%s: the header says %d fields, %d are there", ftd.FaultFieldCount.Word(), count, len(f.Fields))
	}
}

// belong are the fields that a terminal's messages may have.
var belong = map[ftd.TID][]ftd.FID{
	ftd.TIDAuthenticate:   {ftd.FIDAuthIdentity, ftd.FIDAuthInfo},
	ftd.TIDUserLogin:      {ftd.FIDLoginRequest, ftd.FIDTerminalInfo, ftd.FIDResumePoints, ftd.FIDRelayedTerminal, ftd.FIDTerminalTag},
	ftd.TIDUserLogout:     {ftd.FIDLogoutRequest},
	ftd.TIDPasswordUpdate: {ftd.FIDPasswordUpdate},
	ftd.TIDTerminalSubmit: {ftd.FIDSubmitRequest, ftd.FIDRelayedTerminal, ftd.FIDTerminalInfo, ftd.FIDTerminalTag},
	ftd.TIDTerminalEnd:    {ftd.FIDSubmitRef},
}

// hideForeign takes the items out of fields whose FID may be wrong, for a password may be in them: of fields that do not belong to
// the message, and of all fields of a login without a LoginRequest.
func (f *Frame) hideForeign(tid ftd.TID) {
	lost := tid == ftd.TIDUserLogin && !f.has(ftd.FIDLoginRequest) || tid == ftd.TIDPasswordUpdate && !f.has(ftd.FIDPasswordUpdate)
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Name == "" || !lost && slices.ContainsFunc(belong[tid], func(fid ftd.FID) bool { return fid.String() == field.Name }) {
			continue
		}
		field.Items, field.More = nil, field.Length
		if !lost && field.Problem == "" {
			field.Problem = fmt.Sprintf("it does not belong into %v", tid)
		}
	}
}

func (f *Frame) has(fid ftd.FID) bool {
	return slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Name == fid.String() })
}

// required are the fields without which a message of a terminal's is malformed. An Authenticate may bring AuthInfo besides.
var required = map[ftd.TID][]ftd.FID{
	ftd.TIDAuthenticate:   {ftd.FIDAuthIdentity},
	ftd.TIDUserLogin:      {ftd.FIDLoginRequest, ftd.FIDTerminalInfo},
	ftd.TIDUserLogout:     {ftd.FIDLogoutRequest},
	ftd.TIDTerminalSubmit: {ftd.FIDSubmitRequest, ftd.FIDRelayedTerminal, ftd.FIDTerminalInfo},
	ftd.TIDTerminalEnd:    {ftd.FIDSubmitRef},
}

// missing notes the required fields that are not there.
func (f *Frame) missing(tid ftd.TID) {
	for _, fid := range required[tid] {
		if !f.has(fid) {
			f.problem("%s: %v", ftd.FaultFieldMissing.Word(), fid)
		}
	}
}

// secret are the items whose value is never shown, by name.
var secret = map[string]bool{"Password": true, "OldPassword": true, "NewPassword": true, "MAC": true, "Tag": true}

func hasSecret(l *ftd.Layout) bool {
	return slices.ContainsFunc(l.Items, func(item ftd.Item) bool { return secret[item.Name] })
}

func (f *Field) decode(layout *ftd.Layout, data []byte) {
	if len(data) < layout.Len() {
		f.Problem = fmt.Sprintf("%s: %d bytes, want at least %d", ftd.FaultFieldShort.Word(), len(data), layout.Len())
		if hasSecret(layout) {
			return
		}
	}
	optional := false
	for again := true; again; again = layout.Run && len(data) > 0 {
		for i := range layout.Items {
			item := &layout.Items[i]
			if item.Optional && !optional {
				if optional = true; len(data) < optionalLen(layout) {
					f.More = len(data)
					return
				}
			}
			n := item.Len
			if n == 0 {
				n = len(data)
			}
			if n > len(data) {
				if f.Problem == "" {
					f.Problem = fmt.Sprintf("%s: it ends within %s", ftd.FaultFieldShort.Word(), item.Name)
				}
				f.More = len(data)
				return
			}
			f.Items = append(f.Items, shown(item, data[:n]))
			data = data[n:]
		}
	}
	f.More = len(data)
}

func optionalLen(l *ftd.Layout) (n int) {
	for i := range l.Items {
		if l.Items[i].Optional {
			n += l.Items[i].Len
		}
	}
	return n
}

// shown is one item, masked if it is a secret: of those nothing is copied.
func shown(item *ftd.Item, data []byte) Item {
	x := Item{Name: item.Name}
	if secret[item.Name] {
		x.Value, x.Masked, x.Problem = hidden(data), true, textProblem(bytes.TrimRight(data, " "))
		return x
	}
	switch item.Kind {
	case ftd.ItemChar:
		x.Value = shownChar(data[0])
	case ftd.ItemWord:
		x.Value = strconv.Itoa(int(binary.BigEndian.Uint16(data)))
	case ftd.ItemInt:
		x.Value = strconv.Itoa(int(int32(binary.BigEndian.Uint32(data))))
	case ftd.ItemDigits:
		x.Value = string(data)
		if bytes.ContainsFunc(data, func(r rune) bool { return r < '0' || r > '9' }) {
			x.Value, x.Problem = strconv.QuoteToASCII(string(data)), fmt.Sprintf("want %d decimal digits", item.Len)
		}
	case ftd.ItemText:
		x.text(data)
	case ftd.ItemBytes:
		x.Value, x.Masked = digest(data), true
	}
	return x
}

// text shows a text as it is if nothing in it deceives a reader.
func (x *Item) text(data []byte) {
	text := bytes.TrimRight(data, " ")
	x.Value, x.Problem = string(text), textProblem(text)
	if x.Problem != "" || bytes.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		x.Value = strconv.QuoteToASCII(x.Value)
	}
}

// textProblem is why a text without its padding is answered by error 15.
func textProblem(text []byte) string {
	switch {
	case bytes.HasSuffix(text, []byte{0}):
		return "it is padded with NUL, want spaces"
	case !utf8.Valid(text):
		return "it is not valid UTF-8; is it GBK?"
	case !ftd.IsText(text):
		return "it contains a control character"
	}
	return ""
}

func shownChar(c byte) string {
	if c > ' ' && c < 0x7F {
		return string(rune(c))
	}
	return fmt.Sprintf("0x%02X", c)
}

// digestLen is how many bytes of a digest are shown: enough to compare two frames by.
const digestLen = 8

func digest(data []byte) string {
	if len(data) == 0 {
		return "empty"
	}
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%d bytes, SHA-256 %s…", len(data), hex.EncodeToString(sum[:digestLen]))
}

func hidden(data []byte) string {
	if len(bytes.TrimRight(data, " ")) == 0 {
		return "empty"
	}
	return "hidden"
}
