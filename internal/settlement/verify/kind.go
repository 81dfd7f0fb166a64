package verify

// Kind is what can be found in a report: enum, JSON word and sentence.
type Kind int

// The closed list, in the order in which they are shown.
const (
	FileChanged Kind = iota
	FileName
	FileUnit
	FileDay
	FileEmpty
	FileManifest
	BOM
	Truncated
	CRLF
	BlankLine
	LineTooLong
	LineItems
	VendorForm
	VendorOther
	KeyVersionForm
	KeyVersionOther
	TerminalBase64
	TerminalTooLong
	SupplementBase64
	SupplementEmpty
	SupplementLength
	SupplementTwice
	SupplementUnopened
	SupplementItems
	Flag
	FlagMismatch
	AppID
	Address
	Port
	LoginTime
	LoginTimeWindow
	Relay
	Account
	UserType
	TerminalUnopened
	TerminalString
	FilePartial
	FileIncomplete
	// From here on: warnings.
	TerminalLength
	TerminalTwice
	FlagOwn
	CollectedTime
	AddressNotPublic
	AddressShare
	OfflineOrder
	RelayLoginTime
	KeyMissing
	KeyUnused

	numKinds
)

// firstWarning divides the list.
const firstWarning = TerminalLength

// Fault reports whether a finding of this kind means that the file is not good.
func (k Kind) Fault() bool { return k < firstWarning && k != FileEmpty }

func (k Kind) String() string { return kinds[k].word }

// kinds says of each what it is and what to do about it, for people at the settlement desk.
var kinds = [numKinds]struct{ word, english, chinese, advice, adviceChinese string }{
	FileChanged: {
		"file_changed", "the file changed while it was read", "文件在读取过程中被修改",
		"wait until the program that writes the file is done, then verify again",
		"等待写入该文件的程序结束后重新检查",
	},
	FileName: {
		"file_name", "the file's name is not <unit>clientinfo<YYYYMMDD>.txt", "文件名不符合“统一标识clientinfo日期.txt”",
		"name the file as `report export` named it",
		"使用report export生成的文件名",
	},
	FileUnit: {
		"file_unit", "the file is the report of another company", "文件属于其他公司",
		"check which file was meant; report_unit_id in the configuration says which company this is",
		"确认文件是否选错；本公司的标识见配置项report_unit_id",
	},
	FileDay: {
		"file_day", "the day in the file's name is not a trading day", "文件名中的日期不是交易日",
		"check the day in the name, and the calendar file",
		"核对文件名中的日期和交易日历文件",
	},
	FileEmpty: {
		"file_empty", "the file holds no record", "文件没有任何记录",
		"right only if no terminal logged in that day: compare with `reconcile`",
		"仅当日无人登录时正确：用reconcile核对",
	},
	FileManifest: {
		"file_manifest", "the file is not the one that its manifest tells of", "文件与其清单（manifest）不一致",
		"lines were lost, added or changed after the export: copy file and manifest again, or export again",
		"导出之后文件行有增减或改动：重新复制文件与清单，或重新导出",
	},
	BOM: {
		"bom", "the file begins with a byte order mark", "文件以BOM开头",
		"an editor rewrote the file: export it again and do not open it in one",
		"文件被编辑器改写：重新导出，不要用编辑器打开",
	},
	Truncated: {
		"truncated", "the last line does not end with LF: the file was cut off", "最后一行不完整（缺少换行符）",
		"copy the file again, or export it again",
		"重新复制或重新导出文件",
	},
	CRLF: {
		"crlf", "a line ends with CR LF instead of LF", "行尾为CRLF而不是LF",
		"a Windows program rewrote the file: transfer it in binary mode, or export it again",
		"文件被Windows程序改写：以二进制方式传输，或重新导出",
	},
	BlankLine: {
		"blank_line", "a line is blank", "存在空行",
		"export the file again; do not edit it",
		"重新导出文件，不要手工编辑",
	},
	LineTooLong: {
		"line_too_long", "a line is longer than any record can be", "行超长",
		"line ends were lost, or this is no report: export it again",
		"换行符丢失或不是报送文件：重新导出",
	},
	LineItems: {
		"line_items", "a line does not have 4 items", "行的数据项不是4个",
		"export the file again; if it stays, tell the operators of the front",
		"重新导出文件；若仍存在，请联系前置系统的运维人员",
	},
	VendorForm: {
		"vendor_form", "the vendor ID is not in its form", "交易软件厂商ID格式错误",
		"correct vendor_id in the configuration of the front that wrote the record",
		"更正写入该记录的前置的配置项vendor_id",
	},
	VendorOther: {
		"vendor_other", "the vendor ID is not the expected one", "交易软件厂商ID不一致",
		"records of another vendor's software, or a wrong vendor_id on one front; if vendor_id was changed that day and both are right, name each with --vendor",
		"其他厂商软件的记录，或某个前置的vendor_id配置错误；如果当日更改过vendor_id且新旧均正确，请用--vendor逐个给出",
	},
	KeyVersionForm: {
		"key_version_form", "the key version is not in its form", "加密密钥版本格式错误",
		"correct keys[].version in the configuration",
		"更正配置项keys[].version",
	},
	KeyVersionOther: {
		"key_version_other", "the key version is not one that is configured and valid that day", "加密密钥版本不在当日有效密钥之列",
		"if a key was taken out of keys in the configuration since that day, put it back with its not_after; else the monitoring centre could not open these lines",
		"若当日之后从配置的keys中删去过密钥，请连同其not_after写回；否则监控中心无法解密这些行",
	},
	TerminalBase64: {
		"terminal_base64", "the terminal item is not canonical BASE64", "终端采集信息密文不是规范的BASE64",
		"the file was damaged on its way: copy or export it again",
		"文件在传输中损坏：重新复制或导出",
	},
	TerminalTooLong: {
		"terminal_too_long", "the terminal item is longer than any ciphertext can be", "终端采集信息密文过长",
		"find the terminal software that sent it, by the audit log",
		"通过审计日志查找发送该信息的终端软件",
	},
	SupplementBase64: {
		"supplement_base64", "the supplement is not canonical BASE64", "补充获取信息密文不是规范的BASE64",
		"the file was damaged on its way: copy or export it again",
		"文件在传输中损坏：重新复制或导出",
	},
	SupplementEmpty: {
		"supplement_empty", "the supplement is empty", "补充获取信息密文为空",
		"a record without its supplement says nothing: tell the operators of the front",
		"缺少补充获取信息的记录无效：请联系前置系统的运维人员",
	},
	SupplementLength: {
		"supplement_length", "the supplement does not have the length of its key's ciphertexts", "补充获取信息密文长度错误",
		"the monitoring centre could not open these lines: tell the operators of the front",
		"监控中心无法解密这些行：请联系前置系统的运维人员",
	},
	SupplementTwice: {
		"supplement_twice", "the same supplement ciphertext appears twice", "补充获取信息密文重复",
		"one login was reported twice: were two files joined by hand? Use `report merge`",
		"同一次登录被重复报送：是否手工拼接了文件？请使用report merge",
	},
	SupplementUnopened: {
		"supplement_unopened", "the key does not open the supplement", "补充获取信息密文无法解密",
		"the record was damaged or encrypted under another key: compare with the store",
		"记录损坏或使用了其他密钥加密：与数据库核对",
	},
	SupplementItems: {
		"supplement_items", "the supplement does not have 11 items", "补充获取信息的数据项不是11个",
		"the front's own fault: tell its makers",
		"前置系统自身的错误：请联系开发商",
	},
	Flag: {
		"flag", "the abnormal flag is not 0 to 3", "异常标识不是0至3",
		"the front's own fault: tell its makers",
		"前置系统自身的错误：请联系开发商",
	},
	FlagMismatch: {
		"flag_mismatch", "the abnormal flag does not fit the terminal item", "异常标识与终端采集信息不符",
		"the flag has to say what is wrong with the terminal item: tell the operators of the front",
		"异常标识应说明终端采集信息的问题：请联系前置系统的运维人员",
	},
	AppID: {
		"app_id", "the AppID is not vendor_software_version", "AppID格式错误",
		"correct the AppID that was admitted (`tradefront app list`)",
		"更正已准入的AppID（tradefront app list）",
	},
	Address: {
		"address", "the public IP is not in its form", "客户交易终端公网IP格式错误",
		"the front's own fault: tell its makers",
		"前置系统自身的错误：请联系开发商",
	},
	Port: {
		"port", "the public port is not in its form", "客户交易终端公网端口号格式错误",
		"the front's own fault: tell its makers",
		"前置系统自身的错误：请联系开发商",
	},
	LoginTime: {
		"login_time", "the login time is not in its form", "客户交易终端登入时间格式错误",
		"the front's own fault: tell its makers",
		"前置系统自身的错误：请联系开发商",
	},
	LoginTimeWindow: {
		"login_time_window", "the login time is outside the trading day's window", "登入时间不在该交易日的时段内",
		"the record belongs into another day's report: check the calendar and the clocks of the fronts",
		"记录应属于其他交易日：核对交易日历和前置的时钟",
	},
	Relay: {
		"relay", "the items of the relay are neither all empty nor all right", "中继代理信息不完整或格式错误",
		"a direct login leaves all four empty, a relayed one fills all four: ask the relay's vendor",
		"直连模式四项全为空，中继模式四项均须填写：请联系中继厂商",
	},
	Account: {
		"account", "the account is not 1 to 18 digits and letters", "客户内部资金账户格式错误",
		"correct the account in the trading core",
		"更正交易核心中的资金账户",
	},
	UserType: {
		"user_type", "the user type is not 1 or 2", "用户类型不是1或2",
		"correct the account's user type in the trading core",
		"更正交易核心中该账户的用户类型",
	},
	TerminalUnopened: {
		"terminal_unopened", "the flag calls the terminal item normal, but the key does not open it", "异常标识为正常，但终端采集信息无法解密",
		"that terminal's collection library encrypts under another key: ask the vendor of the AppID",
		"该终端的采集库使用了其他密钥：请联系该AppID的厂商",
	},
	TerminalString: {
		"terminal_string", "the flag calls the terminal item normal, but its items are not those of its terminal type", "异常标识为正常，但终端采集字符串格式错误",
		"ask the vendor of the AppID for a collection library that keeps to the specification",
		"请该AppID的厂商提供符合规范的采集库",
	},
	FilePartial: {
		"file_partial", "a partial report: the window had not closed when it was made; never hand it in", "部分报送文件：生成时该交易日的时段尚未结束，切勿报送",
		"when the window has closed, export the day again (without --partial) and verify that file",
		"时段结束后重新导出（不带--partial），再检查新文件",
	},
	FileIncomplete: {
		"file_incomplete", "the file may lack logins of the day, as its manifest says", "文件可能缺少当日的登录记录（见清单manifest）",
		"bring in what is missing (tradefront report status says what it is), then export the day again, or a supplement",
		"先补齐缺少的记录（tradefront report status会说明），再重新导出或导出补充文件",
	},
	TerminalLength: {
		"terminal_length", "the terminal item does not have the length of a ciphertext", "终端采集信息密文长度异常",
		"right if the flag is 3: the line carries what the terminal sent. Ask the vendor of the AppID",
		"异常标识为3时属正常：该行保留终端发送的内容。请联系该AppID的厂商",
	},
	TerminalTwice: {
		"terminal_twice", "the same terminal ciphertext appears twice", "终端采集信息密文重复",
		"honest ciphertexts never repeat: a replay, a terminal that collects once and sends it again, or a relay that spreads one over several accounts",
		"正常密文不会重复：可能是重放、终端只采集一次并重复发送，或中继将同一密文用于多个账户",
	},
	FlagOwn: {
		"flag_own", "the flag says empty, and there is a terminal item: the terminal reported so itself", "异常标识为空，但存在终端采集信息（终端自报）",
		"ask the vendor of the AppID why its library reports an empty collection",
		"请该AppID的厂商说明其采集库为何报告采集为空",
	},
	CollectedTime: {
		"collected_time", "the terminal's collection time is far from the login time", "信息采集时间与登入时间相差过大",
		"the customer's clock is wrong, or an old collection was sent",
		"客户终端时钟错误，或发送了旧的采集信息",
	},
	AddressNotPublic: {
		"address_not_public", "the public IP is a private, loopback or otherwise local address", "公网IP为私网或本机地址",
		"logins from inside are normal; else a load balancer hides the customer: use its PROXY protocol",
		"内部登录属正常；否则是负载均衡隐藏了客户地址：启用PROXY协议",
	},
	AddressShare: {
		"address_share", "one address holds a large share of the logins", "单一公网IP占比过高",
		"a load balancer that hides the customers, or a relay that is not reported as one",
		"负载均衡隐藏了客户地址，或中继代理未按中继模式报送",
	},
	OfflineOrder: {
		"offline_order", "a relayed line has no public IP and no port, as an order by telephone", "中继上报的线下委托，无公网IP和端口",
		"right if relay.offline_orders is on; ask the monitoring centre whether it takes such lines",
		"若已启用relay.offline_orders则属正常；请与监控中心确认是否接受",
	},
	RelayLoginTime: {
		"relay_login_time", "a customer's login through a relay has a relay login time before the day's window", "多对多中继的中继登入时间早于该交易日的时段",
		"many-to-many relays log in with each customer: ask the maker of the front or seat that wrote the line",
		"多对多模式下中继随每个客户登录：请联系写入该行的前置或席位的开发商",
	},
	KeyMissing: {
		"key_missing", "no private key was given for the key version: not opened", "未提供该版本的解密密钥，未解密",
		"give one with --private-key VERSION=PEM, if there is a test key of it",
		"如有该版本的测试密钥，请用--private-key VERSION=PEM提供",
	},
	KeyUnused: {
		"key_unused", "a private key was given for a version that no line has", "提供的解密密钥版本未在文件中出现",
		"right if no terminal uses that version yet",
		"若尚无终端使用该版本则属正常",
	},
}
