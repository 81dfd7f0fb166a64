package terminalinfo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Build makes a plausible terminal string of type t that was collected at the instant
// at. What is random in it comes from random alone. An invalid type builds "".
func Build(t regulation.TerminalType, random *rand.Rand, at time.Time) string {
	return Join(t, machine{random, t, at}.value)
}

// machine is the device that the string describes.
type machine struct {
	*rand.Rand
	kind regulation.TerminalType
	at   time.Time
}

func (m machine) value(it Indicator) string {
	switch it {
	case Kind:
		return string(rune(m.kind))
	case Collected:
		return m.at.In(regulation.Zone).Format(regulation.TimeLayout)
	case IP1, MobileIP:
		return fmt.Sprintf("192.168.%d.%d", m.IntN(256), 1+m.IntN(254))
	case IP2:
		return m.secondAddress()
	case MAC1, MAC2, DeviceMAC:
		return m.mac()
	case DeviceName:
		return m.deviceName()
	case OSVersion:
		return m.osVersion()
	case Location:
		// Inside China, as 4.2.4 writes it: three decimals.
		return fmt.Sprintf("N%.3f,E%.3f", 20+25*m.Float64(), 98+28*m.Float64())
	case DeviceType:
		return m.one("phone", "pad", "pod")
	case Carrier:
		return m.one("中国移动", "中国联通", "中国电信")
	case Partition:
		return fmt.Sprintf("C,%s,NTFS,%d", m.text(upperHex, 8), 80+m.IntN(900))
	}
	return m.serial(it)
}

// serial makes the items that are numbers given by a maker or an operator.
func (m machine) serial(it Indicator) string {
	switch it {
	case DiskSerial:
		return m.text(alphanumeric, 9+m.IntN(8))
	case CPUSerial:
		return "BFEBFBFF" + m.text(upperHex, 8)
	case BIOSSerial:
		return "PC" + m.text(alphanumeric, 6+m.IntN(3))
	case DeviceSerial:
		return "C02" + m.text(alphanumeric, 9)
	case UUID:
		return m.text(upperHex, 32)
	case IMEI:
		return "86" + m.text(digits, 13)
	case MEID:
		return "A0" + m.text(upperHex, 12)
	case MobileNumber:
		return "13" + m.text(digits, 9)
	case IMSI:
		return "46002" + m.text(digits, 10)
	case ICCID:
		return "898600" + m.text(digits, 14)
	case PhoneNumber:
		return "021-" + m.text(digits, 8) + m.one("", "-"+m.text(digits, 4))
	case OpenID:
		return "o" + m.text(alphanumeric, 27)
	}
	return ""
}

const (
	digits       = "0123456789"
	upperHex     = digits + "ABCDEF"
	alphanumeric = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func (m machine) text(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[m.IntN(len(alphabet))]
	}
	return string(b)
}

func (m machine) one(of ...string) string { return of[m.IntN(len(of))] }

// mac is globally administered and unicast, as one that a maker gave.
func (m machine) mac() string { return fmt.Sprintf("%02X%s", m.IntN(64)<<2, m.text(upperHex, 10)) }

// secondAddress is missing on most machines, and sometimes IPv6.
func (m machine) secondAddress() string {
	switch m.IntN(4) {
	case 0:
		return fmt.Sprintf("10.%d.%d.%d", m.IntN(256), m.IntN(256), 1+m.IntN(254))
	case 1:
		groups := [8]string{"FD00"}
		for i := 1; i < len(groups); i++ {
			groups[i] = m.text(upperHex, 4)
		}
		return strings.Join(groups[:], ":")
	}
	return ""
}

// deviceName is what the customer called the device: sometimes not ASCII, untidy, too long.
func (m machine) deviceName() string {
	return m.one("DESKTOP-"+m.text(alphanumeric, 7), "trader-"+m.text(digits, 3),
		"张三的电脑", "Li  Lei's  workstation in the office", "期货交易部门第一台交易电脑")
}

func (m machine) osVersion() string {
	switch m.kind {
	case regulation.TerminalLinux:
		return m.one("Ubuntu 24.04", "Kylin V10 SP3", "UOS 20")
	case regulation.TerminalMacOS:
		return m.one("14.6.1", "15.2")
	case regulation.TerminalIOS:
		return m.one("17.5.1", "18.1")
	case regulation.TerminalAndroid:
		return m.one("13", "14", "HarmonyOS 4.2")
	}
	return m.one("10.0.19045", "10.0.22631", "Windows 11 Pro")
}
