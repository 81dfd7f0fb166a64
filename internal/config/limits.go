package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/source"
)

// EarlyDrop is limits.unauthenticated: nobody is dropped up to Start connections, Rate
// percent then, everybody at Full. The zero value is no bound.
type EarlyDrop struct{ Start, Rate, Full int }

// maxUnauthenticated is the highest count that can be written.
const maxUnauthenticated = 10_000_000

// EarlyDrop reads limits.unauthenticated.
func (l *Limits) EarlyDrop() (EarlyDrop, error) {
	if l.Unauthenticated == "" {
		return EarlyDrop{}, nil
	}
	parts := strings.Split(l.Unauthenticated, ":")
	numbers := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != p {
			return EarlyDrop{}, errEarlyDrop
		}
		numbers[i] = int(n)
	}
	if len(numbers) != 3 {
		return EarlyDrop{}, errEarlyDrop
	}
	d := EarlyDrop{numbers[0], numbers[1], numbers[2]}
	switch {
	case d.Rate > 100:
		return EarlyDrop{}, fmt.Errorf("its rate is %d percent, at most 100 are possible", d.Rate)
	case d.Full < 1 || d.Full > maxUnauthenticated:
		return EarlyDrop{}, fmt.Errorf("its full is %d, want 1 to %d", d.Full, maxUnauthenticated)
	case d.Start > d.Full:
		return EarlyDrop{}, fmt.Errorf("it starts at %d, behind its full of %d", d.Start, d.Full)
	}
	return d, nil
}

var errEarlyDrop = errors.New("is not start:rate:full, as 4000:30:16000")

// Exempt are the networks of exempt_networks, those of them that can be read.
func (l *Limits) Exempt() []netip.Prefix { return networks(l.ExemptNetworks) }

func (l *Limits) check() (faults Faults) {
	if _, err := l.EarlyDrop(); err != nil {
		faults.add("limits.unauthenticated", err.Error(), "")
	}
	faults.networks("limits.exempt_networks", l.ExemptNetworks)
	for i, s := range l.ExemptNetworks {
		if p, problem := parseNetwork(s); problem == "" && p.Addr().Is6() && p.Bits() > source.Bits6 {
			faults.add(fmt.Sprintf("limits.exempt_networks[%d]", i), "is narrower than /64, which is one source", fmt.Sprintf("write %v", netip.PrefixFrom(p.Addr(), source.Bits6).Masked()))
		}
	}
	if p := &l.Penalties; p.Max <= p.Threshold && p.Sources > 0 {
		faults.add("limits.penalties.max", "is not above the threshold: no source would ever be refused", "raise it, or set sources: 0 for no penalties")
	}
	return faults
}
