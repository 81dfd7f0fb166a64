// Package ftd turns bytes into frames, messages, fields and items, and back: the
// framing of JR/T 0016-2014 《期货交易数据交换协议》 (FTD) with the private TIDs and FIDs
// of docs/protocol.md, sections 1 to 3.
//
// It does no I/O, reads no clock and has no rule about logins: which message may come
// when, and what an item may contain, package session decides. A receiver takes three
// steps, each of which checks everything that can be known at that point:
//
//	bytes ── DecodeFrame ──▶ Frame ── DecodeMessage ──▶ Message ── X.Decode ──▶ items
//
// A sender takes one: Begin, a method for each field, End.
//
// # Two ways to be wrong
//
// Malformed: the bytes are no frame, message or field. The error is a Fault, a value of
// a closed enum, and the connection cannot go on, because the receiver does not know
// where the next frame starts or what the peer meant.
//
// Well-formed with an illegal item: the error is a *FieldError, and the front answers
// error 15. It names the item and never holds its value, since items are passwords and
// addresses, and errors end up in logs.
//
// # Invariants
//
//   - Nothing is read beyond the slice that was given, and nothing in it is changed.
//   - What a decoder returns aliases its input: Frame, Extension, Message, Fields and
//     every []byte item are valid as long as the input is. Copy what is needed longer.
//   - Decoding well-formed bytes allocates nothing; neither does naming a Fault, nor
//     encoding into a slice that has room.
//   - What an Encoder hands out, the decoders accept, and they give back equal items.
//   - A text item is never repaired. A receiver removes the padding alone, trailing spaces;
//     so a text that ends in a space, a password for example, cannot be sent, and the Encoder
//     refuses it instead of changing it.
//
// # Bounds
//
// MaxExtLen and MaxBodyLen bound a frame, and both are checked on its first 4 bytes:
// a peer cannot make a receiver wait for, or hold, more than 4 + 127 + 4096 bytes. A
// message holds at most 680 fields, since each takes FieldHeaderLen of the body.
//
// There is no state between calls and nothing on disk: a crash leaves nothing.
package ftd
