package pgurl

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Parse reads a URL. Blanks, line ends and a byte-order mark around it are taken off. A text that
// is not the URL of one named database is an *Error.
func Parse(text string) (*URL, error) {
	text = Trim(text)
	rest, err := afterScheme(text)
	if err != nil {
		return nil, err
	}
	if err := plainText(rest); err != nil {
		return nil, err
	}
	authority, database, query := split(rest)
	if strings.Contains(database, "@") || strings.Contains(query, "@") || strings.Count(authority, "@") > 1 {
		return nil, ambiguous("holds an @ in the wrong place, as when a password is not encoded")
	}
	u := new(URL)
	if err := u.readParams(query); err != nil {
		return nil, err
	}
	if err := u.readAuthority(authority); err != nil {
		return nil, err
	}
	if database, err = u.once("dbname", database); err != nil {
		return nil, err
	}
	u.Database = database
	return u, u.check()
}

// Trim takes off what editors, shells and forms put around a URL.
func Trim(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
}

var (
	assignment = regexp.MustCompile(`^(export\s+|set\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*[=:]\s*['"“‘]?(jdbc:)?[A-Za-z0-9+]+://`)
	keyword    = regexp.MustCompile(`^[a-z_]+\s*=`)
)

// afterScheme refuses by its name what is often found in the place of a URL.
func afterScheme(text string) (rest string, err error) {
	scheme, rest, found := strings.Cut(text, "://")
	lower := strings.ToLower(scheme)
	switch {
	case text == "":
		return "", refused("is empty", want)
	case strings.ContainsAny(text[:1], "'\"`") || strings.HasPrefix(text, "“") || strings.HasPrefix(text, "‘"):
		return "", refused("is in quotes, which are no part of a URL", "take them off")
	case found && (lower == "postgres" || lower == "postgresql"):
		if strings.Trim(rest[max(0, len(rest)-1):], "'\"`") == "" && rest != "" || strings.HasSuffix(rest, "”") || strings.HasSuffix(rest, "’") {
			return "", refused("ends with a quotation mark, which is no part of a URL", "take it off, or percent-encode it: ' as %27, \" as %22")
		}
		return rest, nil
	case strings.HasPrefix(lower, "credential:"):
		return "", refused("is the name of a credential, which is a file", "name it in url_file (TRADEFRONT_STORE_URL_FILE)")
	case strings.HasPrefix(lower, "jdbc:"):
		return "", refused("is an address for Java (jdbc:)",
			"take jdbc: off, and write user and password before the host: postgres://user:password@host:5432/database")
	case assignment.MatchString(text):
		return "", refused("begins with a name, as NAME=postgres://…", "write the URL alone")
	case keyword.MatchString(text):
		return "", refused("is a list of keyword=value, not a URL", want)
	case found:
		return "", refused("begins with another scheme than postgres://", want)
	}
	return "", refused("does not begin with postgres://", want)
}

// plainText refuses characters that have to be percent-encoded: with them the parts are ambiguous.
func plainText(rest string) error {
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			return ambiguous("holds a blank or a line end")
		case c == '#':
			return ambiguous("holds a #")
		case c < ' ' || c > '~':
			return refused("holds a character that is not plain ASCII", "percent-encode its UTF-8 bytes, or take it away if it does not show")
		case c == '%' && !encoded(rest[i:]):
			return ambiguous("holds a % that begins no encoded character")
		}
	}
	return nil
}

func encoded(s string) bool {
	const hex = "0123456789ABCDEFabcdef"
	return len(s) >= 3 && strings.IndexByte(hex, s[1]) >= 0 && strings.IndexByte(hex, s[2]) >= 0
}

// split cuts user, password and hosts from the database and the parameters.
func split(rest string) (authority, database, query string) {
	rest, query, _ = strings.Cut(rest, "?")
	authority, database, _ = strings.Cut(rest, "/")
	return authority, database, query
}

// decode decodes a text that plainText accepted.
func decode(s string) string {
	d, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return d
}

// readParams reads a=b&c=d. A + is a +, as PostgreSQL's own library has it.
func (u *URL) readParams(query string) error {
	if query == "" {
		return nil
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, found := strings.Cut(pair, "=")
		name = decode(name)
		if !found || !parameterName.MatchString(name) {
			return ambiguous("has parameters that are not name=value")
		}
		if fault := refusedParameter(name, decode(value)); fault != nil {
			return fault
		}
		if name == "database" {
			name = "dbname"
		}
		if u.Names(name) {
			return refused("has a parameter twice", "write each once")
		}
		u.params = append(u.params, param{name, decode(value)})
	}
	return nil
}

// once is the value of a part that can be written before the ? or as a parameter behind it,
// which goes.
func (u *URL) once(name, before string) (string, error) {
	before = decode(before)
	for i, p := range u.params {
		if p.name != name {
			continue
		}
		if before != "" {
			return "", refused("names "+partNames[name]+" twice", "write it once")
		}
		u.params = append(u.params[:i], u.params[i+1:]...)
		return p.value, nil
	}
	return before, nil
}

var partNames = map[string]string{"user": "the user", "password": "the password", "host": "the host", "port": "the port", "dbname": "the database"}

func (u *URL) readAuthority(authority string) (err error) {
	who, where, found := strings.Cut(authority, "@")
	if !found {
		who, where = "", authority
	}
	user, password, _ := strings.Cut(who, ":")
	if u.User, err = u.once("user", user); err != nil {
		return err
	}
	if u.password, err = u.once("password", password); err != nil {
		return err
	}
	u.secret = u.password != "" || u.Names("sslpassword")
	return u.readHosts(where)
}

// readHosts reads host:port,host:port, or the parameters host and port.
func (u *URL) readHosts(where string) error {
	var names, ports []string
	if where != "" {
		for one := range strings.SplitSeq(where, ",") {
			name, port, err := hostPort(one)
			if err != nil {
				return err
			}
			names, ports = append(names, name), append(ports, port)
		}
	}
	written := strings.Join(ports, "") != ""
	other, err := u.once("host", strings.Join(names, ","))
	if err != nil {
		return err
	}
	if where == "" {
		names = strings.Split(other, ",")
		ports = make([]string, len(names))
	}
	port, err := u.once("port", "")
	switch {
	case err != nil:
		return err
	case port != "" && written:
		return refused("names the port twice", "write it once")
	case port != "":
		all := strings.Split(port, ",")
		if len(all) != 1 && len(all) != len(names) {
			return refused("has another number of ports than of hosts", "write one port, or one for each host")
		}
		for i := range ports {
			ports[i] = all[min(i, len(all)-1)]
		}
	}
	for i, name := range names {
		u.Hosts = append(u.Hosts, Host{name, orDefault(ports[i])})
	}
	return nil
}

func orDefault(port string) string {
	if port == "" {
		return "5432"
	}
	return port
}

// hostPort cuts host:port; an IPv6 address is in brackets.
func hostPort(s string) (host, port string, err error) {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		host, rest, closed := strings.Cut(inside, "]")
		port, colon := strings.CutPrefix(rest, ":")
		if !closed || rest != "" && !colon {
			return "", "", ambiguous("its host is not an address in brackets")
		}
		return host, port, nil
	}
	host, port, _ = strings.Cut(s, ":")
	return decode(host), port, nil
}
