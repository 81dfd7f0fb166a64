package ops

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
	"go.uber.org/zap"
	"go.uber.org/zap/zapio"
	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/internal/files"
)

// WebAccess is what a web configuration file asks of a client of the admin listener.
type WebAccess struct {
	TLS         bool
	Password    bool     // HTTP basic authentication
	Users       []string // of HTTP basic authentication, in their order
	Certificate bool     // the client must show a certificate
}

const maxWebConfig = 1 << 20 // bytes: certificate and key may be in the file itself

// ReadWebAccess judges a web configuration file of exporter-toolkit, with the certificate and the key that it names. The
// error is one line.
func ReadWebAccess(path string) (access WebAccess, err error) {
	if err := web.Validate(path); err != nil {
		return access, errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	c, err := readWebConfig(path)
	if err != nil {
		return access, err
	}
	return WebAccess{
		TLS: c.TLSConfig.IsEnabled(), Password: len(c.Users) > 0, Users: slices.Sorted(maps.Keys(c.Users)),
		Certificate: strings.HasPrefix(c.TLSConfig.ClientAuth, "Require"),
	}, nil
}

func readWebConfig(path string) (c web.Config, err error) {
	content, err := files.ReadText(path, maxWebConfig)
	if err != nil {
		return c, err
	}
	if err := yaml.Unmarshal(content, &c); err != nil {
		return c, errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	return c, nil
}

// WebCertificate is the certificate of a web configuration file, in PEM form: the one in it, or of the file that it names.
func WebCertificate(path string) ([]byte, error) {
	c, err := readWebConfig(path)
	if err != nil {
		return nil, err
	}
	if c.TLSConfig.TLSCert != "" {
		return []byte(c.TLSConfig.TLSCert), nil
	}
	c.TLSConfig.SetDirectory(filepath.Dir(path))
	return files.ReadText(c.TLSConfig.TLSCertPath, maxWebConfig)
}

// Protect serves through a web configuration file: TLS, passwords, certificates of clients. The toolkit reads the file for
// each connection and each request, so that a new certificate or password counts at once; a file that became bad shuts
// clients out, and the log says why. It must be called before Serve.
func (a *Admin) Protect(webConfig string) error {
	access, err := ReadWebAccess(webConfig)
	if err != nil {
		return err
	}
	a.webConfig, a.secure = webConfig, access.TLS
	return nil
}

// URL is where the listener answers.
func (a *Admin) URL() string {
	if a.secure {
		return "https://" + a.Addr().String()
	}
	return "http://" + a.Addr().String()
}

// serve answers on the listener, through the web configuration file if there is one.
func (a *Admin) serve() error {
	if a.webConfig == "" {
		return a.server.Serve(a.listener)
	}
	return web.Serve(a.listener, a.server, &web.FlagConfig{WebConfigFile: &a.webConfig}, toolkitLogger(a.logger))
}

// toolkitLogger brings what the toolkit has to say into the application log: warnings and errors, since the start line
// tells the rest.
func toolkitLogger(logger *zap.Logger) *slog.Logger {
	return slog.New(slog.NewTextHandler(&zapio.Writer{Log: logger.Named("admin"), Level: zap.WarnLevel}, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// httpOne leaves HTTP/2 out: a listener for one browser, one Prometheus and some commands gains nothing by it, and its
// streams would be one more way to keep the front busy.
func httpOne() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return protocols
}

// guarded gives each answer the headers that a browser needs so as not to guess, keep or embed it; pages of their own may
// say otherwise.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range map[string]string{
			"Cache-Control":           "no-store",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",

			"Cross-Origin-Resource-Policy": "same-origin",

			"Referrer-Policy":        "no-referrer",
			"X-Content-Type-Options": "nosniff",
			"X-Frame-Options":        "DENY",
		} {
			if h.Get(name) == "" { // the web configuration file may have set it
				h.Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}
