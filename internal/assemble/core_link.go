package assemble

import (
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/link"
)

// CoreLink are the options of the link to a trading core; clock, logger, observer and trading day are the caller's.
func CoreLink(cfg *config.Config, assets *Assets, version string) link.Options {
	l := &cfg.Core.Link
	opt := link.Options{
		FrontID: cfg.Front.ID, BrokerID: cfg.BrokerID, Version: version[:min(len(version), maxLinkVersion)],
		MaxSessions: assets.MaxConnections, Business: !l.VerifyOnly,
		VerifyTimeout: l.VerifyTimeout, FailoverSpread: orNone(l.FailoverSpread), Grace: orNone(l.Grace), Wait: orNone(l.Wait),
		QueueBytes: l.QueueBytes, QueueLow: l.QueueLow,
	}
	for _, e := range l.Endpoints {
		if e.Unix != "" {
			opt.Endpoints = append(opt.Endpoints, link.Endpoint{Network: "unix", Address: e.Unix})
			continue
		}
		endpoint := link.Endpoint{Network: "tcp", Address: e.TCP.String()}
		if assets.CoreTLS != nil {
			endpoint.TLS, endpoint.Roots = assets.CoreTLS.Config, assets.CoreTLS.Roots
		}
		opt.Endpoints = append(opt.Endpoints, endpoint)
	}
	return opt
}

// maxLinkVersion is the room of LinkIdentity's Version, in bytes.
const maxLinkVersion = 20

// orNone is a time for which 0 means none; to package link a negative one does.
func orNone[T ~int64](d T) T {
	if d == 0 {
		return -1
	}
	return d
}
