package collectcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/client/collect/tstkey"
	"github.com/tradefront/tradefront/internal/ping"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/internal/textfile"
)

// sending is one login with what this machine is.
type sending struct {
	to, broker, appID, account, cipher string
	authCode, password                 secretFile
	keyFile, keyVersion                string
	timeout                            time.Duration
	lang                               language
	output                             form
}

// Sent is what `send -o json` prints.
type Sent struct {
	Collected collect.Report `json:"collected"`
	Recorded  Recorded       `json:"recorded"`
	Opened    []OpenedItem   `json:"opened,omitempty"` // of the public test key alone
}

// Recorded is what the front answered that it recorded.
type Recorded struct {
	RecordID   string `json:"record_id"`
	TradingDay string `json:"trading_day"`
	LoginTime  string `json:"login_time"`
	PublicAddr string `json:"public_address"`
	UserType   string `json:"user_type"`
	KeyVersion string `json:"key_version"` // as sent
	SentFlag   string `json:"sent_flag"`
	Flag       string `json:"flag"` // 异常标识 as recorded
	Bytes      int    `json:"ciphertext_bytes"`
}

// OpenedItem is an item as the private test key opens it, beside what was collected.
type OpenedItem struct {
	Item      string `json:"item"`
	Name      string `json:"name"`
	Collected string `json:"collected"`
	Opened    string `json:"opened"`
	Same      bool   `json:"same"`
}

func newSend(e *Env) *cobra.Command {
	var s sending
	c := &cobra.Command{
		Use: "send", Short: "Log in at a front with what this machine is, and show what the front recorded", Args: noArgs,
		Long: "Collect this machine, seal the string, log in at a front with it and show the front's answer: what it recorded.\n\n" +
			"Without --key the string is sealed under the public test key, version \"" + tstkey.Version + "\", whose private half is in the\n" +
			"repository: then the ciphertext is opened again and shown item by item beside what was collected. A test front has the\n" +
			"key if its configuration names client/collect/tstkey/public.pem; any other front records flag 2. With --key values are masked.\n\n" +
			"Each login is recorded like any other and is a line of the day's report: use a test front, or an account made for it.\n" +
			"The exit status is 1 if the front recorded a flag other than 0: an item is missing, or the front cannot use the key version.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), s.timeout)
			defer cancel()
			return s.run(ctx, e)
		}),
	}
	f := c.Flags()
	f.StringVar(&s.to, "to", "", "host:port of the front")
	f.StringVar(&s.broker, "broker", "9999", "broker ID")
	f.StringVar(&s.appID, "app-id", "", "AppID of the terminal")
	s.authCode.flags(c, "authcode-file", "authcode")
	f.StringVar(&s.cipher, "cipher", "aes", "answer the challenge by aes or sm4, as the AppID was added")
	f.StringVar(&s.account, "account", "", "account that logs in")
	s.password.flags(c, "password-file", "password")
	f.BoolVar(&s.password.asIs, "as-is", false, "quotation marks around the password and characters that do not show belong to it")
	f.StringVar(&s.keyFile, "key", "", "public key in PEM that the string is sealed under, in place of the public test key")
	f.StringVar(&s.keyVersion, "key-version", "", "version of --key, or of the public test key at this front (default \""+tstkey.Version+"\")")
	f.DurationVar(&s.timeout, "timeout", 10*time.Second, "give up after")
	s.lang.flags(c, e.Environ)
	s.output.flags(c)
	for _, name := range []string{"to", "app-id", "authcode-file", "account", "password-file"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // a typing mistake above
		}
	}
	return c
}

func (s *sending) run(ctx context.Context, e *Env) error {
	key, err := s.key()
	if err != nil {
		return err
	}
	authCode, err := s.authCode.read(e.In)
	if err != nil {
		return err
	}
	defer clear(authCode)
	password, err := s.password.read(e.In)
	if err != nil {
		return err
	}
	defer clear(password)
	r, err := collect.Collect(ctx, collect.Options{})
	if err != nil {
		return err
	}
	info, err := r.Seal(key)
	if err != nil {
		return err
	}
	login, err := s.login(ctx, string(authCode), string(password), &info)
	if err != nil {
		return errors.Join(fmt.Errorf("login at %s: %w", s.to, err), ping.Advice(err))
	}
	sent := Sent{Collected: r.Report(s.keyFile == ""), Recorded: recorded(&login, &info)}
	if s.keyFile == "" && info.Ciphertext != nil {
		if sent.Opened, err = opened(r, info.Ciphertext); err != nil {
			return err
		}
	}
	if err := s.print(e.Out(), r, &sent); err != nil {
		return err
	}
	return s.judge(r, &sent.Recorded)
}

// judge is the error of a login that was recorded, but with another flag than 0: for the firm the terminal is not ready.
func (s *sending) judge(r *collect.Result, rec *Recorded) error {
	switch {
	case rec.Flag == string(rune(regulation.FlagNormal)):
		return nil
	case rec.Flag == rec.SentFlag:
		return incomplete(r, s.lang.Language)
	}
	return errors.New(wordsIn(s.lang.Language).judged(rec))
}

// key is that of --key, or the public test key.
func (s *sending) key() (*collect.Key, error) {
	if s.keyFile == "" {
		if s.keyVersion == "" {
			s.keyVersion = tstkey.Version
		}
		return collect.ParseKey(s.keyVersion, tstkey.Public)
	}
	if s.keyVersion == "" {
		return nil, errors.New("--key needs --key-version: the version under which the monitoring centre granted the key")
	}
	pem, err := readFile(s.keyFile, maxKey)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	text, err := textfile.Text(pem)
	if err != nil {
		return nil, fmt.Errorf("--key: %s %w", s.keyFile, err)
	}
	key, err := collect.ParseKey(s.keyVersion, text)
	if err == nil {
		return key, nil
	}
	if hidden := textfile.HiddenLine(text); hidden != "" {
		err = errors.Join(err, errors.New(hidden+"; copy the file anew"))
	}
	return nil, fmt.Errorf("--key: %w", err)
}

func (s *sending) login(ctx context.Context, authCode, password string, info *collect.TerminalInfo) (client.LoginResult, error) {
	identity := client.Identity{BrokerID: s.broker, AppID: s.appID, ProductInfo: "collect"}
	switch s.cipher {
	case "aes":
	case "sm4":
		identity.Cipher = client.SM4
	default:
		return client.LoginResult{}, fmt.Errorf("--cipher %.20q: want aes or sm4", s.cipher)
	}
	conn, err := client.Dial(ctx, s.to)
	if err != nil {
		return client.LoginResult{}, err
	}
	defer conn.Close()
	if _, err := conn.Authenticate(ctx, identity, authCode); err != nil {
		return client.LoginResult{}, err
	}
	login, err := conn.Login(ctx, client.LoginRequest{
		BrokerID: s.broker, UserID: s.account, Password: password, Remark: "collect",
		KeyVersion: info.KeyVersion, AbnormalFlag: info.AbnormalFlag, Ciphertext: info.Ciphertext,
	})
	if err != nil {
		return login, err
	}
	return login, conn.Logout(ctx)
}

func recorded(login *client.LoginResult, info *collect.TerminalInfo) Recorded {
	return Recorded{
		RecordID: login.RecordID, TradingDay: login.TradingDay, LoginTime: login.LoginTime.In(regulation.Zone).Format(regulation.TimeLayout),
		PublicAddr: login.PublicAddr.String(), UserType: string(rune(login.UserType)), KeyVersion: info.KeyVersion,
		SentFlag: string(rune(info.AbnormalFlag)), Flag: string(rune(login.AbnormalFlag)), Bytes: len(info.Ciphertext),
	}
}

// opened opens the ciphertext with the private test key, as a test front's report is opened.
func opened(r *collect.Result, ciphertext []byte) ([]OpenedItem, error) {
	private, err := testkey.Parse(tstkey.Private)
	if err != nil {
		return nil, err
	}
	text, err := private.Decrypt(ciphertext)
	if err != nil {
		return nil, err
	}
	items, err := terminalinfo.Parse(string(text))
	if err != nil {
		return nil, err
	}
	var list []OpenedItem
	for i, it := range r.Items {
		list = append(list, OpenedItem{Item: it.Word, Name: it.Name, Collected: it.Clear(), Opened: items[i].Value, Same: it.Clear() == items[i].Value})
	}
	return list, nil
}

func (s *sending) print(w io.Writer, r *collect.Result, sent *Sent) error {
	if s.output == "json" {
		return printJSON(w, sent)
	}
	if sent.Opened == nil {
		fmt.Fprint(w, r.Explain(s.lang.Language))
	} else {
		fmt.Fprint(w, r.ExplainClear(s.lang.Language))
	}
	words := wordsIn(s.lang.Language)
	fmt.Fprintln(w, words.recorded)
	rec := &sent.Recorded
	why := words.flag(rec)
	if why != "" {
		why = "  (" + why + ")"
	}
	show.Table(w, words.record+"\t"+rec.RecordID, func(w io.Writer) {
		fmt.Fprintf(w, words.answer, rec.TradingDay, rec.LoginTime, rec.PublicAddr, rec.KeyVersion, rec.SentFlag, rec.Bytes, rec.Flag, why)
	})
	if sent.Opened != nil {
		fmt.Fprintln(w, words.opened)
		printOpened(w, words, sent.Opened)
	}
	return nil
}

// printOpened prints a table of the items, and marks those that differ.
func printOpened(w io.Writer, words *sendWords, items []OpenedItem) {
	show.Table(w, words.header, func(w io.Writer) {
		for _, it := range items {
			mark, name := words.same, it.Item
			if !it.Same {
				mark = words.differs
			}
			if words.named {
				name = it.Name
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, it.Collected, it.Opened, mark)
		}
	})
}
