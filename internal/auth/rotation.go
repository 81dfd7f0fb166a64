package auth

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// Rotate makes code the current authcode of a, answered with by that cipher. Its current
// one becomes the previous one, valid until that instant, or is forgotten if until is
// zero. A previous one that is there already falls out. With an error a is unchanged.
func (k *MasterKey) Rotate(a *App, code AuthCode, cipher Cipher, until time.Time) error {
	next := *a
	next.Cipher, next.Previous = cipher, Predecessor{}
	if !until.IsZero() {
		var err error
		if next.Previous, err = k.retire(a, code, until); err != nil {
			return err
		}
	}
	sealed, err := k.Seal(a.AppID, code)
	if err != nil {
		return err
	}
	next.Sealed = sealed
	*a = next
	return nil
}

// retire makes a previous code of the current one.
func (k *MasterKey) retire(a *App, code AuthCode, until time.Time) (Predecessor, error) {
	old, err := k.Open(a.AppID, a.Sealed)
	if err != nil {
		return Predecessor{}, fmt.Errorf("the current authcode cannot stay valid beside the new one: %w", err)
	}
	defer old.Wipe()
	if code.code != nil && subtle.ConstantTimeCompare(old.code[:], code.code[:]) == 1 {
		return Predecessor{}, errors.New("this is the current authcode already")
	}
	sealed, err := k.SealPrevious(a.AppID, old, until)
	return Predecessor{Sealed: sealed, Cipher: a.Cipher, Until: until}, err
}
