package collect

import "strings"

// osRelease is 发行版本 (4.1) from the text of /etc/os-release: the distribution's ID and its version, "kylin V10", "ubuntu 24.04". A
// distribution without versions has its ID alone. It takes any text.
func osRelease(text string) string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			values[key] = unquote(value)
		}
	}
	id := firstText(values["ID"], values["NAME"])
	if id == "" {
		return values["PRETTY_NAME"]
	}
	return strings.TrimSpace(id + " " + firstText(values["VERSION_ID"], values["VERSION"], values["BUILD_ID"], values["VERSION_CODENAME"]))
}

func firstText(of ...string) string {
	for _, s := range of {
		if strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// unquote takes shell's quotes off, as os-release(5) has them.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		quote := s[0]
		s = s[1 : len(s)-1]
		if quote == '\'' {
			return s
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\\"$`'", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
