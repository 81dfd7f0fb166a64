package front_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/front"
	"github.com/tradefront/tradefront/internal/session"
)

// FuzzHandedImage: a front takes or refuses the images that another program gives it, and panics on none. What it takes, a core reaches
// as a terminal before its loop has it.
func FuzzHandedImage(f *testing.F) {
	whole := front.Image{Peer: session.Peer{SessionID: 7, Addr: netip.MustParseAddrPort("198.51.100.9:4")}, Inbound: []byte{2, 0, 0}, Outbound: []byte{1}}
	whole.Dialogue.Peer, whole.Dialogue.Session.Heartbeat = whole.Peer, 30*time.Second
	proxied := whole
	proxied.Listener, proxied.Proxy = 1, &front.ProxyImage{SinceAgo: time.Second, SawBytes: true}
	for _, i := range []front.Image{whole, proxied, {Exit: true, Listener: 1}, {Listener: -1}} {
		data, err := json.Marshal(i)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		var i front.Image
		if json.Unmarshal(data, &i) != nil {
			return
		}
		r := &front.Resumed{Image: i}
		cfg := config()
		cfg.Listeners = append(cfg.Listeners, front.Listener{Address: "127.0.0.1:0", Proxy: &front.ProxyRule{}})
		cfg.Resumed = &front.Handover{LastID: 9, Resumed: []*front.Resumed{r}}
		cfg.AtCore = func(int32) core.Session { return nil }
		s := front.New(cfg, newHandler(), newCounts(), zap.NewNop())
		if s.Prepare() == nil && !i.Exit {
			s.TerminalOf(r).Deliver(order(3, 1, 9)[4:])
		}
	})
}
