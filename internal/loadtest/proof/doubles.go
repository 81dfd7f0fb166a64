package proof

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// The form of an entry in the sort by ciphertext: digest, 0 if it was answered and 1 if it is only stored, RecordID, account.
const (
	textLen  = len(digest{})
	textHead = textLen + 1 + len(uuid.UUID{})
)

// addTexts adds the ciphertexts of a group, where it has any.
func (r *run) addTexts(g *group) error {
	add := func(text digest, stored byte, e *entry) error {
		if text == (digest{}) {
			return nil
		}
		r.place = append(append(append(r.place[:0], text[:]...), stored), e.id[:]...)
		r.place = append(r.place, e.items.account...)
		return r.byText.Add(r.place)
	}
	if g.answers > 0 {
		return add(g.answer.items.text, 0, &g.answer)
	}
	return add(g.record.items.text, 1, &g.record)
}

// findDoubles finds logins that have a second record, or a second answer, under another RecordID: by the ciphertext that their
// terminal sent.
func (r *run) findDoubles(ctx context.Context) error {
	sorted, err := r.byText.SortContext(ctx)
	if err != nil {
		return err
	}
	var first []byte // of those with the same ciphertext: one that was answered, if any was
	for n := 0; ; n++ {
		if n%step == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(b) < textHead {
			return errEntry
		}
		if first == nil || !bytes.Equal(first[:textLen], b[:textLen]) {
			first = append(first[:0], b...)
			continue
		}
		if first[textLen] == 0 {
			r.double(first, b)
		}
	}
}

func (r *run) double(first, again []byte) {
	answered := uuid.UUID(first[textLen+1 : textHead]).String()
	kind, detail := result.Doubled, "stored again under another RecordID; it was answered as "+answered
	if again[textLen] == 0 {
		kind, detail = result.AnsweredTwice, "answered again under another RecordID; it was answered as "+answered
	} else {
		r.found.Others-- // it is a difference, and counts once
	}
	r.found.Add(result.Discrepancy{
		Kind: kind, RecordID: uuid.UUID(again[textLen+1 : textHead]).String(), Account: string(again[textHead:]), Detail: detail,
	}, r.opt.Limit)
}
