// Package regulation holds the words and codes of the specification that this
// product exists for, 期货公司客户交易终端信息采集及接入认证技术规范: AppID, account,
// abnormal flag, user type, terminal type, the longest each item may be, and the
// time zone that every printed time is in.
//
// It is a leaf: it has no bytes of a wire, no keys, no store. Every other room
// may use its words, so that a rule of the specification is written down once.
//
// Invariants:
//
//   - A value of type AppID or Account that came from its Parse function obeys the
//     grammar of the specification and can be in a report line: no separator, no
//     control character, no byte over its length.
//   - Nothing here is repaired. A value that breaks a rule is refused, never cut or
//     stripped: a record about a customer must have what was, or not exist.
package regulation
