package ftd_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
)

// linkVectors are the cases of the link to a trading core.
func linkVectors(tb testing.TB) []vector {
	tb.Helper()
	paths, err := filepath.Glob("../../test/vectors/link/*.vec")
	if err != nil || len(paths) < 100 {
		tb.Fatalf("found %d vectors of the link, err %v", len(paths), err)
	}
	all := make([]vector, len(paths))
	for i, path := range paths {
		all[i] = readVector(tb, path)
	}
	return all
}

func TestLinkVectors(t *testing.T) {
	for _, v := range linkVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			if v.header["kind"] != "link" || v.header["from"] != "front" && v.header["from"] != "core" {
				t.Fatalf("kind %q, from %q", v.header["kind"], v.header["from"])
			}
			want := map[string]string{}
			for _, key := range []string{"expect", "message", "fields", "item", "session", "audience", "tid", "chain", "series", "number"} {
				if value := v.header[key]; value != "" {
					want[key] = value
				}
			}
			if diff := cmp.Diff(want, receiveLink(t, v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLinkVectorsCoverTheLink: each message, field and way to be wrong has a case, good and bad.
func TestLinkVectorsCoverTheLink(t *testing.T) {
	have := map[string]bool{}
	for _, v := range linkVectors(t) {
		have[v.header["expect"]], have["message "+v.header["message"]] = true, true
		for name := range strings.FieldsSeq(v.header["fields"]) {
			have["field "+name] = true
		}
	}
	for _, word := range []string{
		"ok", "incomplete", "illegal_item", "extension_long", "body_long", "tlv_overrun", "message_short", "version", "chain",
		"content_length", "field_count", "field_overrun", "field_twice", "field_short",
		"no_session", "unknown_audience", "bad_accept", "bad_credit", "credit", "bad_verify",
		"message business", "message heartbeat", "message RequestCode",
	} {
		if !have[word] {
			t.Errorf("no vector of the link has %q", word)
		}
	}
	// The link's range, to its end: the table of names says which of it are known.
	for tid := ftd.TIDLinkLogin; tid <= 0x90FF; tid++ {
		if isNamed(tid) && !have["message "+tid.String()] {
			t.Errorf("no vector is a good %v", tid)
		}
	}
	for fid := ftd.FIDLinkIdentity; fid <= 0x90FF; fid++ {
		if isNamed(fid) && !have["field "+fid.String()] {
			t.Errorf("no vector has a good %v", fid)
		}
	}
}

// isNamed reports whether a TID or FID is in the table of names.
func isNamed(id fmt.Stringer) bool { return !strings.Contains(id.String(), "(0x") }

// receiveLink does what the receiver of a frame of the link does, in the words of a header.
func receiveLink(t *testing.T, v vector) map[string]string {
	frame, n, err := ftd.DecodeFrame(v.bytes, ftd.MaxBodyLen)
	switch {
	case err != nil:
		return refusal(t, err)
	case n == 0:
		return map[string]string{"expect": "incomplete"}
	case n != len(v.bytes):
		t.Errorf("frame of %d bytes in a vector of %d", n, len(v.bytes))
	case frame.IsHeartbeat():
		return map[string]string{"expect": "ok", "message": "heartbeat"}
	}
	h, err := ftd.DecodeHeader(frame.Body)
	if err != nil {
		return refusal(t, err)
	}
	var got map[string]string
	if h.TID.Business() && v.header["reader"] != "core" {
		got = map[string]string{
			"expect": "ok", "message": "business", "tid": fmt.Sprintf("0x%08x", uint32(h.TID)), "chain": string(h.Chain),
			"series": strconv.Itoa(int(h.SequenceSeries)), "number": strconv.Itoa(int(h.SequenceNumber)),
		}
	} else if got = receiveMessage(t, frame.Body); got["expect"] != "ok" {
		return got
	}
	if word := belongs(frame.Ext, h.TID, got); word != "" {
		return map[string]string{"expect": word}
	}
	if word := linkRule(t, v, frame.Body); word != "" {
		return map[string]string{"expect": word}
	}
	return got
}

// belongs notes whose a frame is, or returns what is wrong with that.
func belongs(ext ftd.Extension, tid ftd.TID, got map[string]string) string {
	switch tid {
	case ftd.TIDLinkLogin, ftd.TIDStateChange, ftd.TIDLinkCredit:
		return ""
	}
	if tag, ok := ext.Session(); ok {
		got["session"] = fmt.Sprintf("%d/%d", tag.FrontID, tag.SessionID)
		return ""
	}
	if data, _ := ext.Lookup(ftd.TagAudience); len(data) != 1 {
		return "no_session"
	}
	to, ok := ext.Audience()
	if !ok {
		return "unknown_audience"
	}
	got["audience"] = string(rune(to))
	return ""
}

// linkRule is what is wrong with a well-formed message of a core by docs/core.md, or "". The vectors' requests are
// about account 88888888; the receiver's credit before the message is in the header.
func linkRule(t *testing.T, v vector, body []byte) string {
	m, err := ftd.DecodeMessage(body)
	if err != nil || v.header["from"] != "core" || m.TID.Business() {
		return ""
	}
	code := -1
	if data, ok := m.Field(ftd.FIDError); ok {
		var e ftd.Error
		if err := e.Decode(data); err != nil {
			t.Fatal(err)
		}
		code = e.Code
	}
	switch m.TID {
	case ftd.TIDLinkLogin, ftd.TIDStateChange:
		data, ok := m.Field(ftd.FIDLinkAccept)
		if !ok {
			return ""
		}
		return acceptRule(t, data)
	case ftd.TIDLinkCredit:
		return creditRule(t, v, m)
	case ftd.TIDSessionVerify:
		return verifyRule(t, m, code)
	}
	return ""
}

func acceptRule(t *testing.T, data []byte) string {
	var a ftd.LinkAccept
	if err := a.Decode(data); err != nil {
		t.Fatal(err)
	}
	_, noUUID := uuid.ParseBytes(a.Instance)
	_, noDay := time.Parse("20060102", string(a.TradingDay))
	state := a.State == ftd.CoreInitialising || a.State == ftd.CoreActive || a.State == ftd.CoreStandby
	if noUUID != nil || noDay != nil || !state || len(a.CoreID) == 0 || a.Term < 0 {
		return "bad_accept"
	}
	if a.Credit < ftd.UnlimitedCredit {
		return "bad_credit"
	}
	return ""
}

func creditRule(t *testing.T, v vector, m ftd.Message) string {
	before, err := strconv.Atoi(v.header["credit"])
	if err != nil {
		t.Fatalf("the header names no credit: %v", err)
	}
	data, _ := m.Field(ftd.FIDLinkCredit)
	var c ftd.LinkCredit
	if err := c.Decode(data); err != nil {
		t.Fatal(err)
	}
	if c.Frames == ftd.UnlimitedCredit {
		return ""
	}
	switch {
	case c.Frames < 0:
		return "bad_credit"
	case c.Frames == 0 || before+int(c.Frames) > math.MaxInt32:
		return "credit"
	}
	return ""
}

func verifyRule(t *testing.T, m ftd.Message, code int) string {
	data, there := m.Field(ftd.FIDVerifyResult)
	if code < 0 || code == 0 && !there {
		return "bad_verify"
	}
	if !there {
		return ""
	}
	var r ftd.VerifyResult
	if err := r.Decode(data); err != nil {
		t.Fatal(err)
	}
	if string(r.UserID) != "88888888" || r.UserType != '1' && r.UserType != '2' ||
		r.Restriction != ftd.RestrictionNone && r.Restriction != ftd.RestrictionPasswordOnly {
		return "bad_verify"
	}
	return ""
}
