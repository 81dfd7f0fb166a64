//go:build !linux

package doctor

import "errors"

func readClock() (clockState, error) { return clockState{}, errors.New("this system has no adjtimex") }
