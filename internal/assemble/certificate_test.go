package assemble

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/test/certificates"
)

// TestCertificates: each link that shows a certificate has one, whose end is read anew; one that cannot be read is an error.
func TestCertificates(t *testing.T) {
	t.Parallel()
	dir, authority := t.TempDir(), certificates.New(t)
	ends := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	cert, key := authority.Issue(t, "a.example", ends).Write(t, dir, "pair")
	web := filepath.Join(dir, "web.yml")
	overwrite(t, web, []byte("tls_server_config: {cert_file: "+filepath.Base(cert)+", key_file: "+filepath.Base(key)+"}\n"))
	path := filepath.Join(dir, "tradefront.yaml")
	overwrite(t, path, []byte(`
broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
admin: {web_config_file: "`+web+`"}
core: {driver: link, link: {endpoints: ["core.example:41300"], ca_file: "`+cert+`", cert_file: "`+cert+`", key_file: "`+key+`"}}
store: {driver: postgres, url: "postgres://u@db.example/d?sslmode=verify-full&sslcert=`+cert+`&sslkey=`+key+`"}
`))
	cfg, err := config.Load(path, nil)
	if cfg == nil {
		t.Fatal(err) // faults beside the certificates are not looked at
	}
	all := Certificates(cfg)
	var links []string
	for _, c := range all {
		links = append(links, c.Link)
		if got, err := c.Ends(); err != nil || !got.Equal(ends) {
			t.Errorf("%s (%s): %v, %v, want %v", c.Link, c.Key, got, err, ends)
		}
	}
	if !slices.Equal(links, []string{"admin", "core", "postgres"}) {
		t.Errorf("links %v", links)
	}
	later := ends.Add(time.Hour)
	authority.Issue(t, "a.example", later).Write(t, dir, "pair")
	if got, err := all[1].Ends(); err != nil || !got.Equal(later) {
		t.Errorf("a renewed certificate: %v, %v, want %v", got, err, later)
	}
	overwrite(t, cert, []byte("none"))
	for _, c := range all {
		if _, err := c.Ends(); err == nil {
			t.Errorf("%s: a file without a certificate is taken", c.Link)
		}
	}
}
