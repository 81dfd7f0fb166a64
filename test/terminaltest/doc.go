// Package terminaltest is the scripted terminal of the tests. A script sends what it wants, honest
// or not, as whole frames, and reads the front's messages one by one.
//
//	m := terminaltest.New(t, conn)
//	m.Authenticate(identity, authCode)       // honest, by client.Machine
//	m.Send(terminaltest.Login(request))      // any frame
//	m.Expect(ftd.TIDUserLogin, 0)
//	m.ExpectClosed()
//
// A test whose terminals keep to the protocol and use a socket needs only package client; one
// that has no socket encodes its frames here and reads the front's with an Inbox.
//
// # Bounds
//
// A Terminal waits for Patience at most; then the test fails. Its connection is closed when the
// test ends. An Inbox has less than one frame between two calls of Next.
package terminaltest
