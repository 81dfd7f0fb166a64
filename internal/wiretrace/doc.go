// Package wiretrace shows the frames of some terminals decoded, field by field, while an operator of the firm looks for the fault in a
// vendor's integration.
//
//	dialogue ──▶ Run (a dialogue.Tap): decode and mask ──▶ queue ──▶ the operator's stream
//
// # Invariants
//
//   - No secret leaves the event loop: frames are decoded and masked where they are, and wiped there as always. Passwords are hidden
//     whole; ciphertexts, challenges and answers are shown as length and digest; what follows the known items of a field,
//     and fields that are not known, as a length alone, since a second factor or an order may be there.
//   - A field that is shorter than its items, and has a password among them, is hidden whole: in it the password may be where another
//     item is read. So is a field that does not belong to its message, and each field of a login without a LoginRequest. What a vendor
//     writes into the place of another item, in a field that is otherwise right, is shown as that item.
//   - An event loop never waits for the trace: what the queue has no room for is dropped before it is decoded, and counted.
//   - At most one trace runs. Without one, a frame costs one atomic load.
//
// # States of a trace
//
//	running ──time is over, the operator leaves, the front stops──▶ ended: the tap is out, the queue is read to its end
//
// # Bounds
//
// MaxFor is how long a trace may run, queued how many events wait for the operator's stream, perSecond how many are decoded in a second.
//
// A crash ends the trace and leaves its first line in the audit log.
package wiretrace
