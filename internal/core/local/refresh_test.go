package local

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

func TestRefreshWithoutChangeReadsNoRows(t *testing.T) {
	h := newHouse(t, nil)
	if changed, err := h.Refresh(t.Context()); changed || err != nil || h.source.reads != 1 {
		t.Fatalf("changed %v, %v, %d reads", changed, err, h.source.reads)
	}
	if s := h.Stats(); s.Accounts != 2 || !h.Loaded() {
		t.Errorf("%+v", s)
	}
}

func TestRefreshKeepsTheOldSnapshotWhenTheSourceFails(t *testing.T) {
	h := newHouse(t, nil)
	down := errors.New("database is away")
	for name, fail := range map[string]func(){
		"generation": func() { h.source.genErr, h.source.err = down, nil },
		"accounts":   func() { h.source.genErr, h.source.err = nil, down },
	} {
		h.source.set()
		fail()
		if changed, err := h.Refresh(t.Context()); changed || !errors.Is(err, down) {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
		h.want(name, h.try(alice, "right", home), 0)
	}
	h.source.genErr, h.source.err = nil, nil
	h.refresh()
	h.want("what changed meanwhile is not missed", h.try(alice, "right", home), reason.UnknownAccount)
}

func TestRefreshLeavesBadRowsOut(t *testing.T) {
	h := newHouse(t, nil)
	good := account(t, alice, regulation.UserCustomer, "right")
	twice := account(t, alice, regulation.UserCustomer, "other")
	noHash, noType := good, good
	noHash.Account, noHash.PasswordHash = "1", "right"
	noType.Account, noType.UserType = "2", '3'
	noName := good
	noName.Account = "no account"
	h.source.set(noHash, good, noType, twice, noName)
	changed, err := h.Refresh(t.Context())
	if !changed || err == nil {
		t.Fatalf("changed %v, %v", changed, err)
	}
	var ids []regulation.Account
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var row *RowError
		if !errors.As(e, &row) {
			t.Fatalf("%v is no *RowError", e)
		}
		ids = append(ids, row.Account)
	}
	if len(ids) != 4 || ids[0] != "1" || ids[1] != "2" || ids[2] != alice || ids[3] != "no account" {
		t.Errorf("reported %q", ids)
	}
	h.want("the good row", h.try(alice, "right", home), 0)
	h.want("a left-out row", h.try("1", "right", home), reason.UnknownAccount)
}

func TestVerifyDuringRefresh(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Parallel, o.LockFailures, o.LockSourceFailures = 4, 1000, 1000 })
	ctx, done := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				h.want("during a refresh", h.try(alice, "right", home), 0)
				h.Stats()
			}
		})
	}
	rows := h.source.accounts
	for range 100 {
		rows[0].Unlocked = rows[0].Unlocked.Add(time.Second)
		h.source.set(append([]Account(nil), rows...)...)
		h.refresh()
	}
	done()
	readers.Wait()
}

func TestOptions(t *testing.T) {
	good := Options{
		Params: cheap, HashQueue: 1, Remember: time.Hour, RememberAccounts: 1,
		LockFailures: 1, LockSourceFailures: 1, LockDecay: 1,
	}
	if _, err := New(&table{}, good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"params":               func(o *Options) { o.Params.Iterations = 0 },
		"parallel":             func(o *Options) { o.Parallel = -1 },
		"hash queue":           func(o *Options) { o.HashQueue = -1 },
		"remember":             func(o *Options) { o.Remember = -1 },
		"remember accounts":    func(o *Options) { o.RememberAccounts = 0 },
		"lock failures":        func(o *Options) { o.LockFailures = 0 },
		"lock source failures": func(o *Options) { o.LockSourceFailures = 0 },
		"lock decay":           func(o *Options) { o.LockDecay = 0 },
	} {
		o := good
		change(&o)
		if _, err := New(&table{}, o); err == nil {
			t.Errorf("%s: a senseless value was accepted", name)
		}
	}
}
