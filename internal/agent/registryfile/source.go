package registryfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Source is a file as auth.Registry reads it. It is safe for concurrent use.
type Source struct {
	path string
	key  func() *auth.MasterKey

	mu         sync.Mutex
	seen       os.FileInfo // of the content in force
	content    *Content
	generation int64
}

// NewSource reads the file at path when it is asked; key is asked each time, since a master key can be changed.
func NewSource(path string, key func() *auth.MasterKey) *Source { return &Source{path: path, key: key} }

// Generation is part of auth.Source: it moves when the file was replaced by another that opens.
func (s *Source) Generation(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, fmt.Errorf("relay registry: %w", err)
	}
	if s.seen != nil && os.SameFile(s.seen, info) && s.seen.ModTime().Equal(info.ModTime()) && s.seen.Size() == info.Size() {
		return s.generation, nil
	}
	return s.generation, s.read(info)
}

func (s *Source) read(info os.FileInfo) error {
	c, err := Read(s.path, s.key())
	if err != nil {
		return err
	}
	if s.content != nil && c.Relay != s.content.Relay {
		return fmt.Errorf("relay registry: the file was exported for relay %s, and the one in force for %s; export it again", c.Relay, s.content.Relay)
	}
	if s.content != nil && c.Made.Before(s.content.Made) {
		return fmt.Errorf("relay registry: the file was made at %s, before the one that is in force (%s); export it again",
			c.Made.Format(time.RFC3339), s.content.Made.Format(time.RFC3339))
	}
	s.content, s.seen = c, info
	s.generation++
	return nil
}

// AppsSince is part of auth.Source: a file is taken over whole.
func (s *Source) AppsSince(context.Context, int64) (changed []auth.App, gone []regulation.AppID, known bool, err error) {
	return nil, nil, false, nil
}

// Apps is part of auth.Source.
func (s *Source) Apps(context.Context) ([]auth.App, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.content == nil {
		return nil, errors.New("relay registry: not read yet")
	}
	return append([]auth.App(nil), s.content.Apps...), nil
}

// Content is what is in force without its AppIDs; zero before the file was read.
func (s *Source) Content() Content {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.content == nil {
		return Content{}
	}
	c := *s.content
	c.Apps = nil
	return c
}
