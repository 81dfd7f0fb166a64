package relayreport

import "fmt"

// Remark is a question to the operator of a relay.
type Remark struct {
	Kind    RemarkKind `json:"kind"`
	Chinese string     `json:"zh"`
	English string     `json:"en"`
}

// RemarkKind is the word of a remark. The set is closed.
type RemarkKind string

// The kinds, in the order in which they are shown.
const (
	OneAddress    RemarkKind = "one_address"
	NotPublic     RemarkKind = "not_public"
	EqualPorts    RemarkKind = "equal_ports"
	ClockAhead    RemarkKind = "clock_ahead"
	TimeMoved     RemarkKind = "login_time_moved"
	OldLogins     RemarkKind = "old_logins"
	OneCiphertext RemarkKind = "one_ciphertext"
	ReReported    RemarkKind = "re_reported"
	NeverDirect   RemarkKind = "never_direct"
	UnlistedApps  RemarkKind = "unlisted_apps"
	AbnormalFlags RemarkKind = "abnormal_flags"
)

// The thresholds.
const (
	fewAccounts     = 20   // with fewer accounts a share of them says nothing
	addressShare    = 0.10 // of the accounts on one address
	fewRecords      = 50   // with fewer records a share of them says nothing
	portShare       = 0.05 // of the records on one port
	portAccounts    = 3    // that have it: one account may come from its port again and again
	aheadShare      = 0.01 // of the records with a login time ahead of their arrival
	reReportedShare = 0.05
	oldSeconds      = 24 * 3600 // of the 99th percentile
	abnormalShare   = 0.05
)

// remarks looks at the numbers.
func (r *Relay) remarks() []Remark {
	all := []Remark{}
	add := func(made bool, kind RemarkKind, chinese, english string, args ...any) {
		if made {
			all = append(all, Remark{kind, fmt.Sprintf(chinese, args...), fmt.Sprintf(english, args...)})
		}
	}
	var address, port Place
	if len(r.Addresses) > 0 {
		address = r.Addresses[0]
	}
	if len(r.Ports) > 0 {
		port = r.Ports[0]
	}
	add(r.Accounts >= fewAccounts && address.AccountsShare >= addressShare, OneAddress,
		"%[2]d个账户（%.1[3]f%%）来自同一地址%[1]s：中继是否把负载均衡、样例或自身的地址当作终端地址上报？",
		"one address, %[1]s, has %[2]d accounts (%.1[3]f%%): does the relay tell a load balancer's address, a sample's or its own for the terminal's?",
		address.Name, address.Accounts, 100*address.AccountsShare)
	add(r.NotPublic > 0, NotPublic,
		"%d条记录（%.1f%%）的终端公网地址为私网或本机地址：终端与中继之间是否有未启用PROXY协议的设备？",
		"%d records (%.1f%%) have a private or local address for the terminal's public one: does a device between terminals and relay lack the PROXY protocol?",
		r.NotPublic, 100*r.NotPublicShare)
	add(r.Records >= fewRecords && port.RecordsShare >= portShare && port.Accounts >= portAccounts, EqualPorts,
		"%[2]d条记录（%.1[3]f%%）的终端端口都是%[1]s：端口应各不相同，是否照抄了样例？",
		"%[2]d records (%.1[3]f%%) have the port %[1]s: ports of real terminals differ; was a sample copied?",
		port.Name, port.Records, 100*port.RecordsShare)
	ahead := r.bucket(ageBuckets[0].name)
	add(ahead.Share >= aheadShare, ClockAhead,
		"%d条记录（%.1f%%）的终端登入时间晚于到达前置的时间：请校准中继的时钟",
		"%d records (%.1f%%) have a login time after their arrival at the front: set the relay's clock",
		ahead.Count, 100*ahead.Share)
	add(r.TimeMoved > 0, TimeMoved,
		"%d个终端以不同的登入时间重复上报，其余各项相同：登入时间应为终端登录中继的时间，而不是中继上报的时间",
		"%d terminals came again with another login time and else the same: it is when the terminal logged in at the relay, not when the relay reported it",
		r.TimeMoved)
	add(r.Age.P99 >= oldSeconds, OldLogins,
		"百分之一以上的终端登入时间在到达前置之前24小时以上：终端是否长期不登出？",
		"more than one in a hundred logged in at the relay over 24 hours before the front heard of it: do its terminals never log out?")
	add(r.Replayed > 0, OneCiphertext,
		"%d条记录（%d个账户）的终端采集密文已由其他账户或终端使用过：中继是否把同一份采集信息用于多个客户？",
		"%d records (%d accounts) came with a ciphertext that another account or terminal had brought before: does the relay use one for several customers?",
		r.Replayed, r.ReplayedAccounts)
	again := share(r.ReReported, r.Records)
	add(r.Records >= fewRecords && again >= reReportedShare, ReReported,
		"%d条记录（%.1f%%）是同一终端的重复上报：中继与前置之间的连接是否经常中断？",
		"%d records (%.1f%%) report a terminal again: does its connection to the front break often?",
		r.ReReported, 100*again)
	add(len(r.NeverDirect) > 0, NeverDirect,
		"%d个终端AppID从未直接登录过（见列表）：请核对是否已准入、是否确为该软件",
		"%d AppIDs of terminals were never seen in a direct login (see the list): check that they are admitted, and that the software is what it says",
		len(r.NeverDirect))
	add(r.Unlisted > 0, UnlistedApps,
		"%d条记录（%.1f%%）的终端AppID未准入或未授权给该中继，仅因terminal_apps为audit而被接受",
		"%d records (%.1f%%) have an AppID that is not admitted, or not for this relay, and came in because terminal_apps is audit",
		r.Unlisted, 100*share(r.Unlisted, r.Records))
	abnormal := r.Records
	if len(r.Flags) > 0 && r.Flags[0].Name == "0" {
		abnormal -= r.Flags[0].Count
	}
	add(r.Records >= fewRecords && share(abnormal, r.Records) >= abnormalShare, AbnormalFlags,
		"%d条记录（%.1f%%）的异常标识不为0",
		"%d records (%.1f%%) have an abnormal flag other than 0",
		abnormal, 100*share(abnormal, r.Records))
	return all
}

func (r *Relay) bucket(name string) Named {
	for _, b := range r.Age.Buckets {
		if b.Name == name {
			return b
		}
	}
	return Named{}
}

func share(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
