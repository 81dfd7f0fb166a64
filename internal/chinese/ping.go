package chinese

// ping are the errors of a probe, with what the client library says of the front.
var ping = map[string]string{
	"--account needs --app-id: the front accepts no login before authentication": "--account 需要 --app-id：认证之前，前置不接受登录",
	"connect %s: client: %s":      "连接 %s：%s",
	"authenticate %s: client: %s": "认证 %s：%s", "authenticate %s: front answered %d: %s": "认证 %s：前置应答 %d：%s",
	"login %s: client: %s": "登录 %s：%s", "login %s: front answered %d: %s": "登录 %s：前置应答 %d：%s",
	"logout %s: client: %s": "登出 %s：%s",
	"authenticate %s: %s":   "认证 %s：%s", "login %s: front violates the protocol: %s": "登录 %s：前置的应答不合规约：%s",
	"front violates the protocol: %s": "对方的应答不合规约，可能不是前置的终端监听：%s",
	"front answered %d: %s":           "前置应答 %d：%s",
	"the front is silent":             "前置没有回应", "call given up": "不再等待", "authcode is %d bytes, want %d": "授权码有 %d 字节，应为 %d 字节",
	"next: on the front's machine, `tradefront explain %s` tells why (unknown or disabled AppID, wrong authcode, the other --cipher, wrong broker, an AppID bound to other networks or accounts)": "下一步：在前置所在主机上执行 `tradefront explain %s` 查明原因（AppID 未知或已停用、授权码错误、--cipher 不对、BrokerID 错误，或 AppID 限定于其他网段或账户）",
	"next: on the front's machine, `tradefront explain %s` tells whether account, password or terminal information is wrong":                                                                      "下一步：在前置所在主机上执行 `tradefront explain %s`，查明是账户、密码还是终端信息有误",
	"next: wait, or lift the lock with `tradefront account unlock`":                                                                                                                               "下一步：请等待，或用 `tradefront account unlock` 解除锁定",
	"next: try again, or another front": "下一步：请重试，或换一台前置",
}
