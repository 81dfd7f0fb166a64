package supplement_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
)

func ExampleSupplement_Append() {
	s := supplement.Supplement{
		Flag:      regulation.FlagNormal,
		AppID:     "client_xsb_1.0",
		Public:    netip.MustParseAddrPort("[2001:db8::10]:37768"),
		LoginTime: time.Date(2025, 7, 10, 0, 45, 0, 0, time.UTC),
		Account:   "88888888",
		UserType:  regulation.UserCustomer,
	}
	text, err := s.Append(nil)
	fmt.Println(string(text), err)
	// Output: 0@client_xsb_1.0@2001:0DB8:0000:0000:0000:0000:0000:0010@37768@2025-07-10 08:45:00@@@@@88888888@1 <nil>
}
