package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const linked = "broker_id: \"9999\"\nkeys: [{version: \"1.0\", public_key_file: k}]\n"

// TestCoreLink: what joins the keys of the link, and what an operator reads about it.
func TestCoreLink(t *testing.T) {
	const files = ", ca_file: ca.pem, cert_file: front.pem, key_file: front.key"
	tests := []struct{ core, key, says string }{
		{`{driver: link, link: {endpoints: ["core-a.firm:41300", "core-b.firm:41300"]` + files + `}}`, "", ""},
		{`{driver: link, link: {endpoints: ["unix:core.sock"]}}`, "", ""},
		{`{driver: link, link: {endpoints: ["127.0.0.1:41300", "[::1]:41300", "localhost:41301"], insecure_loopback: true}}`, "", ""},
		{`{driver: link, link: {endpoints: ["core-a.firm:41300"], key_file: "credential:front.key", ca_file: ca.pem, cert_file: front.pem}}`, "", ""},
		{`{driver: link}`, "core.link.endpoints", "needs the address of a trading core"},
		{`{driver: remote}`, "core.driver", "want local or link"},
		{`{link: {endpoints: ["core-a.firm:41300"]` + files + `}}`, "core.driver", "the driver does not use it"},
		{`{driver: link, link: {endpoints: ["core-a.firm:41300"]}}`, "core.link.ca_file", "the link is TLS"},
		{`{driver: link, link: {endpoints: ["core-a.firm:41300"], ca_file: ca.pem, cert_file: front.pem}}`, "core.link.key_file", "the link is TLS"},
		{`{driver: link, link: {endpoints: ["core-a.firm:41300"], insecure_loopback: true}}`, "core.link.endpoints[0]", "in clear"},
		{`{driver: link, link: {endpoints: ["127.0.0.1:41300"]` + files + `, insecure_loopback: true}}`, "core.link.ca_file", "not used with insecure_loopback"},
		{`{driver: link, link: {endpoints: ["core-a.firm"]` + files + `}}`, "core.link.endpoints[0]", "is not host:port"},
		{`{driver: link, link: {endpoints: ["0.0.0.0:41300"]` + files + `}}`, "core.link.endpoints[0]", "can be dialled"},
		{`{driver: link, link: {endpoints: [":41300"]` + files + `}}`, "core.link.endpoints[0]", "dialled"},
		{`{driver: link, link: {endpoints: ["a:1", "a:1"]` + files + `}}`, "core.link.endpoints[1]", "appears twice"},
		{`{driver: link, link: {endpoints: ["unix:"]}}`, "core.link.endpoints[0]", "names no socket"},
		{`{driver: link, link: {endpoints: ["unix:/` + strings.Repeat("x", 107) + `"]}}`, "core.link.endpoints[0]", "more than 107 bytes"},
		{`{driver: link, link: {endpoints: ["unix:/c"], queue_bytes: 65536, queue_low: 65537}}`, "core.link.queue_low", "below"},
	}
	for _, test := range tests {
		_, err := loadWith(t, linked+"core: "+test.core+"\n")
		if test.key == "" {
			if err != nil {
				t.Errorf("%s: %v", test.core, err)
			}
			continue
		}
		faults, _ := errors.AsType[Faults](err)
		if !slices.ContainsFunc(faults, func(f Fault) bool { return f.Key == test.key && strings.Contains(f.Problem+f.Fix, test.says) }) {
			t.Errorf("%s: %v; want %s, %s", test.core, err, test.key, test.says)
		}
	}
}

func TestCoreEndpointsAreResolved(t *testing.T) {
	c, err := loadWith(t, linked+`core: {driver: link, link: {endpoints: ["unix:run/../core.sock", "unix:/run/core.sock"]}}`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if e := c.Core.Link.Endpoints; e[0].Unix != c.CalendarFile.Path[:strings.LastIndex(c.CalendarFile.Path, "/")]+"/core.sock" || fmt.Sprint(e[1]) != "unix:/run/core.sock" {
		t.Errorf("%v", e)
	}
}
