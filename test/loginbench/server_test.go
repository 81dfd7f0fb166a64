//go:build linux

package loginbench

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
)

// commands reads the lines of a child's standard input.
func commands() *json.Decoder { return json.NewDecoder(os.Stdin) }

// untilInputEnds says where the server listens, and answers each line with the heap.
func untilInputEnds(in *json.Decoder, address string) error {
	if err := say(listens{address}); err != nil {
		return err
	}
	for {
		var line json.RawMessage
		switch err := in.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		runtime.GC()
		runtime.GC() // the second collection empties pools
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if err := say(heapOf{m.HeapAlloc}); err != nil {
			return err
		}
	}
}
