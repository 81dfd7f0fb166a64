//go:build cgo

package main

/*
#cgo CFLAGS: -I${SRCDIR}/../shim
#include <stdlib.h>
#include "result.h"
*/
import "C"

import (
	"context"
	"encoding/base64"
	"errors"
	"unsafe"

	"github.com/tradefront/tradefront/client/collect"
)

// What the linker sets.
var (
	keyBase64  string // the public key's PEM in base64, since the linker's flags are words
	keyVersion string
	kind       string // "pro" or "tst"
)

// errKey is the cause of a library that was built without its builder.
var errKey = errors.New("the key in this library cannot be used")

// noRandom is what a source of random bytes panics with: crypto/rand ends the process at an error.
type noRandom struct{}

//export tfcGoReady
func tfcGoReady() {}

// tfcGoCollect fills r, which the C half has zeroed, and returns the code.
//
//export tfcGoCollect
func tfcGoCollect(wantClear C.int, r *C.struct_tfc_result) (code C.int) {
	defer func() {
		switch recover().(type) {
		case nil:
		case noRandom:
			code = C.TFC_NO_RANDOM
		default:
			code = C.TFC_INTERNAL
		}
	}()
	defer collectGarbage()
	key, err := ownKey()
	if err != nil {
		return C.TFC_KEY
	}
	found, err := collect.Collect(context.Background(), collect.Options{})
	if err != nil {
		return C.TFC_INTERNAL
	}
	info, err := found.Seal(key)
	if err != nil {
		return C.TFC_KEY
	}
	fill(r, found, &info, wantClear == 1 && kind == "tst")
	if info.Ciphertext == nil {
		return C.TFC_NOTHING
	}
	return C.int(found.Missing())
}

func ownKey() (*collect.Key, error) {
	pem, err := base64.StdEncoding.DecodeString(keyBase64)
	if err != nil {
		return nil, errKey
	}
	return collect.ParseKey(keyVersion, pem)
}

func fill(r *C.struct_tfc_result, found *collect.Result, info *collect.TerminalInfo, inClear bool) {
	r.missing = C.uint(found.Missing())
	r.flag = C.char(found.Flag())
	if info.Ciphertext != nil {
		field := info.Append(nil)
		r.ciphertext, r.ciphertext_len = (*C.uchar)(C.CBytes(info.Ciphertext)), C.size_t(len(info.Ciphertext))
		r.field, r.field_len = (*C.uchar)(C.CBytes(field)), C.size_t(len(field))
	}
	explain := found.Explain
	if inClear {
		explain = found.ExplainClear
	}
	r.explain = C.CString(explain(collect.Chinese) + explain(collect.English))
	fillItems(r, found.Report(inClear).Items)
}

func fillItems(r *C.struct_tfc_result, items []collect.ReportItem) {
	r.items = (*C.tfc_item)(C.calloc(C.size_t(len(items)), C.sizeof_tfc_item))
	r.count = C.int(len(items))
	to := unsafe.Slice(r.items, len(items))
	for i, it := range items {
		to[i] = C.tfc_item{
			name: C.CString(it.Item), state: states[it.State], source: C.CString(it.Source),
			advice_zh: C.CString(it.AdviceZh), advice_en: C.CString(it.AdviceEn), masked: C.CString(it.Value),
		}
	}
}

var states = map[string]C.int{
	collect.Present.String(): C.TFC_PRESENT, collect.Cut.String(): C.TFC_CUT, collect.Absent.String(): C.TFC_ABSENT,
	collect.Denied.String(): C.TFC_DENIED, collect.Foreign.String(): C.TFC_FOREIGN, collect.NotApplicable.String(): C.TFC_NOT_APPLICABLE,
}
