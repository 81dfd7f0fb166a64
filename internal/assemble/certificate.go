package assemble

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/ops"
)

// Certificate is one that this process shows on a TLS link: to who connects to its admin listener, or to what it connects to.
type Certificate struct {
	Link string // admin, core, postgres or upstream
	Key  string // of the configuration, where its file is named
	// Ends reads the file anew: when the certificate ends. Another certificate that is put there needs no restart.
	Ends func() (time.Time, error)
}

// Certificates are those of a front.
func Certificates(cfg *config.Config) (all []Certificate) {
	all = append(adminCertificate(cfg), coreCertificate(cfg)...)
	if cfg.Store.Driver == DriverPostgres {
		if url, err := cfg.Store.PostgresURL(); err == nil {
			all = append(all, certificateFile("postgres", "sslcert of "+cfg.Store.URLKey(), url.Param("sslcert"))...)
		}
	}
	return all
}

// AgentCertificates are those of a relay agent.
func AgentCertificates(conf *config.Agent) []Certificate {
	common := conf.AsFront()
	all := append(adminCertificate(common), coreCertificate(common)...)
	if t := &conf.Upstream.TLS; t.Enabled {
		all = append(all, certificateFile("upstream", "upstream.tls.cert_file", t.CertFile.Path)...)
	}
	return all
}

func coreCertificate(cfg *config.Config) []Certificate {
	l := &cfg.Core.Link
	if cfg.Core.Driver != DriverLink || !l.TLS() {
		return nil
	}
	return certificateFile("core", "core.link.cert_file", l.CertFile.Path)
}

func adminCertificate(cfg *config.Config) []Certificate {
	file := cfg.Admin.WebConfigFile.Path
	if file == "" {
		return nil
	}
	if access, err := ops.ReadWebAccess(file); err == nil && !access.TLS {
		return nil
	}
	return []Certificate{{"admin", "admin.web_config_file", func() (time.Time, error) {
		content, err := ops.WebCertificate(file)
		if err != nil {
			return time.Time{}, err
		}
		return certificateEnds(content)
	}}}
}

func certificateFile(link, key, path string) []Certificate {
	if path == "" {
		return nil
	}
	return []Certificate{{link, key, func() (time.Time, error) {
		content, err := files.ReadText(path, MaxPEM)
		if err != nil {
			return time.Time{}, err
		}
		return certificateEnds(content)
	}}}
}

// certificateEnds is the end of the first certificate, which is the one that is shown; those behind it lead to its authority.
func certificateEnds(content []byte) (time.Time, error) {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, err
		}
		return cert.NotAfter, nil
	}
	return time.Time{}, errors.New("no certificate in PEM form")
}
