package verify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/regulation"
)

// opened makes the part of the report that needs keys.
func (b *builder) opened() *Opened {
	s := &b.shares.opened
	return &Opened{
		Lines: s.lines,
		Flags: parts(
			Share{Name: "0", English: "normal", Chinese: "正常", Count: s.flags[0]},
			Share{Name: "1", English: "terminal info empty", Chinese: "终端信息采集为空", Count: s.flags[1]},
			Share{Name: "2", English: "key version abnormal", Chinese: "密钥版本异常", Count: s.flags[2]},
			Share{Name: "3", English: "terminal data abnormal", Chinese: "终端信息数据异常", Count: s.flags[3]},
		),
		Apps: b.apps(),
		UserTypes: parts(
			Share{Name: "1", English: "customer", Chinese: "客户", Count: s.users[0]},
			Share{Name: "2", English: "operator", Chinese: "操作员", Count: s.users[1]},
		),
		Modes: parts(
			Share{Name: "direct", English: "direct", Chinese: "直连", Count: s.modes[direct]},
			Share{Name: "many_to_many", English: "many-to-many relay", Chinese: "多对多中继", Count: s.modes[manyToMany]},
			Share{Name: "operator", English: "operator relay", Chinese: "一对多中继", Count: s.modes[byOperator]},
		),
		TerminalItems: parts(
			Share{Name: "good", English: "opened, in order", Chinese: "已解密，格式正确", Count: s.terminal[terminalGood]},
			Share{Name: "empty", English: "empty", Chinese: "为空", Count: s.terminal[terminalAbsent]},
			Share{Name: "other_length", English: "not as long as a ciphertext", Chinese: "长度异常", Count: s.terminal[terminalWrongLength]},
			Share{Name: "unopened", English: "the key does not open it", Chinese: "无法解密", Count: s.terminal[terminalUnopened]},
			Share{Name: "malformed", English: "opened, not in order", Chinese: "已解密，格式错误", Count: s.terminal[terminalMalformed]},
		),
		TerminalTypes: b.terminalTypes(),
		MissingItems:  b.missing(),
		AddressFamilies: parts(
			Share{Name: "ipv4", English: "IPv4", Chinese: "IPv4", Count: s.v4},
			Share{Name: "ipv6", English: "IPv6", Chinese: "IPv6", Count: s.v6},
		),
		AddressKinds:      b.addressKinds(),
		Addresses:         b.topAddresses(),
		AddressesDistinct: b.addresses.distinct,
		Hours:             b.hours(),
	}
}

func (b *builder) apps() []AppShare {
	s := &b.shares.opened
	all := []AppShare{}
	total := s.apps.others
	for _, n := range s.apps.of {
		total += n
	}
	for _, app := range named(&s.apps) {
		one := AppShare{AppID: app.Name, Count: app.Count, Share: part(app.Count, total), Abnormal: s.abnormal.of[app.Name]}
		if app.Name != "" {
			one.Software, one.Version = softwareOf(app.Name)
		}
		all = append(all, one)
	}
	return all
}

func (b *builder) terminalTypes() []Share {
	chinese := [...]string{"Windows", "Linux", "Mac OS", "iOS", "Android", "线下委托", "微信"}
	all := make([]Share, 0, len(chinese))
	for i, n := range b.shares.opened.types {
		t := regulation.TerminalType(i) + regulation.TerminalWindows
		all = append(all, Share{Name: string(rune(t)), English: t.String(), Chinese: chinese[i], Count: n})
	}
	return parts(all...)
}

// missing lists the empty items, the most frequent first.
func (b *builder) missing() []Missing {
	s := &b.shares.opened
	all := []Missing{}
	for item, n := range s.missing.of {
		of := s.types[item.kind-regulation.TerminalWindows]
		all = append(all, Missing{TerminalType: item.kind.String(), Item: item.name, Count: n, Share: part(n, of)})
	}
	slices.SortFunc(all, func(x, y Missing) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.TerminalType, y.TerminalType), cmp.Compare(x.Item, y.Item))
	})
	return all
}

func (b *builder) addressKinds() []Share {
	all := make([]Share, 0, numAddrKinds)
	for k, n := range b.shares.opened.addrKinds {
		about := addrKinds[k]
		all = append(all, Share{Name: about.word, English: about.english, Chinese: about.chinese, Count: n})
	}
	return parts(all...)
}

// topAddresses are of all logins, so that they do not add up to 1.
func (b *builder) topAddresses() []Share {
	total := b.shares.opened.v4 + b.shares.opened.v6
	all := make([]Share, 0, len(b.addresses.top))
	for _, a := range b.addresses.top {
		text, kind := printed(a.addr), addrKinds[addrKindOf(a.addr)]
		all = append(all, Share{Name: text, English: kind.english, Chinese: kind.chinese, Count: a.count, Share: part(a.count, total)})
	}
	return all
}

func (b *builder) hours() []Share {
	all := make([]Share, 0, 24)
	for hour, n := range b.shares.opened.hours {
		text := fmt.Sprintf("%02d", hour)
		all = append(all, Share{Name: text, English: text + ":00", Chinese: text + "时", Count: n})
	}
	return parts(all...)
}
