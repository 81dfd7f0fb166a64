package statuspage

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestTenReadersCostOneQuestion: those who come at once wait for one answer, and those who come within the period have it.
func TestTenReadersCostOneQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := NewCache(func(context.Context) (Shared, error) {
			asked++
			time.Sleep(time.Second)
			return Shared{Reports: []Report{{Day: "20260105"}}}, nil
		}, 10*time.Second, 3*time.Second, time.Now)
		read := func() {
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					if s := c.Get(t.Context()); len(s.Reports) != 1 || s.Err != "" || s.Asked.IsZero() {
						t.Errorf("%+v", s)
					}
				})
			}
			all.Wait()
		}
		read()
		read()
		if asked != 1 {
			t.Errorf("%d questions, want one", asked)
		}
		time.Sleep(c.period)
		read()
		if asked != 2 {
			t.Errorf("%d questions after the period, want two", asked)
		}
	})
}

// TestQuestionIsBoundedAndItsAnswerKept: PostgreSQL that hangs holds a page up for the patience once a period, and the last answer
// stays on the page.
func TestQuestionIsBoundedAndItsAnswerKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := false
		c := NewCache(func(ctx context.Context) (Shared, error) {
			if hangs {
				<-ctx.Done()
				return Shared{}, errors.New("timed out")
			}
			return Shared{Fronts: []FrontLine{{ID: 7}}}, nil
		}, 10*time.Second, 3*time.Second, time.Now)
		first := c.Get(t.Context())
		hangs = true
		time.Sleep(c.period)
		gone, cancel := context.WithCancel(t.Context())
		cancel() // a reader who went away
		began := time.Now()
		s := c.Get(gone)
		if waited := time.Since(began); waited != c.patience {
			t.Errorf("waited %v", waited)
		}
		if s.Err != "timed out" || len(s.Fronts) != 1 || s.Asked != first.Asked {
			t.Errorf("%+v", s)
		}
		began = time.Now()
		if s := c.Get(t.Context()); s.Err == "" || time.Since(began) != 0 {
			t.Error("asked again within the period, or forgot the error")
		}
		hangs = false
		time.Sleep(c.period)
		if s := c.Get(t.Context()); s.Err != "" {
			t.Error("the error stays after an answer")
		}
	})
}
