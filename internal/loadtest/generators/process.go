package generators

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// process is a generator that this program started: its lines are on its standard input and output.
type process struct {
	io.Reader
	io.WriteCloser
	cmd  *exec.Cmd
	once sync.Once
}

// Start starts processes of this program with the arguments that args has for each; what they say goes to errOut.
func Start(n int, args func(generator int) []string, errOut io.Writer) ([]Conn, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the path of this program: %w", err)
	}
	var all []Conn
	for i := range n {
		p, err := start(exec.Command(program, args(i)...), errOut) //nolint:gosec // this program
		if err != nil {
			for _, c := range all {
				_ = c.Close()
			}
			return nil, fmt.Errorf("start generator %d: %w", i+1, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func start(cmd *exec.Cmd, errOut io.Writer) (*process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	cmd.Stderr = errOut
	return &process{Reader: out, WriteCloser: in, cmd: cmd}, cmd.Start()
}

func (p *process) Name() string { return fmt.Sprintf("process %d", p.cmd.Process.Pid) }

// Close lets the process end, by the end of its standard input, and kills it if it does not.
func (p *process) Close() error {
	p.once.Do(func() {
		_ = p.WriteCloser.Close()
		kill := time.AfterFunc(endPatience, func() { _ = p.cmd.Process.Kill() })
		defer kill.Stop()
		_ = p.cmd.Wait() // its result, or the lack of it, was told
	})
	return nil
}

// Standard is the way of a process that Start started to its coordinator.
func Standard(in io.Reader, out io.Writer) Conn { return standard{in, out} }

type standard struct {
	io.Reader
	io.Writer
}

func (standard) Name() string { return "coordinator" }
func (standard) Close() error { return nil }
