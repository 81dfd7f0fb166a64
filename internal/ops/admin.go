package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// The bounds of the admin listener.
const (
	adminHeaderBytes  = 8 << 10
	adminReadTimeout  = 5 * time.Second
	adminWriteTimeout = 15 * time.Second
	adminIdleTimeout  = time.Minute
	adminScrapes      = 4 // /metrics requests at once
	// adminConnections leaves terminals their descriptors; more wait in the kernel's queue.
	adminConnections = 128
	// adminConnectionsOfOne keeps one other machine from all of these, and from the time that its wrong passwords cost.
	adminConnectionsOfOne = 32
	// profileTimeout allows /debug/pprof/profile its usual 30 s.
	profileTimeout = 75 * time.Second
)

// Admin is the listener for people and machines that watch the front.
type Admin struct {
	listener net.Listener
	bound    net.Listener // the socket itself
	server   *http.Server
	mux      *http.ServeMux
	streams  streams
	logger   *zap.Logger
	index    []string     // of the pages that were added
	shown    []string     // addresses of those by Page
	home     http.Handler // of /; nil for the list of pages

	webConfig string // path of the file that asks for TLS and passwords; "" for none
	secure    bool   // it asks for TLS
	operators []string
}

// NewAdmin binds addr at once, so that a port in use is an error at start. pprof adds the
// profiling pages. Serve answers; Shutdown ends it, also if Serve was never called.
func NewAdmin(addr string, registry *prometheus.Registry, health *Health, pprof bool, logger *zap.Logger) (*Admin, error) {
	return NewAdminOn(nil, addr, registry, health, pprof, logger)
}

// NewAdminOn is NewAdmin on a socket that another process had bound, or on addr if it is nil.
func NewAdminOn(
	given net.Listener, addr string, registry *prometheus.Registry, health *Health, pprof bool, logger *zap.Logger,
) (*Admin, error) {
	a := new(Admin)
	a.mux = a.pages(registry, health, pprof)
	if err := a.bind(given, addr, namedAsOurs(addr, a.mux), logger); err != nil {
		return nil, fmt.Errorf("admin listener: %w", err)
	}
	if pprof {
		a.server.WriteTimeout = profileTimeout
	}
	connections := newBounded(a.listener, adminConnections, adminConnectionsOfOne)
	connections.notOurs = true
	a.listener, a.server.ConnState = connections, connections.changed
	return a, nil
}

// bind listens, unless a listener is given; handler answers what comes.
func (a *Admin) bind(given net.Listener, addr string, handler http.Handler, logger *zap.Logger) (err error) {
	errorLog, err := zap.NewStdLogAt(logger, zap.WarnLevel)
	if err != nil {
		return err
	}
	if given != nil {
		a.listener = given
	} else if a.listener, err = net.Listen("tcp", addr); err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return fmt.Errorf("listen tcp %s: %w", addr, err) // Go's own message has 0.0.0.0 for [::]
	}
	a.bound, a.logger = a.listener, logger
	a.server = &http.Server{
		Handler:        guarded(handler),
		Protocols:      httpOne(),
		ReadTimeout:    adminReadTimeout, // covers the header
		WriteTimeout:   adminWriteTimeout,
		IdleTimeout:    adminIdleTimeout,
		MaxHeaderBytes: adminHeaderBytes,
		ErrorLog:       errorLog,
	}
	return nil
}

// Page adds /name, which shows value as JSON. It must be called before Serve; value, from
// any goroutine later on.
func (a *Admin) Page(name, about string, value func() any) {
	a.PageOf(name, about, func(context.Context) (any, error) { return value(), nil })
}

// PageOf is Page of a value that may not be had: its error is answered as that of an Action. ctx ends with the request.
func (a *Admin) PageOf(name, about string, value func(ctx context.Context) (any, error)) {
	a.index = append(a.index, fmt.Sprintf("/%-9s %s\n", name, about))
	a.shown = append(a.shown, "/"+name)
	a.mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
		shown, err := value(r.Context())
		if err != nil {
			refuse(w, err)
			return
		}
		writeJSON(w, http.StatusOK, shown)
	})
}

// Pages are the addresses that are asked by GET and answer with a text or with JSON.
func (a *Admin) Pages() []string {
	return append([]string{"/metrics", "/healthz", "/readyz"}, a.shown...)
}

// Home puts a page in the place of the list of pages at /. It must be called before Serve.
func (a *Admin) Home(page http.Handler) { a.home = page }

// Action adds POST /name, which does something: do gets the body, at most maxAction bytes, and what it returns
// is shown as JSON; a *Refusal has a status of its own. Only this machine may ask, or an operator over TLS (Operators), and no page in
// a browser: a request without ActionHeader, which a page cannot send to another site, is refused.
func (a *Admin) Action(name, about string, do func(ctx context.Context, body []byte) (any, error)) {
	a.index = append(a.index, fmt.Sprintf("/%-9s %s\n", name, about))
	a.mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		if user, is := a.remoteOperator(r); is {
			from, _ := netip.ParseAddrPort(r.RemoteAddr)
			r = r.WithContext(WithRemote(r.Context(), Remote{user, from.Addr().Unmap()}))
		}
		body, may := readAction(w, r)
		if !may {
			return
		}
		result, err := do(r.Context(), body)
		if err == nil {
			writeJSON(w, http.StatusOK, result)
			return
		}
		refuse(w, err)
	})
}

// readAction is the request's body; false if the request was refused.
func readAction(w http.ResponseWriter, r *http.Request) (body []byte, may bool) {
	_, remote := RemoteOf(r.Context())
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	switch {
	case !remote && (err != nil || !ownMachine(r, from.Addr())):
		writeJSON(w, http.StatusForbidden, Refusal{
			Problem: "actions are for this machine alone: run the command on the front's own host; sessions may be ended from others by a user of admin.operators",
		})
		return nil, false
	case r.Header.Get(ActionHeader) == "":
		writeJSON(w, http.StatusForbidden, Refusal{Problem: "the header " + ActionHeader + " is missing: use the command"})
		return nil, false
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxAction))
	if err != nil {
		writeJSON(w, http.StatusRequestEntityTooLarge, Refusal{Problem: "the request is too long"})
		return nil, false
	}
	return body, true
}

// ownMachine reports whether a request is of a process of this machine: it comes over loopback, or from the very address that it
// goes to, which the kernel lets no other machine send.
func ownMachine(r *http.Request, from netip.Addr) bool {
	if from.Unmap().IsLoopback() {
		return true
	}
	to, is := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return is && to.AddrPort().Addr().Unmap() == from.Unmap()
}

func refuse(w http.ResponseWriter, err error) {
	refusal, is := errors.AsType[*Refusal](err)
	if !is {
		refusal = &Refusal{Status: http.StatusInternalServerError, Problem: err.Error()}
	}
	writeJSON(w, refusal.Status, refusal)
}

// ActionHeader is what a request for an action must have, with any value.
const ActionHeader = "X-Tradefront-Action"

const maxAction = 4 << 10

// Refusal is why an action was not done.
type Refusal struct {
	Status  int    `json:"-"` // of HTTP
	Problem string `json:"problem"`
}

func (r *Refusal) Error() string { return r.Problem }

// Listener is the socket, for another process that is to answer on it.
func (a *Admin) Listener() net.Listener { return a.bound }

// Addr is the address that was bound.
func (a *Admin) Addr() net.Addr { return a.listener.Addr() }

// Serve answers requests until Shutdown, and then returns nil.
func (a *Admin) Serve() error {
	if err := a.serve(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin listener: %w", err)
	}
	return nil
}

// Shutdown stops listening and waits for the requests that are being answered, until ctx
// ends; then it cuts them off.
func (a *Admin) Shutdown(ctx context.Context) error {
	a.streams.end()
	err := a.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, a.server.Close())
	}
	_ = a.listener.Close() // if Serve never ran, no other call closes it; else it is closed already
	return err
}

// pages routes; Go's mux answers other methods with 405 and other paths with 404.
func (a *Admin) pages(registry *prometheus.Registry, health *Health, profiles bool) *http.ServeMux {
	mux := http.NewServeMux()
	index := a.indexPage(profiles)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if a.home != nil {
			a.home.ServeHTTP(w, r)
			return
		}
		index(w, r)
	})
	mux.HandleFunc("GET /healthz", alivePage)
	mux.HandleFunc("GET /readyz", readyPage(health))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		Registry:            registry,
		MaxRequestsInFlight: adminScrapes,
		Timeout:             adminWriteTimeout - time.Second,
	}))
	if profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

func (a *Admin) indexPage(profiles bool) http.HandlerFunc {
	head := "tradefront\n\n" +
		"/metrics   Prometheus metrics\n" +
		"/healthz   200 while the process lives\n" +
		"/readyz    200 if it can serve terminals, else 503 and why\n"
	foot := ""
	if profiles {
		foot = "/debug/pprof/   profiles\n"
	}
	return func(w http.ResponseWriter, _ *http.Request) { writePlain(w, head+strings.Join(a.index, "")+foot) }
}

func alivePage(w http.ResponseWriter, _ *http.Request) { writePlain(w, "ok\n") }

func plainHeader(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
}

func writePlain(w http.ResponseWriter, text string) {
	plainHeader(w)
	_, _ = io.WriteString(w, text) // the client may have disconnected
}

func readyPage(health *Health) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		report := health.Report()
		status := http.StatusOK
		if !report.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, report)
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have disconnected
}
