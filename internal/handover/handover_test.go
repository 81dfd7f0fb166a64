package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/testmain"
)

// roleVariable says what this test binary does when Launch has started it.
const roleVariable = "TRADEFRONT_TEST_HANDOVER_ROLE"

func TestMain(m *testing.M) {
	if taker, err := Inherited(); taker != nil || err != nil {
		os.Exit(take(taker, err))
	}
	os.Exit(testmain.Run(m))
}

type image struct {
	Text    string
	Numbers []int
}

// take is the new process: it writes what it got into each file that it was given.
func take(t *Taker, err error) int {
	role := os.Getenv(roleVariable)
	if err != nil || role == "crash" {
		return 1
	}
	if role == "fault" {
		t.Fail(errors.New("keys: none is valid"))
		return 1
	}
	_ = t.Ready()
	var got image
	files, err := t.Take(context.Background(), &got)
	if err != nil {
		t.Fail(err)
		return 1
	}
	if role == "hang" {
		time.Sleep(time.Hour) // select {} is a deadlock to a program without C
	}
	t.Prepared()
	if t.AwaitAlone(context.Background()) != nil {
		return 1
	}
	for i, f := range files {
		fmt.Fprintf(f, "%d bytes, number %d", len(got.Text), got.Numbers[i])
		_ = f.Close()
	}
	return 0
}

// launch starts this test binary as the new process.
func launch(t *testing.T, role string) *Giver {
	t.Helper()
	t.Setenv(roleVariable, role)
	g, err := Launch(os.Args[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Abort)
	return g
}

func within20s(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestDescriptorsArriveInTheirOrder: more than one message of descriptors, and an image longer than a socket's buffer.
func TestDescriptorsArriveInTheirOrder(t *testing.T) {
	g, ctx := launch(t, ""), within20s(t)
	if err := g.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	given := image{Text: strings.Repeat("x", 1<<20)}
	var readers []*os.File
	var fds []int
	for i := range 2*maxFDs + 1 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers, fds, given.Numbers = append(readers, r), append(fds, int(w.Fd())), append(given.Numbers, i)
		t.Cleanup(func() { _ = w.Close() })
	}
	if err := g.Give(ctx, given, fds); err != nil {
		t.Fatal(err)
	}
	if err := g.AwaitPrepared(ctx); err != nil {
		t.Fatal(err)
	}
	_ = g.conn.Close() // as the end of this process does
	for i, r := range readers {
		want := fmt.Sprintf("%d bytes, number %d", len(given.Text), i)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
			t.Fatalf("descriptor %d: %v, %q", i, err, got)
		}
	}
	<-g.exited
	if g.err != nil {
		t.Errorf("the new process: %v", g.err)
	}
}

// TestFaultsOfTheNewProcess: what it says, or its end, or that it takes too long.
func TestFaultsOfTheNewProcess(t *testing.T) {
	if err := launch(t, "fault").AwaitReady(within20s(t)); err == nil || !strings.Contains(err.Error(), "keys: none is valid") {
		t.Errorf("a fault: %v", err)
	}
	// What the operator reads where the new process wrote nothing: how it ended, and what to try.
	for _, want := range []string{"exit status 1", os.Args[0] + " version"} {
		crashed := launch(t, "crash")
		crashed.patience = time.Hour // a busy machine tells late of the end: the context bounds it
		if err := crashed.AwaitReady(within20s(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a process that ended: %v, want %s", err, want)
		}
	}
	g := launch(t, "hang")
	if err := g.AwaitReady(within20s(t)); err != nil {
		t.Fatal(err)
	}
	if err := g.Give(within20s(t), image{}, nil); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := g.AwaitPrepared(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a process that hangs: %v", err)
	}
	g.Abort()
	if status := new(exec.ExitError); !errors.As(g.err, &status) {
		t.Errorf("after Abort: %v", g.err)
	}
}

// TestNewerImageIsRefused: a field that the taker does not know.
func TestNewerImageIsRefused(t *testing.T) {
	g, ctx := launch(t, ""), within20s(t)
	if err := g.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	newer := json.RawMessage(`{"Text":"x","Later":1}`)
	if err := g.Give(ctx, newer, nil); err != nil {
		t.Fatal(err)
	}
	if err := g.AwaitPrepared(ctx); err == nil || !strings.Contains(err.Error(), "Later") {
		t.Errorf("%v, want the field's name", err)
	}
}
