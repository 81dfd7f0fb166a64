// Package supportbundle gathers what a developer needs to find a fault of a front, in one file that may leave the
// firm: versions, the configuration in force, what doctor finds, and of the running front its readiness, metrics,
// goroutines, an execution trace and the last lines of its log; and the last events of the audit log.
//
//	sections, side by side ──▶ redaction ──▶ last search for secrets ──▶ tar.gz with MANIFEST.txt
//	    cannot be made ──▶ left out, and MANIFEST.txt says why          └─ found ──▶ left out
//
// # Invariants
//
//   - No secret, no account and no address is in clear. Accounts, addresses, hosts and persons become a kind and a keyed
//     hash, as address-3f0c9a52d1: equal ones are equal everywhere in the bundle. The key is drawn for each bundle and is
//     not in it, since all addresses of the world could be tried against a hash without one.
//   - Of an audit line, the keys that are known to be harmless stay; the value of every other key is replaced. A key that a
//     later version adds is replaced until it is listed here.
//   - Addresses of loopback and the unspecified address stay: they belong to no customer.
//   - A bundle is made also when the front, the database or both are down. What is missing is named with its reason.
//   - It changes nothing, but for what doctor may change.
//
// # Bounds
//
// A section takes sectionPatience and has a largest size each; auditTail bytes and auditLines lines of the audit log.
//
// A crash leaves no file under the bundle's name (package files).
package supportbundle
