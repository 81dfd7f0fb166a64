package corecheck

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Request is a business request of the core's own.
type Request struct {
	TID    ftd.TID
	Fields []RequestField
}

// RequestField is one of its fields.
type RequestField struct {
	FID  ftd.FID
	Data []byte
}

// ParseRequest reads a TID, and after it fields as FID=HEX; numbers are written as in Go: 0x3 0xA001=48656C6C6F.
func ParseRequest(text string) (r Request, err error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return r, errors.New("it is empty: want a TID, and fields as FID=HEX")
	}
	tid, err := strconv.ParseUint(words[0], 0, 32)
	if err != nil || tid == 0 {
		return r, fmt.Errorf("%.40q is no TID: want a number, as 0x3", words[0])
	}
	r.TID = ftd.TID(tid)
	for _, word := range words[1:] {
		number, digits, _ := strings.Cut(word, "=")
		fid, badFID := strconv.ParseUint(number, 0, 32)
		data, badData := hex.DecodeString(digits)
		if badFID != nil || badData != nil || len(data) == 0 {
			return r, fmt.Errorf("%.40q is no field: want FID=HEX, as 0xA001=48656C6C6F", word)
		}
		r.Fields = append(r.Fields, RequestField{ftd.FID(fid), data})
	}
	e := ftd.BeginSession(nil, r.TID, ftd.SessionTag{})
	for _, f := range r.Fields {
		e.Raw(f.FID, f.Data)
	}
	if _, err := e.End(); err != nil {
		return r, fmt.Errorf("it is no message: %w", err)
	}
	return r, nil
}
