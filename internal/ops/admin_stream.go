package ops

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// streamWrite is how long the reader of a stream may take for one line of it.
	streamWrite = 5 * time.Second
	// maxStreamLine is how long a line of a stream may be: the decoded form of a frame of 4 KiB.
	maxStreamLine = 1 << 20
)

// streams ends those of an Admin at its Shutdown.
type streams struct {
	mu    sync.Mutex
	next  int
	ends  map[int]context.CancelFunc
	ended bool
}

// add joins a stream; leave takes it out again.
func (s *streams) add(ctx context.Context) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		cancel()
		return ctx, func() {}
	}
	if s.ends == nil {
		s.ends = make(map[int]context.CancelFunc)
	}
	s.next++
	id := s.next
	s.ends[id] = cancel
	return ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ends, id)
		cancel()
	}
}

func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, cancel := range s.ends {
		cancel()
	}
}

// Stream adds POST /name, under the rules of Action: do gives a JSON value at a time to show, each of which is a line of the answer and
// sent at once. ctx ends when the asker leaves, or at Shutdown. An error of do before its first line is a refusal; show's error
// says that the asker does not read.
func (a *Admin) Stream(name, about string, do func(ctx context.Context, body []byte, show func(any) error) error) {
	a.index = append(a.index, fmt.Sprintf("/%-9s %s\n", name, about))
	a.mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		body, may := readAction(w, r)
		if !may {
			return
		}
		ctx, leave := a.streams.add(r.Context())
		defer leave()
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // else the connection ends with the time for the request
		begun := false
		err := do(ctx, body, func(line any) error {
			if !begun {
				begun = true
				w.Header().Set("Content-Type", "application/x-ndjson")
			}
			if err := control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
				return err
			}
			if err := json.NewEncoder(w).Encode(line); err != nil {
				return err
			}
			return control.Flush()
		})
		if err != nil && !begun {
			refuse(w, err)
		}
	})
}

// Follow asks the admin listener at that address for a stream (Admin.Stream), and gives each line of it to each, until the stream or
// ctx ends. The error is a *Refusal if the front refused it.
func (a Access) Follow(ctx context.Context, address, stream string, request any, each func(line []byte) error) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	response, err := a.send(ctx, askPatience, http.MethodPost, address, stream, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return a.refusalOf(response)
	}
	return eachLine(response.Body, each)
}

func eachLine(from io.Reader, each func(line []byte) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxStreamLine)
	for lines.Scan() {
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
			if err := each(line); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}
