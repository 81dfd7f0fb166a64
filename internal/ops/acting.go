package ops

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
)

// Operators are the users of the web configuration file who may ask for an Action from another machine. It must be called before
// Serve; without it only this machine may.
func (a *Admin) Operators(users []string) { a.operators = users }

// Remote says who asks for an action from another machine.
type Remote struct {
	User string // of the web configuration file
	From netip.Addr
}

type remoteKey struct{}

// WithRemote is a context of an action that r asks for.
func WithRemote(ctx context.Context, r Remote) context.Context {
	return context.WithValue(ctx, remoteKey{}, r)
}

// RemoteOf is who asks for the action that has ctx; false if it is a process of this machine.
func RemoteOf(ctx context.Context) (Remote, bool) {
	r, is := ctx.Value(remoteKey{}).(Remote)
	return r, is
}

// remoteOperator is the operator of another machine who asks over TLS; false for any other request. The toolkit has compared the
// password with the file before. It lets each request pass if the file names no users, so that the user must be in the file
// now, under any name that the request claims.
func (a *Admin) remoteOperator(r *http.Request) (user string, is bool) {
	user, _, given := r.BasicAuth()
	if !given || r.TLS == nil || !slices.Contains(a.operators, user) {
		return "", false
	}
	access, err := ReadWebAccess(a.webConfig)
	return user, err == nil && access.TLS && slices.Contains(access.Users, user)
}
