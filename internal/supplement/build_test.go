package supplement

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// BenchmarkBuild is the supplement string of a direct login, without its encryption.
func BenchmarkBuild(b *testing.B) {
	s := Supplement{
		Flag: regulation.FlagNormal, AppID: "client_xsb_1.0", Public: netip.MustParseAddrPort("203.0.113.9:37768"),
		LoginTime: time.Date(2026, 1, 5, 8, 45, 0, 0, regulation.Zone), Account: "88888888", UserType: regulation.UserCustomer,
	}
	dst := make([]byte, 0, MaxDirectLen)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Append(dst); err != nil {
			b.Fatal(err)
		}
	}
}
