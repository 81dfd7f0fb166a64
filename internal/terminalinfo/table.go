package terminalinfo

import "github.com/tradefront/tradefront/internal/regulation"

// MaxLen is the longest terminal string in bytes: one RSA-2048 PKCS#1 v1.5 block.
const MaxLen = 245

// Indicator is one item of 4.2.1.
type Indicator int

// All indicators.
const (
	Kind Indicator = iota
	Collected
	IP1
	IP2
	MAC1
	MAC2
	DeviceName
	OSVersion
	DiskSerial
	CPUSerial
	BIOSSerial
	Partition
	DeviceSerial
	MobileIP
	Location
	DeviceType
	Carrier
	UUID
	IMEI
	MEID
	DeviceMAC
	MobileNumber
	IMSI
	ICCID
	PhoneNumber
	OpenID
)

// indicators has the name, the word and the longest value, in bytes, of each item (4.2.4). Where
// the specification's own number did not survive, the comment has how sure this one is.
var indicators = [...]struct {
	name, word string
	maxLen     int
}{
	Kind:         {"终端类型", "terminal_type", 1},
	Collected:    {"信息采集时间", "collected_at", regulation.TimeLen},
	IP1:          {"私网IP1", "private_ip_1", regulation.MaxAddrLen},
	IP2:          {"私网IP2", "private_ip_2", regulation.MaxAddrLen},
	MAC1:         {"网卡MAC地址1", "mac_1", 12},    // probable: hex digits without separators
	MAC2:         {"网卡MAC地址2", "mac_2", 12},    // probable
	DeviceName:   {"设备名", "device_name", 20},   // unknown
	OSVersion:    {"操作系统版本", "os_version", 20}, // unknown
	DiskSerial:   {"硬盘序列号", "disk_serial", 16},
	CPUSerial:    {"CPU序列号", "cpu_serial", 16}, // probable
	BIOSSerial:   {"BIOS序列号", "bios_serial", 10},
	Partition:    {"系统盘分区信息", "system_partition", 24},
	DeviceSerial: {"设备序列号", "device_serial", 12},
	MobileIP:     {"移动终端IP", "mobile_ip", regulation.MaxAddrLen},
	Location:     {"地理位置信息", "location", 17},
	DeviceType:   {"设备类型", "device_type", 12},
	Carrier:      {"网络运营商", "carrier", 12},
	UUID:         {"通用唯一识别码", "uuid", 32},
	IMEI:         {"国际移动设备识别码", "imei", 15},
	MEID:         {"移动设备识别码", "meid", 14},
	DeviceMAC:    {"设备MAC地址", "device_mac", 12}, // probable
	MobileNumber: {"手机号码", "mobile_number", 11},
	IMSI:         {"国际移动用户识别码", "imsi", 15},
	ICCID:        {"IC卡的唯一识别号码", "iccid", 20},
	PhoneNumber:  {"电话号码", "phone_number", 20},
	OpenID:       {"OpenID", "open_id", 28},
}

// Name is the specification's name of the item.
func (i Indicator) Name() string { return indicators[i].name }

// Word names the item to programs.
func (i Indicator) Word() string { return indicators[i].word }

// MaxLen is the longest value in bytes.
func (i Indicator) MaxLen() int { return indicators[i].maxLen }

// Order returns the items of a terminal string in their order, nil for an invalid type.
func Order(t regulation.TerminalType) []Indicator {
	switch t {
	case regulation.TerminalWindows:
		return []Indicator{
			Kind, Collected, IP1, IP2, MAC1, MAC2, DeviceName, OSVersion,
			DiskSerial, CPUSerial, BIOSSerial, Partition,
		}
	case regulation.TerminalLinux:
		return []Indicator{
			Kind, Collected, IP1, IP2, MAC1, MAC2, DeviceName, OSVersion,
			DiskSerial, CPUSerial, BIOSSerial,
		}
	case regulation.TerminalMacOS:
		return []Indicator{
			Kind, Collected, IP1, IP2, MAC1, MAC2, DeviceName, OSVersion,
			DiskSerial, DeviceSerial,
		}
	case regulation.TerminalIOS:
		return []Indicator{Kind, Collected, MobileIP, Location, OSVersion, DeviceName, DeviceType, Carrier, UUID}
	case regulation.TerminalAndroid:
		return []Indicator{
			Kind, Collected, MobileIP, Location, OSVersion, DeviceName, DeviceType,
			IMEI, MEID, DeviceMAC, MobileNumber, DeviceSerial, IMSI, ICCID,
		}
	case regulation.TerminalOffline:
		return []Indicator{Kind, Collected, PhoneNumber}
	case regulation.TerminalWeChat:
		return []Indicator{Kind, Collected, OpenID, Location}
	}
	return nil
}
