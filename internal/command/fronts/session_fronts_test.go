package fronts

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// TestAdminListenersOfAllFronts: which fronts are asked, where, and what is said of one that cannot be.
func TestAdminListenersOfAllFronts(t *testing.T) {
	t.Parallel()
	front := func(id int32, host, admin string) store.Front {
		return store.Front{FrontReport: store.FrontReport{FrontID: id, Host: host, AdminAddress: admin}, Ago: time.Second}
	}
	silent := front(5, "e", "10.0.0.5:9464")
	silent.Ago = time.Hour
	stopped, retired, copied := front(6, "f", "10.0.0.6:9464"), front(7, "g", "10.0.0.7:9464"), front(8, "h", "10.0.0.8:9464")
	stopped.Stopped, retired.Retired, copied.OtherLife, copied.Ago = true, time.Now(), true, time.Hour
	fronts := []store.Front{
		front(1, "here", "127.0.0.1:9464"), front(1, "here", "127.0.0.1:9464"), front(2, "b", "[::]:9465"), front(3, "c", "admin-c:9464"),
		front(4, "d", "127.0.0.1:9464"), silent, stopped, retired, copied, front(9, "i", ""),
	}
	var a adminListeners
	a.takeAll(fronts, "here")
	if want := []string{"127.0.0.1:9464", "b:9465", "admin-c:9464", "10.0.0.5:9464"}; !slices.Equal(a.addresses, want) {
		t.Errorf("%q, want %q", a.addresses, want)
	}
	lines := strings.Split(a.unknown.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "front 4 on host d was not asked: its admin listener is on 127.0.0.1:9464") ||
		!strings.HasPrefix(lines[1], "front 9 on host i was not asked: it reports no admin listener") {
		t.Errorf("%q", lines)
	}
	own := adminListeners{addresses: []string{"127.0.0.1:9464"}}
	if own.takeAll([]store.Front{stopped}, "here"); len(own.addresses) != 1 || own.unknown != nil {
		t.Errorf("%+v: without a front that reports this machine's is asked", own)
	}

	for _, c := range []struct {
		named []string
		want  []string
		fails string
	}{
		{[]string{"3", "x:1"}, []string{"admin-c:9464", "x:1"}, ""},
		{[]string{"4"}, nil, "front 4 on host d was not asked"},
		{[]string{"6"}, nil, "PostgreSQL knows no running front 6"},
	} {
		err := a.resolve(c.named, fronts, "here")
		if c.fails == "" && (err != nil || !slices.Equal(a.addresses, c.want)) || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%q: %q, %v", c.named, a.addresses, err)
		}
	}
}
