// Package admission decides which connections the front takes, before they cost anything: how
// many in total, how many of one source, how many that have not authenticated, and none of a
// source that misbehaved. It is pure: it has no sockets and no clock.
//
// # States of a connection
//
//	accept ─▶ Admit ─────────────────────────────▶ admitted ─▶ Authenticated ⇄ LoggingIn ─▶ Release
//	accept ─▶ AdmitProxied ─▶ (header) Identify ─▶ admitted ─▶ Authenticated ⇄ LoggingIn ─▶ Release
//
// Admit is for a listener whose peer is the client. Behind a trusted proxy the client is
// known only after the proxy's header: AdmitProxied checks the total alone, Identify checks
// everything else. The caller must Release each connection that Admit or AdmitProxied took,
// exactly once, also if Identify refused it. It must not Release one that they refused.
//
// A verdict has up to two parts: the reason for which the newcomer is refused, and a victim,
// an open connection that the caller must close. A victim counts for no cap from that moment
// on; the caller closes it and then calls Release for it as for any other.
//
// # Which connection is closed
//
// Package source defines a source and the networks around it. If the front refused newcomers
// when the unauthenticated connections are too many, a single attacker who holds all of them
// would keep every customer out. Therefore the victim is the oldest unauthenticated connection
// of the heaviest source. The heaviest source has the most of them, either itself or by its
// network, whose number is divided by the network's share; among equally heavy sources it is
// the one whose connection is the oldest. Thousands of sources of one subscriber so outweigh a
// customer, and the customers of one office outweigh no single attacker. An honest terminal
// authenticates at once and is never the victim. A newcomer is refused only if its own source
// is the heaviest. From Start unauthenticated connections on this happens with a probability
// that rises from Rate percent to certainty at Full, and always when the total is reached: an
// unauthenticated connection never costs a newcomer its place.
//
// A connection that authenticated and does not log in does not cost a newcomer its place
// either, because every copy of a terminal contains the authcode. When the total is reached
// and every connection has authenticated, the one that has been idle longest is the victim. A
// connection that is logged in, or whose login is in flight, is never a victim.
//
// # Penalties
//
// Each offence adds seconds to the debt of its source, and a debt falls by one second a second.
// Once it exceeds Threshold the source is penalized: its newcomers are refused until the debt
// is paid. The threshold of a source is Threshold once more for each of its connections that
// has authenticated, and for each good login: one that was accepted from the source since it
// was last without one for a day. One broken terminal so does not shut out a campus, also
// before its customers are at work. The threshold stays below Max in every case, so that each
// flood is refused in the end. A penalized source that has good logins still gets a reserve of
// connections a second, because nothing tells its customers from the attacker among them. A
// wrong password is no offence: core locks accounts for it.
//
// The networks around a source owe a share of each offence by the same rules. A penalized
// network does not penalize the sources in it that have good logins. Exempt networks, and
// connections without a usable address, have neither debts nor a cap of their own; their
// unauthenticated connections count as those of every source do.
//
// # Bans
//
// A ban is an operator's decision: newcomers from its network are refused until it ends, exempt or not, with good logins or without. The peer
// of a connection is held to it, a load balancer's own address too, and the client that a PROXY header names. The owner of an
// open connection asks Covered, and ends it.
//
// # Bounds
//
// Memory: one entry for each source with open connections, so at most as many as connections;
// Penalties.Sources debts and as many sources with good logins, and the same of networks of
// each size. When the table of debts is full, the one that is paid first is forgotten; when
// that of good logins is full, the source whose last login is the oldest. Time: O(log n) a
// step. At most maxClosing victims may be waiting to be closed; they still hold descriptors,
// so the total may be exceeded by that number.
//
// # What a crash leaves
//
// Nothing is stored: after a restart there are no connections, no debts and no good logins. Bans are the directory's, which stores them.
package admission
