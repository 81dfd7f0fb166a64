package ops

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// namedAsOurs refuses what a browser on this machine, or at the other end of a tunnel that ends here, sends for a page of another site
// whose name was made to mean this address (DNS rebinding): to the browser the front is then that site, so that its scripts may read
// pages and set ActionHeader. Such a request has the site's name as Host. /metrics, /healthz and /readyz, which monitoring asks for
// under any name, are answered all the same; so is another machine, which may not act, and TLS, whose certificate has no such name.
func namedAsOurs(addr string, next http.Handler) http.Handler {
	names := []string{"localhost"}
	if host, _, err := net.SplitHostPort(addr); err == nil && host != "" {
		names = append(names, strings.ToLower(host))
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, strings.ToLower(host))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		own := err == nil && ownMachine(r, from.Addr())
		if own && r.TLS == nil && !isForMonitoring(r) && !isOurs(r.Host, names) {
			writeJSON(w, http.StatusMisdirectedRequest, Refusal{
				Problem: "the request names another host than this machine (DNS rebinding?): ask under its IP address, localhost, " +
					"its host name, or the host of admin.address",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isForMonitoring(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/metrics" || r.URL.Path == "/healthz" || r.URL.Path == "/readyz")
}

// isOurs reports whether the Host of a request is an IP address, which no page of another site has, or one of the names. No browser
// sends none.
func isOurs(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return true
	}
	return slices.Contains(names, strings.ToLower(strings.TrimSuffix(host, ".")))
}
