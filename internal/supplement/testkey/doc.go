// Package testkey opens ciphertexts with a private key of a test pair, for the check of a
// report, the demo and the tests.
//
// It is a package of its own because a private key never reaches a front: a front encrypts
// under the public keys that the monitoring centre granted, and a person who has a private
// one can read every customer's terminal. Nothing that runs inside `tradefront serve` may
// import this package; supplement, which it does use, refuses private keys. A key that was
// granted for production has no private half in the firm.
//
// # Invariants
//
//   - Parse takes what supplement.ParsePublicKey takes the public half of: RSA-2048 and SM2.
//   - Decrypt opens the one form that supplement makes: for RSA PKCS#1 v1.5, for SM2 the
//     raw C1C3C2 form. Anything else is an error, never a wrong plaintext, up to the
//     chance that random bytes look like PKCS#1 v1.5 padding (below one in 30,000).
//   - No error contains a part of the key or of a plaintext.
//
// With PKCS#1 v1.5, an attacker who can request many decryptions and see the errors decrypts
// without the key: never put Decrypt behind a network.
//
// No files, no state: a crash leaves nothing.
package testkey
