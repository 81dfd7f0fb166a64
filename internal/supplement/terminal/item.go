package terminal

import "github.com/tradefront/tradefront/internal/regulation"

// MaxLen is the longest terminal string in bytes: one RSA-2048 PKCS#1 v1.5 block.
const MaxLen = 245

// item is one indicator of 4.2.1.
type item int

const (
	kind item = iota
	collected
	ip1
	ip2
	mac1
	mac2
	deviceName
	osVersion
	diskSerial
	cpuSerial
	biosSerial
	partition
	deviceSerial
	mobileIP
	location
	deviceType
	carrier
	uuid
	imei
	meid
	deviceMAC
	mobileNumber
	imsi
	iccid
	phoneNumber
	openID
)

// indicators has the name and the longest value, in bytes, of each item (4.2.4). Where
// the specification's own number did not survive, the comment has how sure this one is.
var indicators = [...]struct {
	name   string
	maxLen int
}{
	kind:         {"终端类型", 1},
	collected:    {"信息采集时间", regulation.TimeLen},
	ip1:          {"私网IP1", regulation.MaxAddrLen},
	ip2:          {"私网IP2", regulation.MaxAddrLen},
	mac1:         {"网卡MAC地址1", 12}, // probable: hex digits without separators
	mac2:         {"网卡MAC地址2", 12}, // probable
	deviceName:   {"设备名", 20},      // unknown
	osVersion:    {"操作系统版本", 20},   // unknown
	diskSerial:   {"硬盘序列号", 16},
	cpuSerial:    {"CPU序列号", 16}, // probable
	biosSerial:   {"BIOS序列号", 10},
	partition:    {"系统盘分区信息", 24},
	deviceSerial: {"设备序列号", 12},
	mobileIP:     {"移动终端IP", regulation.MaxAddrLen},
	location:     {"地理位置信息", 17},
	deviceType:   {"设备类型", 12},
	carrier:      {"网络运营商", 12},
	uuid:         {"通用唯一识别码", 32},
	imei:         {"国际移动设备识别码", 15},
	meid:         {"移动设备识别码", 14},
	deviceMAC:    {"设备MAC地址", 12}, // probable
	mobileNumber: {"手机号码", 11},
	imsi:         {"国际移动用户识别码", 15},
	iccid:        {"IC卡的唯一识别号码", 20},
	phoneNumber:  {"电话号码", 20},
	openID:       {"OpenID", 28},
}

// layout returns the items of a terminal string in their order, nil for an invalid type.
func layout(t regulation.TerminalType) []item {
	switch t {
	case regulation.TerminalWindows:
		return []item{
			kind, collected, ip1, ip2, mac1, mac2, deviceName, osVersion,
			diskSerial, cpuSerial, biosSerial, partition,
		}
	case regulation.TerminalLinux:
		return []item{
			kind, collected, ip1, ip2, mac1, mac2, deviceName, osVersion,
			diskSerial, cpuSerial, biosSerial,
		}
	case regulation.TerminalMacOS:
		return []item{
			kind, collected, ip1, ip2, mac1, mac2, deviceName, osVersion,
			diskSerial, deviceSerial,
		}
	case regulation.TerminalIOS:
		return []item{kind, collected, mobileIP, location, osVersion, deviceName, deviceType, carrier, uuid}
	case regulation.TerminalAndroid:
		return []item{
			kind, collected, mobileIP, location, osVersion, deviceName, deviceType,
			imei, meid, deviceMAC, mobileNumber, deviceSerial, imsi, iccid,
		}
	case regulation.TerminalOffline:
		return []item{kind, collected, phoneNumber}
	case regulation.TerminalWeChat:
		return []item{kind, collected, openID, location}
	}
	return nil
}
