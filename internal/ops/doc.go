// Package ops is what people and machines watch a front by: metrics, and the admin listener with its health pages. What a front
// writes is in package logs.
//
// # Metrics
//
// All in a registry of their own, prefixed tradefront_. Label values come from closed
// enumerations of the callers, never from a terminal, and start at zero (Preset).
//
// # Admin listener
//
// Plain HTTP on loopback by default, reading only but for the actions that its own machine, or an operator over TLS
// (Admin.Operators), asks for: /metrics, /healthz (the
// process runs), /readyz (it can serve, and if not, why not), and /debug/pprof/ if asked for. A web configuration file of
// exporter-toolkit gives it TLS and passwords; Access is the other side. Header sizes, times, connections and the number of scrapes
// at once are bounded. The health listener (NewHealthListener) has fewer places, and a bound for each source, since its clients have no
// password.
//
// Nothing here is global: each object is made, handed on and closed by its owner.
package ops
