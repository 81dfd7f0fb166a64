package coresim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

const (
	maxControls   = 16
	maxLine       = 64 << 10
	endOfAnswer   = "." // a line of its own behind each answer
	errorOfAnswer = "error: "
)

// ServeControl takes commands from a listener until the server ends: a line each, answered by lines and a line with a
// dot. An answer that begins with "error: " says what was wrong.
func (s *Server) ServeControl(l net.Listener) error {
	s.mu.Lock()
	if s.ended != nil {
		defer s.mu.Unlock()
		_ = l.Close()
		return s.ended
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	for {
		c, err := l.Accept()
		s.mu.Lock()
		if err != nil {
			defer s.mu.Unlock()
			if s.ended != nil {
				return s.ended
			}
			return fmt.Errorf("core-sim: accept: %w", err)
		}
		if s.ended != nil || len(s.controls) >= maxControls {
			_ = c.Close()
		} else {
			s.controls[c] = struct{}{}
			s.running.Go(func() { s.control(c) })
		}
		s.mu.Unlock()
	}
}

func (s *Server) control(c net.Conn) {
	_ = s.Control(c, c)
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.controls, c)
}

// Control carries out the commands of in, a line each, and writes the answers to out.
func (s *Server) Control(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		answer, err := s.Do(lines.Text())
		if err != nil {
			answer = errorOfAnswer + err.Error()
		}
		if _, err := fmt.Fprintf(out, "%s\n%s\n", answer, endOfAnswer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Ask has the core-sim behind a control socket carry out a command, and returns what it printed.
func Ask(ctx context.Context, path, command string) (string, error) {
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return "", fmt.Errorf("ask core-sim at %s: %w; is it running, with --control %s?", path, err, path)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if _, err := fmt.Fprintln(c, strings.ReplaceAll(command, "\n", " ")); err != nil {
		return "", err
	}
	var answer []string
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		switch line = strings.TrimSuffix(line, "\n"); {
		case err != nil && strings.Fields(command + " ?")[0] == "crash":
			return "ok", nil // it has no time to answer
		case err != nil:
			return "", fmt.Errorf("core-sim at %s ended before its answer: %w", path, err)
		case line != endOfAnswer:
			answer = append(answer, line)
			continue
		}
		text := strings.Join(answer, "\n")
		if problem, wrong := strings.CutPrefix(text, errorOfAnswer); wrong {
			return "", errors.New(problem)
		}
		return text, nil
	}
}
