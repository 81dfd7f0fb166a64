package pgtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// Template is a database that is filled once for all tests of a binary. Each of its databases
// is a copy of the server's making, which costs less than filling another one: a migrated
// schema some 60 ms less, several times that under the race detector.
type Template struct {
	fill func(ctx context.Context, url string) error

	once sync.Once
	name string
	err  error // why it could not be filled: every test that asks fails with it
}

// NewTemplate returns a template that fill fills when the first test asks for a database.
// When fill returns, no connection to the URL is open any more: the server copies no database
// that a test uses. A template belongs into a variable of the package.
func NewTemplate(fill func(ctx context.Context, url string) error) *Template {
	return &Template{fill: fill}
}

// Database copies the template for this test in the shared cluster and returns the copy's URL.
// It is dropped at the end of the test, connections or not. Any number of tests may ask at once.
func (p *Template) Database(t testing.TB) string {
	t.Helper()
	p.once.Do(p.make)
	if p.err != nil {
		t.Fatal("pgtest: template: ", p.err)
	}
	return Database(t, "TEMPLATE", p.name)
}

// make makes the template. It is not bound to the test that happens to be first, and ends
// with the cluster.
func (p *Template) make() {
	s, err := sharedServer()
	if err != nil {
		p.err = err
		return
	}
	p.name = fmt.Sprintf("template_%d", databases.Add(1))
	if err := shared.admin.create(s, p.name, ""); err != nil {
		p.err = fmt.Errorf("%w\n%s", err, s.log())
		return
	}
	p.err = p.fill(context.Background(), s.url(p.name))
}
