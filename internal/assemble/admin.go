package assemble

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/ops"
)

// AdminAccess is how commands ask running fronts or relay agents: with the authorities of admin.ca_file and the login of
// admin.login_file. The error is a config.Faults.
func AdminAccess(cfg *config.Admin) (ops.Access, error) {
	var (
		faults config.Faults
		access ops.Access
		err    error
	)
	judge := func(key string, err error) {
		if err != nil {
			faults = append(faults, config.Fault{Key: key, Problem: err.Error()})
		}
	}
	access.TLS, err = adminTLS(cfg.CAFile)
	judge("admin.ca_file", err)
	access.Login, err = adminLogin(cfg.LoginFile)
	judge("admin.login_file", err)
	return access, faults.Err()
}

func adminTLS(ca config.File) (*tls.Config, error) {
	if ca.Path == "" {
		return nil, nil //nolint:nilnil // plain HTTP
	}
	if err := ca.Err(); err != nil {
		return nil, err
	}
	roots, err := readAuthorities(ca.Path)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

func adminLogin(f config.File) (*url.Userinfo, error) {
	if f.Path == "" {
		return nil, nil //nolint:nilnil // no login
	}
	line, err := secretOf(f)
	if err != nil {
		return nil, err
	}
	user, password, both := bytes.Cut(line, []byte(":"))
	if !both || len(user) == 0 || len(password) == 0 {
		return nil, fmt.Errorf("%s holds no user:password", f.Path)
	}
	return url.UserPassword(string(user), string(password)), nil
}

// judgeAdmin tells judge what is wrong with the content of the files of the admin listener.
func judgeAdmin(cfg *config.Admin, judge func(key string, err error)) {
	var faults config.Faults
	if _, err := AdminAccess(cfg); errors.As(err, &faults) {
		for _, f := range faults {
			judge(f.Key, errors.New(f.Problem))
		}
	}
	if cfg.WebConfigFile.Path != "" && cfg.WebConfigFile.Err() == nil {
		access, err := ops.ReadWebAccess(cfg.WebConfigFile.Path)
		judge("admin.web_config_file", err)
		if err == nil {
			judge("admin.operators", mayNotOperate(cfg.Operators, access))
		}
	} else if len(cfg.Operators) > 0 {
		judge("admin.operators", errors.New("names users of admin.web_config_file, and there is none"))
	}
}

// mayNotOperate is why the front would take actions from none of the operators.
func mayNotOperate(operators []string, access ops.WebAccess) error {
	if len(operators) > 0 && !access.TLS {
		return errors.New("are asked for over TLS alone, and admin.web_config_file has no tls_server_config")
	}
	for _, user := range operators {
		if !slices.Contains(access.Users, user) {
			return fmt.Errorf("%q is none of the basic_auth_users of admin.web_config_file", user)
		}
	}
	return nil
}

// webAccess is what the admin listener asks of its clients; false if that cannot be known, which is a fault of its own.
func webAccess(cfg *config.Admin) (access ops.WebAccess, known bool) {
	if cfg.WebConfigFile.Path == "" {
		return access, cfg.Address.Given()
	}
	access, err := ops.ReadWebAccess(cfg.WebConfigFile.Path)
	return access, err == nil && cfg.Address.Given()
}

// exposedAdmin says how an admin listener that other machines reach lets them in, or listen in.
func exposedAdmin(cfg *config.Admin) config.Faults {
	access, known := webAccess(cfg)
	switch {
	case !known || cfg.Address.Loopback():
		return nil
	case !access.Password && !access.Certificate:
		return config.Faults{{
			Key: "admin.address", Problem: cfg.Address.String() + " can be reached from other machines and asks for no password",
			Fix: "put it on 127.0.0.1, or have admin.web_config_file ask for one",
		}}
	case !access.TLS:
		return config.Faults{{
			Key: "admin.address", Problem: "passwords go to " + cfg.Address.String() + " in clear",
			Fix: "put tls_server_config into " + cfg.WebConfigFile.Path,
		}}
	}
	return nil
}

// deafAdmin says why commands on this machine cannot ask the admin listener.
func deafAdmin(cfg *config.Admin) (warnings config.Faults) {
	access, known := webAccess(cfg)
	if !known {
		return nil
	}
	warn := func(key, problem, fix string) {
		warnings = append(warnings, config.Fault{Key: "admin." + key, Problem: problem, Fix: fix})
	}
	const so = ", so commands as front status cannot ask it"
	if access.Certificate {
		warn("web_config_file", "asks each client for a certificate, and commands have none: they cannot ask the front", "use basic_auth_users")
	}
	if access.TLS && cfg.CAFile.Path == "" {
		warn("ca_file", "is empty, and the admin listener has TLS"+so, "name the file with the certificate of its authority")
	}
	if !access.TLS && cfg.CAFile.Path != "" {
		warn("ca_file", "is given, and the admin listener has no TLS"+so, "remove it, or put tls_server_config into admin.web_config_file")
	}
	if access.Password && cfg.LoginFile.Path == "" {
		warn("login_file", "is empty, and the admin listener asks for a password"+so, "name a file that holds user:password")
	}
	return warnings
}
