package postgres_test

import (
	"testing"

	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func TestVerified(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"postgres://u@127.0.0.1/d?sslmode=disable":                   true,
		"postgres://u@localhost/d?sslmode=disable":                   true,
		"postgres://u@[::1]/d?sslmode=disable":                       true,
		"postgres://u@/d?host=/var/run/postgresql":                   true,
		"postgres://u@db.example/d?sslmode=verify-full":              true,
		"postgres://u@db.example/d?sslmode=disable":                  false,
		"postgres://u@db.example/d?sslmode=require":                  false,
		"postgres://u@db.example/d?sslmode=prefer":                   false,
		"postgres://u@db.example/d":                                  false,
		"postgres://u@127.0.0.1,db.example/d?sslmode=disable":        false,
		"postgres://u@db1.example,db2.example/d?sslmode=verify-full": true,
	} {
		if got := postgres.Verified(storetest.URL(t, url)); got != want {
			t.Errorf("%s: %t", url, got)
		}
	}
}
