// Package quality shows how well the terminals of a trading day collected: how many logins have which 异常标识, by AppID and its
// version, with the trading day before beside it. It reads records, which have the flags beside the ciphertexts, and needs no private key.
//
// # Invariants
//
//   - Each record of a day is counted once, under its AppID and its flag.
//   - Both days are counted alike; what has no place in the table of AppIDs is counted under others, so that sums agree.
//
// # Bounds
//
// At most appsMost AppIDs a day have a line of their own in memory; further ones are counted together. It reads each record of both days
// once, in the store's order.
//
// # If we crash
//
// Nothing is written but the page that the caller asked for.
package quality
