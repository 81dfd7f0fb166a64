package supportbundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"sync"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
)

const (
	auditTail  = 4 << 20 // bytes of the audit log that are looked at, from its end
	auditLines = 5000    // of them, the last
)

// What becomes of the keys of an audit line; the value of any other is replaced as a kindValue.
var (
	// harmless keys say nothing of a customer.
	harmless = map[string]bool{
		"time": true, "event": true, "reason": true, "code": true, "ref": true, "item": true, "record_id": true,
		"authcode": true, "right_blocks": true, "front_id": true, "session_id": true, "relay_mode": true, "terminal_app": true, "re_reported": true,
		"visits": true, "closing": true, "since": true, "lines": true, "reasons": true, "trading_day": true, "flag": true, "terminal_problem": true,
		"user_type": true, "action": true, "command": true,
	}
	// forms are those of values that a terminal or a relay chose, and that are logged before any check: what has another form may be
	// anything. A key version is looked up among the configured ones besides.
	forms = sync.OnceValue(func() map[string]*regexp.Regexp {
		return map[string]*regexp.Regexp{
			"submit_id":           regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
			"attempt":             regexp.MustCompile(`^[01]$`),
			"terminal_login_time": regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$`),
			"upstream_ref":        regexp.MustCompile(`^[0-9A-Z]{6}$`),
		}
	})
	// kinds are what the values of the others are.
	kinds = map[string]string{
		"account": kindAccount, "operator": kindAccount,
		"address": kindAddress, "proxy": kindAddress, "relay_address": kindAddress, "terminal_address": kindAddress, "source": kindAddress,
		"by": kindPerson,
	}
	// dropped keys are part of an address.
	dropped = map[string]bool{"port": true, "terminal_port": true}
)

// auditEvents are the last lines of the audit log at path, redacted.
func (r *redactor) auditEvents(path string) ([]byte, error) {
	tail, err := tailOf(path, auditTail)
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(tail, []byte("\n"))
	lines = lines[max(0, len(lines)-auditLines-1):]
	var out bytes.Buffer
	for _, line := range lines {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		redacted, err := r.auditLine(line)
		if err != nil { // torn by a crash, or no entry: nothing is known of its parts
			redacted = []byte(`{"unreadable":true}`)
		}
		out.Write(redacted)
		out.WriteByte('\n')
	}
	if out.Len() == 0 {
		return nil, errors.New("it has no lines")
	}
	return out.Bytes(), nil
}

// auditLine keeps the order of the keys.
func (r *redactor) auditLine(line []byte) ([]byte, error) {
	in := json.NewDecoder(bytes.NewReader(line))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("no object")
	}
	out := []byte{'{'}
	for in.More() {
		t, err := in.Token()
		key, is := t.(string)
		if err != nil || !is {
			return nil, errors.New("no key")
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, err
		}
		if dropped[key] {
			continue
		}
		if value, err = r.auditValue(key, value); err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	if _, err := in.Token(); err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

func (r *redactor) auditValue(key string, value json.RawMessage) (json.RawMessage, error) {
	if harmless[key] {
		return value, nil
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value) // a number
	}
	return json.Marshal(r.auditText(key, text))
}

func (r *redactor) auditText(key, text string) string {
	switch kind := kinds[key]; kind {
	case kindAccount:
		return r.account(text)
	case kindAddress:
		return r.address(text)
	case "":
	default:
		return r.token(kind, text)
	}
	if form := forms()[key]; form != nil && form.MatchString(text) || key == "key_version" && r.versions[text] {
		return text
	}
	if key == "app_id" || key == "relay_app_id" {
		// As sent, until it is authenticated: a program may send what it likes.
		if _, err := regulation.ParseAppID(text); err == nil {
			return text
		}
	}
	return r.token(kindValue, text)
}

// tailOf are the last bytes of a file, at most most, from the beginning of a line on.
func tailOf(path string, most int64) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-most)
	tail, err := io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	if err != nil || from == 0 {
		return tail, err
	}
	_, tail, _ = bytes.Cut(tail, []byte("\n"))
	return tail, nil
}
