package e2e

import (
	"context"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
	firm "github.com/tradefront/tradefront/test/site"
)

// Firms that the program's commands set up when the first test asks for one. Sites are copies.
var (
	embeddedFirm = sync.OnceValues(func() (*firm.Template, error) { return prepare("", account) })
	linkedFirm   = sync.OnceValues(func() (*firm.Template, error) { return prepare("", "") }) // its accounts are a trading core's

	postgresFirm     *firm.Template // postgresTemplate fills it
	postgresTemplate = pgtest.NewTemplate(func(_ context.Context, url string) (err error) {
		postgresFirm, err = prepare(url, account)
		return err
	})
	firmDatabases sync.Map // URLs of firmDatabase
)

func prepare(url, account string) (*firm.Template, error) {
	return firm.NewTemplate(firm.Options{Binary: binary, URL: url}, appID, account, password)
}

// firmDatabase is a database for newSite: a copy of one where the commands have set a firm up already.
func firmDatabase(t testing.TB) (url string) {
	t.Helper()
	url = postgresTemplate.Database(t)
	firmDatabases.Store(url, nil)
	return url
}

// prepared is the firm to copy for a site at that database, nil if its commands must run.
func prepared(t testing.TB, url string) *firm.Template {
	t.Helper()
	if url == "" {
		p, err := embeddedFirm()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if _, ours := firmDatabases.Load(url); ours {
		return postgresFirm
	}
	return nil
}
