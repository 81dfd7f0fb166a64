// Package keypair makes the key pairs of tests: as the monitoring centre makes them, its half in
// the form of a test key, the front's half as it is granted. Each is made once and kept with what package built keeps, so that
// the packages of a test run make none of their own: an RSA key takes a tenth of a second and more.
//
// A pair is named by its number: tests that take the same number share the pair, which none of
// them may change.
package keypair
