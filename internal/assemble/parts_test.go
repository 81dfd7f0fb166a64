package assemble

import (
	"testing"

	"github.com/tradefront/tradefront/internal/config"
)

// TestBoundsOf: where records stay, their number and age are not bounded.
func TestBoundsOf(t *testing.T) {
	cfg := config.Default().Store
	if b := BoundsOf(&cfg); b.Rows != 0 || b.Age != 0 || b.Bytes != 64<<30 || b.Free != 256<<20 {
		t.Errorf("embedded: %+v", b)
	}
	cfg.Driver = DriverPostgres
	if b := BoundsOf(&cfg); b.Rows != 20_000_000 || b.Age.Hours() != 168 || b.Bytes != 64<<30 || b.Free != 256<<20 {
		t.Errorf("postgres: %+v", b)
	}
}

// TestAgentSession: behind an investor agent is a front, behind one of mode operator its own trading core or none.
func TestAgentSession(t *testing.T) {
	cfg := config.DefaultAgent()
	if s := AgentSession(&cfg); !s.Business || !s.FrontBehind || s.AuthTimeout != cfg.Timers.Authenticate {
		t.Errorf("investor: %+v", s)
	}
	cfg.Mode = config.AgentOperator
	if s := AgentSession(&cfg); s.Business || s.FrontBehind {
		t.Errorf("operator: %+v", s)
	}
	cfg.Core.Driver = DriverLink
	if s := AgentSession(&cfg); !s.Business || s.FrontBehind {
		t.Errorf("operator with a trading core: %+v", s)
	}
}

// TestSessionSettingsKnowTheCore: business before the login is answered as such where a core takes business after it.
func TestSessionSettingsKnowTheCore(t *testing.T) {
	cfg := config.Default()
	if SessionSettings(&cfg).Business {
		t.Error("the local core takes none")
	}
	if cfg.Core.Driver = DriverLink; !SessionSettings(&cfg).Business {
		t.Error("a trading core does")
	}
	if cfg.Core.Link.VerifyOnly = true; SessionSettings(&cfg).Business {
		t.Error("not one that verifies alone")
	}
}
