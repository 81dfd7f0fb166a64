package robustness

import (
	"fmt"
	"testing"

	"github.com/tradefront/tradefront/test/cutproxy"
	"github.com/tradefront/tradefront/test/pgtest"
)

// clusterDisk holds one cluster with its log, which may grow to 1 GiB in a long run.
func clusterDisk() int64 {
	if *duration > 0 {
		return 4 << 30
	}
	return 640 << 20
}

// pair is a PostgreSQL with a synchronous standby, each behind a proxy and on a disk of its
// own. The front's URL names both proxies.
type pair struct {
	nodes   [2]*node
	primary int // index of the one that writes
}

type node struct {
	name    string
	cluster *pgtest.Cluster
	proxy   *cutproxy.Proxy
	disk    *disk
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{}
	for i := range p.nodes {
		p.nodes[i] = &node{name: fmt.Sprintf("node%d", i), proxy: cutproxy.Start(t), disk: newDisk(t, clusterDisk())}
	}
	p.writes().run(pgtest.StartIn(t, p.writes().disk.dir))
	p.attach()
	return p
}

func (p *pair) writes() *node  { return p.nodes[p.primary] }
func (p *pair) standby() *node { return p.nodes[1-p.primary] }

// run makes cluster the node's, and leads its proxy there.
func (n *node) run(cluster *pgtest.Cluster) {
	n.cluster = cluster
	n.proxy.Lead(cluster.Address())
}

// attach gives the primary a new standby and makes it synchronous.
func (p *pair) attach() {
	s := p.standby()
	s.run(p.writes().cluster.StandbyIn(s.disk.dir, s.name))
	p.writes().cluster.Synchronous(s.name)
}

// swap is for after a promotion, when the old primary has ended: its place is taken by a new
// standby of the new one.
func (p *pair) swap() {
	p.writes().cluster.Remove()
	p.primary = 1 - p.primary
	p.attach()
}

// restartEnded starts each server that has ended by itself.
func (p *pair) restartEnded() {
	for _, n := range p.nodes {
		if n.cluster.Ended() {
			n.cluster.Stop(pgtest.Immediate)
			n.cluster.Start()
		}
	}
}

// followed is whether the primary commits: its standby streams.
func (p *pair) followed() bool { return p.writes().cluster.Followed(p.standby().name) }

// url is what the front connects to.
func (p *pair) url() string {
	return fmt.Sprintf("postgres://postgres@%s,%s/postgres?sslmode=disable&target_session_attrs=read-write",
		p.nodes[0].proxy.Address(), p.nodes[1].proxy.Address())
}

// both does something to both proxies.
func (p *pair) both(do func(*cutproxy.Proxy)) {
	for _, n := range p.nodes {
		do(n.proxy)
	}
}

// reconnect leads both proxies to their clusters again.
func (p *pair) reconnect() {
	for _, n := range p.nodes {
		n.proxy.Lead(n.cluster.Address())
	}
}
