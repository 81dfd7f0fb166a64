package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/wiretrace"
)

// Trace is what `front trace` asks for: a stream of wiretrace.Event.
type Trace struct {
	Address string `json:"address"`     // a terminal's, or a network of them
	Seconds int    `json:"for_seconds"` // at most wiretrace.MaxFor
	By      string `json:"by"`          // who asks
}

// serveTrace adds the stream of decoded frames to the admin listener.
func (d *Daemon) serveTrace() {
	d.admin.Stream("trace", "shows terminals' frames decoded (POST; the command is: tradefront front trace)", d.trace)
}

// trace shows the frames of some terminals until the time is over or the asker leaves. The audit log says who asked before the first
// frame is shown.
func (d *Daemon) trace(ctx context.Context, body []byte, show func(any) error) error {
	request, of, err := parseTrace(body)
	if err != nil {
		return &ops.Refusal{Status: http.StatusBadRequest, Problem: err.Error()}
	}
	if !d.serving.Load() {
		return &ops.Refusal{Status: http.StatusServiceUnavailable, Problem: "the front is starting"}
	}
	length := time.Duration(request.Seconds) * time.Second
	run, err := d.tracer.Start(d.front, of, request.By, time.Now().Add(length))
	if busy, is := errors.AsType[*wiretrace.BusyError](err); is {
		return &ops.Refusal{Status: http.StatusConflict, Problem: busy.Error()}
	}
	if err != nil {
		return err
	}
	d.path.Audit.Log(d.traceEntry(logs.EventTraceStarted, request.By, fmt.Sprintf("%s for %s", of, length)))
	events := 0
	err = run.Stream(ctx, func(e *wiretrace.Event) error {
		events++
		return show(e)
	})
	d.path.Audit.Log(d.traceEntry(logs.EventTraceEnded, request.By, fmt.Sprintf("%s, %d lines", of, events)))
	return err
}

func parseTrace(body []byte) (request Trace, of netip.Prefix, err error) {
	if err := json.Unmarshal(body, &request); err != nil {
		return request, of, errors.New("the request is no JSON of a Trace")
	}
	if of, err = netip.ParsePrefix(request.Address); err != nil {
		return request, of, fmt.Errorf("address: %w", err)
	}
	if most := int(wiretrace.MaxFor / time.Second); request.Seconds < 1 || request.Seconds > most {
		return request, of, fmt.Errorf("a trace runs for 1 to %d seconds", most)
	}
	return request, of.Masked(), checkBy(request.By)
}

func (d *Daemon) traceEntry(event, by, text string) logs.Entry {
	return logs.Entry{Time: d.now(), Event: event, Reason: reason.OK.String(), FrontID: d.cfg.Front.ID, By: by, Text: text}
}
