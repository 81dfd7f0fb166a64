package regulation

import (
	"fmt"
	"strings"
	"unicode"
)

// AppID is the unique name of a terminal software (5.1.2): vendor, software and
// version joined by underscores, at most 10, 10 and 8 bytes. The vendor of software
// made by an individual is "client". AppIDs are case-sensitive.
type AppID string

// The longest each part of an AppID may be, in bytes (5.1.2).
const (
	maxVendorNameLen   = 10
	maxSoftwareNameLen = 10
	maxVersionLen      = 8
)

// ParseAppID checks s against 5.1.2. The error is an *ItemError. It allocates only
// for an error: every login's supplement goes through it.
func ParseAppID(s string) (AppID, error) {
	const item = "AppID"
	if err := CheckItem(item, s, MaxAppIDLen); err != nil {
		return "", err
	}
	vendor, rest, _ := strings.Cut(s, "_")
	software, version, three := strings.Cut(rest, "_")
	if !three || strings.Contains(version, "_") {
		return "", &ItemError{item, "want vendor_software_version, three parts joined by two underscores"}
	}
	for _, part := range [...]struct {
		name, value string
		maxLen      int
	}{
		{"vendor", vendor, maxVendorNameLen},
		{"software", software, maxSoftwareNameLen},
		{"version", version, maxVersionLen},
	} {
		switch {
		case part.value == "":
			return "", &ItemError{item, part.name + " is empty"}
		case len(part.value) > part.maxLen:
			return "", &ItemError{item, fmt.Sprintf("%s is longer than %d bytes", part.name, part.maxLen)}
		case strings.ContainsFunc(part.value, unicode.IsSpace):
			// Any space, also U+00A0 and U+3000: two AppIDs that look the same are two.
			return "", &ItemError{item, part.name + " contains a space"}
		}
	}
	return AppID(s), nil
}

// Account is 客户内部资金账户 (4.2.4): 1 to 18 ASCII digits and letters.
type Account string

// ParseAccount checks s against 4.2.4. The error is an *ItemError.
func ParseAccount(s string) (Account, error) {
	const item = "account"
	if s == "" {
		return "", &ItemError{item, "empty"}
	}
	if len(s) > MaxAccountLen {
		return "", &ItemError{item, "longer than 18 bytes"}
	}
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return "", &ItemError{item, "only digits and letters are allowed"}
		}
	}
	return Account(s), nil
}
