package trial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/corecheck"
	"github.com/tradefront/tradefront/internal/files"
)

// coreALPN is the protocol that both sides of a link over TLS name (docs/core.md).
const coreALPN = "tradefront-core/1"

// coreEndpoint is where core-check connects to, and how.
type coreEndpoint struct{ address, ca, cert, key, serverName string }

// testPassword is one of an account for tests: in a file, or on the command line.
type testPassword struct {
	file  command.SecretFile
	given string
}

func (t *testPassword) flags(c *cobra.Command, flag, what string) {
	t.file.Flags(c, flag+"-file", what)
	c.Flags().StringVar(&t.given, flag, "", "the "+what+" itself; others on this machine can read it in the list of processes")
	c.MarkFlagsMutuallyExclusive(flag, flag+"-file")
}

func (t *testPassword) read(e *command.Env) (string, error) {
	if t.file.Path == "" {
		return t.given, nil
	}
	secret, err := t.file.Read(e)
	return string(secret), err
}

// errRulesFailed is the error of a core that breaks a rule.
type errRulesFailed int

func (n errRulesFailed) Error() string {
	return fmt.Sprintf("%d of the rules of docs/core.md failed: each FAIL above says what came, and names the section", int(n))
}

// errUntried is the error of a core that is not active: no rule failed, and it was held to few.
type errUntried struct {
	state string
	rules int
}

func (e errUntried) Error() string {
	return fmt.Sprintf("the core's state is %s, so that %d rules were not tried, and nothing is known of them: check it while it is active (A)", e.state, e.rules)
}

// coreCheckFlags are of `core-check`.
type coreCheckFlags struct {
	o                                       corecheck.Options
	at                                      coreEndpoint
	password, restricted, renewed, operator testPassword
	request                                 string
	form                                    command.Output
}

// NewCoreCheck is `core-check`: whether a trading core keeps the contract.
func NewCoreCheck(e *command.Env) *cobra.Command {
	var f coreCheckFlags
	c := &cobra.Command{
		Use: "core-check", Short: "Play a front against a trading core, and print which rules of the link it keeps", Args: command.NoArgs,
		Long: "Open links to the core, log accounts in, send orders without a field, break off, send malformed frames; a line\n" +
			"for each rule of docs/core.md. Exit status 1 if a rule failed, or if the core is not active. SKIP is what could not be found out.\n\n" +
			"The core must be one for tests: sessions are opened and requests are sent. No order can be carried out and no\n" +
			"password is changed without --restricted-new-password, but one wrong password of --account is tried. --customer-request is sent four times.\n" +
			"Do not use a --front-id that a running front has.\n\n" +
			"Over TCP the link is TLS 1.3 with --ca, --cert and --key; without them only to loopback.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return f.run(c.Context(), e) }),
	}
	f.add(c)
	return c
}

// add adds the flags to the command, and which of them go together.
func (f *coreCheckFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.at.address, "endpoint", "", "where the core listens: HOST:PORT, or unix:PATH")
	flags.StringVar(&f.at.ca, "ca", "", "PEM file of the authority that signed the core's certificate")
	flags.StringVar(&f.at.cert, "cert", "", "PEM file of the front's certificate")
	flags.StringVar(&f.at.key, "key", "", "PEM file of its private key")
	flags.StringVar(&f.at.serverName, "server-name", "", "name that the core's certificate must have; the endpoint's host without it")
	flags.StringVar(&f.o.BrokerID, "broker", "9999", "broker ID")
	flags.Int32Var(&f.o.FrontID, "front-id", corecheck.DefaultFrontID, "FrontID to use; the next one is used too")
	flags.StringVar(&f.o.AppID, "app-id", "tradefront_check_1.0", "AppID that the terminals have")
	flags.StringVar(&f.o.Account, "account", "", "account that may log in several times")
	f.password.flags(c, "password", "password of --account")
	flags.StringVar(&f.o.Restricted, "restricted-account", "", "account that must change its password first")
	f.restricted.flags(c, "restricted-password", "password of --restricted-account")
	f.renewed.flags(c, "restricted-new-password", "password that --restricted-account gets; without it no password is changed")
	flags.StringVar(&f.o.Operator, "operator-account", "", "account of a relay operator, behind whom customers are")
	f.operator.flags(c, "operator-password", "password of --operator-account")
	flags.StringVar(&f.o.Customer, "customer", "", "account of a customer for whom --operator-account may trade once a terminal of the customer is reported")
	flags.StringVar(&f.request, "customer-request", "",
		"a request for --customer that the core answers by another code if no terminal is reported: a TID and fields,\n"+
			"as 0x3 0xA001=48656C6C6F. Let it be one that the core cannot carry out")
	flags.Uint16Var(&f.o.Series, "series", 0, "series of a flow of --account that has messages today")
	flags.DurationVar(&f.o.Timeout, "timeout", corecheck.DefaultTimeout, "how long the core may take for an answer")
	flags.DurationVar(&f.o.Quiet, "quiet", corecheck.DefaultQuiet, "how long to wait where nothing must come")
	command.OutputFlag(c, &f.form)
	command.Must(c.MarkFlagRequired("endpoint"))
	command.Must(c.MarkFlagRequired("account"))
	c.MarkFlagsOneRequired("password", "password-file")
	c.MarkFlagsRequiredTogether("cert", "key", "ca")
	c.MarkFlagsRequiredTogether("operator-account", "customer", "customer-request")
}

// run reads what the flags name, and goes through the rules.
func (f *coreCheckFlags) run(ctx context.Context, e *command.Env) (err error) {
	o := &f.o
	if o.Dial, o.Anonymous, err = f.at.dialers(); err != nil {
		return err
	}
	if o.Password, err = f.password.read(e); err != nil {
		return err
	}
	if o.RestrictedPassword, err = f.restricted.read(e); err != nil {
		return err
	}
	if o.RestrictedNew, err = f.renewed.read(e); err != nil {
		return err
	}
	if o.OperatorPassword, err = f.operator.read(e); err != nil {
		return err
	}
	if f.request != "" {
		if o.CustomerRequest, err = corecheck.ParseRequest(f.request); err != nil {
			return fmt.Errorf("--customer-request: %w", err)
		}
	}
	o.Version = e.Version
	o.Progress = func(done, all int, rule string) {
		if rule != "" {
			fmt.Fprintf(e.Err, "%2d/%d %s\n", done+1, all, rule)
		}
	}
	return printCoreCheck(e.Out, f.form, corecheck.Run(ctx, *o))
}

// printCoreCheck prints a line for each rule. The error says that one failed, or that the core is not one that can be checked.
func printCoreCheck(w io.Writer, form command.Output, r *corecheck.Report) error {
	err := form.Print(w, r, func(w io.Writer) {
		for _, res := range r.Results {
			fmt.Fprintln(w, coreCheckLine(res))
		}
		fmt.Fprintf(w, "core %q, instance %s, term %d, trading day %s: %d passed, %d failed, %d skipped\n",
			r.CoreID, r.Instance, r.Term, r.TradingDay, r.Passed, r.Failed, r.Skipped)
	})
	switch {
	case err != nil:
		return err
	case r.Failed > 0:
		return errRulesFailed(r.Failed)
	case r.Untried > 0:
		return errUntried{r.State, r.Untried}
	}
	return nil
}

func coreCheckLine(res corecheck.Result) string {
	s := fmt.Sprintf("%s  %-20s  expected: %s", res.Status, res.Rule, res.Expected)
	if res.Came != "" {
		s += "; came: " + strings.ReplaceAll(res.Came, "\n", " ")
	}
	return s + fmt.Sprintf(" (docs/core.md, %q)", res.Section)
}

type coreDialer func(context.Context) (net.Conn, error)

// dialers connect as a front does, and, over TLS, as one that has no certificate.
func (at *coreEndpoint) dialers() (front, anonymous coreDialer, err error) {
	if path, ok := strings.CutPrefix(at.address, "unix:"); ok {
		if at.ca != "" {
			return nil, nil, errors.New("--endpoint is a Unix socket, which has no TLS: leave --ca, --cert and --key away")
		}
		return plainDialer("unix", path), nil, nil
	}
	host, _, err := net.SplitHostPort(at.address)
	if err != nil {
		return nil, nil, fmt.Errorf("--endpoint: %w; write HOST:PORT or unix:PATH", err)
	}
	if at.ca == "" {
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, nil, fmt.Errorf("--endpoint %s is not on this machine: a password would cross the network in clear; give --ca, --cert and --key", at.address)
		}
		return plainDialer("tcp", at.address), nil, nil
	}
	conf, err := at.tls(host)
	if err != nil {
		return nil, nil, err
	}
	bare := conf.Clone()
	bare.Certificates = nil
	return tlsDialer(at.address, conf), tlsDialer(at.address, bare), nil
}

func tlsDialer(address string, conf *tls.Config) coreDialer {
	return func(ctx context.Context) (net.Conn, error) {
		d := tls.Dialer{Config: conf}
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		if got := conn.(*tls.Conn).ConnectionState().NegotiatedProtocol; got != coreALPN {
			_ = conn.Close()
			return nil, fmt.Errorf("the core names ALPN %q, not %s", got, coreALPN)
		}
		return conn, nil
	}
}

func plainDialer(network, address string) coreDialer {
	return func(ctx context.Context) (net.Conn, error) {
		d := net.Dialer{Timeout: 5 * time.Second}
		return d.DialContext(ctx, network, address)
	}
}

// tls reads the files.
func (at *coreEndpoint) tls(host string) (*tls.Config, error) {
	const most = 1 << 20
	ca, err := files.ReadText(at.ca, most)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, assemble.AlsoHidden(fmt.Errorf("--ca: %s has no certificate in PEM form", at.ca), ca)
	}
	cert, err := files.ReadText(at.cert, most)
	if err != nil {
		return nil, fmt.Errorf("--cert: %w", err)
	}
	key, err := files.ReadText(at.key, most)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, assemble.AlsoHidden(assemble.AlsoHidden(fmt.Errorf("--cert and --key: %w", err), cert), key)
	}
	name := at.serverName
	if name == "" {
		name = host
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: name, NextProtos: []string{coreALPN},
	}, nil
}
