package ops

import (
	"iter"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// OtherApp is the label of what has no AppID of the registry, and of AppIDs over maxApps.
	OtherApp = "other"
	// maxApps bounds the AppIDs that have series of their own: the first that came since the start.
	maxApps = 256
)

// appMetrics are results by terminal software. Their label app_id is an AppID that the firm has registered, never what a
// peer sent. PresetApps makes the first of anything an increase.
type appMetrics struct {
	authentications, logins *prometheus.CounterVec
	named                   *appNames
}

type appNames struct {
	mu    sync.RWMutex
	names map[string]struct{}
}

func newAppMetrics() appMetrics {
	by := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{"app_id", "reason"})
	}
	return appMetrics{
		authentications: by("app_authentications_total",
			"Access authentications by AppID and reason; `other` is what the firm has not registered, and AppIDs after the first 256. "+
				"Of up to 256 registered AppIDs each begins at 0."),
		logins: by("app_logins_total", "Login requests by AppID and reason; `other` as above. Of a relay's terminal the AppID is the terminal's."),
		named:  &appNames{names: make(map[string]struct{})},
	}
}

// PresetApps starts the counters of authentications at zero for each AppID that is registered and each of the reasons, so that an alert sees
// the first of them. Of more than maxApps it starts none: those that come first have the series then, and each begins with its first event.
func (m *Metrics) PresetApps(registered int, appIDs iter.Seq[string], reasons []string) {
	if registered > maxApps {
		return
	}
	for appID := range appIDs {
		if m.apps.named.over(appID) {
			continue // AppIDs that were removed since have the room
		}
		for _, why := range reasons {
			m.apps.authentications.WithLabelValues(appID, why)
		}
	}
}

// AppAuthenticated counts an access authentication for its AppID; registered says that the firm knows it.
func (m *Metrics) AppAuthenticated(appID, reason string, registered bool) {
	m.apps.authentications.WithLabelValues(m.apps.named.label(appID, registered), reason).Inc()
}

// AppLoggedIn counts a login request likewise.
func (m *Metrics) AppLoggedIn(appID, reason string, registered bool) {
	m.apps.logins.WithLabelValues(m.apps.named.label(appID, registered), reason).Inc()
}

func (n *appNames) label(appID string, registered bool) string {
	if !registered || n.over(appID) {
		return OtherApp
	}
	return appID
}

// over reports whether there is no room for a name that is new.
func (n *appNames) over(appID string) bool {
	n.mu.RLock()
	_, known := n.names[appID]
	full := len(n.names) >= maxApps
	n.mu.RUnlock()
	if known || full {
		return !known
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known = n.names[appID]; !known && len(n.names) >= maxApps {
		return true
	}
	n.names[appID] = struct{}{}
	return false
}
