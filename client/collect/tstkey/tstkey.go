// Package tstkey is the public test key: a pair whose private half is in this repository for all to read. A string that is sealed under it
// is no secret, so a vendor can open what his terminal sent, and see today what a broker would find in weeks.
//
// Never configure it at a front that takes customers, nor build it into a terminal for them. The package collect does not import it.
package tstkey

import _ "embed" // of the two files

// Version is the pair's key version.
const Version = "tst"

// Public is the half that seals, in PEM.
//
//go:embed public.pem
var Public []byte

// Private is the half that opens, in PEM.
//
//go:embed private.pem
var Private []byte
