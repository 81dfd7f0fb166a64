// Package door decides who may come in, before a connection costs anything: how many in
// total, how many of one source, how many that have not authenticated, and which sources
// have misbehaved. It is pure: no sockets, no clock of its own.
//
// # A connection's way
//
//	accept ─▶ Admit ───────────────▶ in ─▶ Authenticated ⇄ LoggingIn ─▶ Leave
//	accept ─▶ Enter ─▶ (header) Learn ─▶ in ─▶ Authenticated ⇄ LoggingIn ─▶ Leave
//
// Admit is for a listener whose peer is the client. Behind a trusted proxy the client is
// known only after the proxy's header: Enter holds the connection to the total alone,
// Learn to everything else. Whoever was let in by Admit or Enter must Leave, once,
// whatever became of it; whoever was refused by Admit or Enter must not.
//
// A verdict has up to two parts: the reason for which the newcomer is refused, and the
// victim that has to go instead. A victim is out of all caps from that moment on; the
// caller closes it, and its Leave then follows like any other's.
//
// # Who loses
//
// A source, and the networks around it, are what package source says. Dropping newcomers would
// let whoever holds all half-open connections lock every customer out. So the one that goes is
// the oldest unauthenticated connection of the source that is heaviest: that holds most of
// them, by itself or with its network, of which as many count as one source's as its share
// is; among sources that are as heavy, of the one that has been waiting longest. So thousands
// of sources of one subscriber weigh more than a customer, and an office more than nobody. An honest terminal
// authenticates in a moment and is never that one. A newcomer loses only if its own source
// is the heaviest. From Start unauthenticated connections on this happens with a
// probability that rises from Rate percent to certainty at Full, and always when the total
// is reached: an unauthenticated connection never costs a newcomer its place.
//
// Nor does one that has authenticated and keeps its place without logging in: an authcode
// is in every copy of a terminal. When the total is reached and everybody has
// authenticated, the one that has been idle longest goes. Who is logged in, or whose login
// is on its way, never does.
//
// # Penalties
//
// Each offence adds seconds to its source's debt, and a debt falls by one second a second.
// Once it is over Threshold, newcomers of the source are refused until it is paid. The
// threshold is higher by itself for each connection of the source that has authenticated,
// and for each login that was accepted from it since it was last without one for a day: a
// campus is not shut for one broken terminal, nor before its customers are at work. It stays
// below Max, whatever speaks for the source: a flood is refused in the end. Then a source
// that logins speak for still has a reserve of connections a second, since nothing tells its
// customers from the stranger among them. A wrong password is no offence: core has its locks.
//
// The networks around a source owe a share of each offence by the same rules. Their debts do
// not shut sources that logins speak for.
// Exempt networks, and connections without a usable address, have neither debts nor a cap
// of their own; their half-open connections count like anybody's.
//
// # Bounds
//
// Memory: one entry a source with open connections, so at most as many as connections, and
// Penalties.Sources debts, and as many sources that logins speak for, and the same of networks
// of each size; when that many are owed, the one that is paid first is forgotten, and of those the one whose last login is
// the oldest. Time: O(log n) each step. At most maxClosing victims are waited for at once;
// they still hold descriptors, so the total may be exceeded by as many.
//
// # If we crash
//
// Nothing is kept: all doors open with nobody inside, nobody in debt, and nobody known.
package door
