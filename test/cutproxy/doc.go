// Package cutproxy is a TCP proxy before a PostgreSQL of a test. It cuts connections at named
// points of a transaction, delays messages, holds them back, and leads connections to another
// server, so that a test can produce every failure between a client and its database, among them
// the commit whose fate the client cannot know.
//
//	p := cutproxy.Start(t)
//	url := p.Through(t, databaseURL)
//	cut := p.Cut(cutproxy.AfterCommit, 1)
//	…                                     // the next transaction is committed, and fails
//	<-cut
//
// The proxy reads what the client sends as messages of PostgreSQL's protocol, without TLS, and
// copies the answers as they come. It knows a commit that is a simple query of its own, as pgx
// sends it. StartBytes makes a proxy for any other protocol: it delays, holds back and leads, and shows the bytes.
//
// # Bounds
//
// A message has at most maxMessage bytes; a longer one ends its connection. All connections and
// goroutines end with the test.
package cutproxy
