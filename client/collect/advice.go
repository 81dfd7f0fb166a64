package collect

import (
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// Advice says what to do about an item, to a user or an administrator.
type Advice struct{ Chinese, English string }

// advise finds the advice for an item that is missing. The first of the table that fits is the one.
func advise(it *Item, env *Environment, kind regulation.TerminalType) Advice {
	if !it.State.Missing() {
		return Advice{}
	}
	for i := range advices {
		if a := &advices[i]; a.fits(it, env, kind) {
			return a.Advice
		}
	}
	return Advice{
		"本机没有可读取的来源；登录仍可进行，异常标识为 3，请把本行发给软件商的技术支持",
		"no source of this machine has it; logins go on with flag 3; send this line to the vendor's support",
	}
}

// where is the surrounding that an advice is for.
type where byte

const (
	anywhere where = iota
	inContainer
	inVM
)

type adviceFor struct {
	kind  regulation.TerminalType // 0 for any
	item  indicator
	state State // 0 for any that is missing
	where where
	Advice
}

func (a *adviceFor) fits(it *Item, env *Environment, kind regulation.TerminalType) bool {
	if a.item != it.which || a.kind != 0 && a.kind != kind || a.state != 0 && a.state != it.State {
		return false
	}
	switch a.where {
	case inContainer:
		return env.Container != ""
	case inVM:
		return env.VM != ""
	}
	return true
}

// advices goes from the special to the general.
var advices = []adviceFor{
	{regulation.TerminalLinux, terminalinfo.BIOSSerial, Denied, inContainer, Advice{
		"容器内读不到 BIOS 序列号：在宿主机上放宽 /sys/class/dmi/id/product_serial 的读权限（见 docs/collector.zh-CN.md 的 tmpfiles 规则），" +
			"并以 -v /sys/class/dmi/id:/sys/class/dmi/id:ro 挂载",
		"the container cannot read the BIOS serial: give read access to /sys/class/dmi/id/product_serial on the host " +
			"(the tmpfiles rule in docs/collector.md), and mount it with -v /sys/class/dmi/id:/sys/class/dmi/id:ro",
	}},
	{regulation.TerminalLinux, terminalinfo.BIOSSerial, Denied, anywhere, Advice{
		"只有 root 能读 BIOS 序列号：请管理员建立组 tfc、加入本用户，并在 /etc/tmpfiles.d/tfc.conf 写入 " +
			"“z /sys/class/dmi/id/product_serial 0440 root tfc”，然后运行 systemd-tmpfiles --create；切勿给 dmidecode 设置 setuid",
		"only root reads the BIOS serial: let the administrator make a group tfc with this user in it, write " +
			"\"z /sys/class/dmi/id/product_serial 0440 root tfc\" into /etc/tmpfiles.d/tfc.conf, and run systemd-tmpfiles --create; " +
			"never make dmidecode set-uid",
	}},
	{regulation.TerminalLinux, terminalinfo.BIOSSerial, 0, inVM, Advice{
		"虚拟机没有序列号：请在虚拟化平台设置（QEMU：-smbios type=1,serial=…；libvirt：<sysinfo type='smbios'> 的 <entry name='serial'>）",
		"the virtual machine has no serial: set one in the hypervisor (QEMU: -smbios type=1,serial=...; libvirt: " +
			"<entry name='serial'> in <sysinfo type='smbios'>)",
	}},
	{regulation.TerminalLinux, terminalinfo.BIOSSerial, Absent, inContainer, Advice{
		"容器内没有固件信息：以 -v /sys/class/dmi/id:/sys/class/dmi/id:ro 挂载宿主机的目录",
		"the container has no firmware information: mount the host's with -v /sys/class/dmi/id:/sys/class/dmi/id:ro",
	}},
	{0, terminalinfo.BIOSSerial, Foreign, anywhere, Advice{
		"主板厂商没有写入序列号，只留了占位文字：请用主板厂商的工具写入，否则登录的异常标识为 3",
		"the maker of the board left a placeholder in place of a serial: write one with the maker's tool, or logins go with flag 3",
	}},
	{regulation.TerminalLinux, terminalinfo.BIOSSerial, Absent, anywhere, Advice{
		"固件没有 SMBIOS 表，也没有设备树序列号：登录的异常标识为 3",
		"the firmware has neither an SMBIOS table nor a device tree with a serial: logins go with flag 3",
	}},
	{regulation.TerminalLinux, terminalinfo.DiskSerial, 0, inContainer, Advice{
		"容器内看不到磁盘：以 -v /run/udev:/run/udev:ro 挂载宿主机的 udev 数据库，并保持 /sys 可读",
		"the container does not see the disk: mount the host's udev database with -v /run/udev:/run/udev:ro, and leave /sys readable",
	}},
	{regulation.TerminalLinux, terminalinfo.DiskSerial, 0, inVM, Advice{
		"虚拟磁盘没有序列号：请在虚拟化平台设置（QEMU：-device …,serial=…；libvirt：磁盘的 <serial>）",
		"the virtual disk has no serial: set one in the hypervisor (QEMU: -device ...,serial=...; libvirt: the disk's <serial>)",
	}},
	{regulation.TerminalLinux, terminalinfo.DiskSerial, Denied, anywhere, Advice{
		"本进程无权读取磁盘序列号：请管理员检查 /sys/block 与 /run/udev/data 的读权限",
		"this process may not read the disk's serial: let the administrator check the read access to /sys/block and /run/udev/data",
	}},
	{0, terminalinfo.DiskSerial, Foreign, anywhere, Advice{
		"磁盘只报告占位值，多见于 USB 转接盒与 RAID 卡：请把系统装在直连的磁盘上，或在 RAID 卡中设置",
		"the disk reports a placeholder, as USB adapters and RAID controllers do: use a disk that is attached directly, or set it in the controller",
	}},
	{0, terminalinfo.IP1, 0, inContainer, Advice{
		"容器内没有网络地址：请使用 --network host，或检查容器网络",
		"the container has no address: use --network host, or look at the container's network",
	}},
	{0, terminalinfo.IP1, 0, anywhere, Advice{
		"没有启用的网卡带有地址：请连接网络后重新登录",
		"no interface that is up has an address: connect the network and log in again",
	}},
	{0, terminalinfo.MAC1, 0, inContainer, Advice{
		"容器内没有网卡：请使用 --network host",
		"the container has no network interface: use --network host",
	}},
	{0, terminalinfo.MAC1, Foreign, anywhere, Advice{
		"网卡的 MAC 地址全为零：请检查网卡驱动，或在网卡设置中恢复出厂地址",
		"the interface's MAC address is all zeros: look at its driver, or set the maker's address again",
	}},
	{0, terminalinfo.MAC1, 0, anywhere, Advice{
		"没有带 MAC 地址的网卡（只有隧道或虚拟接口）：请启用物理网卡",
		"no interface has a MAC address, there are only tunnels or virtual ones: enable a physical interface",
	}},
	{regulation.TerminalLinux, terminalinfo.DeviceName, 0, anywhere, Advice{
		"主机名为空：请用 hostnamectl set-hostname 设置",
		"the host name is empty: set one with hostnamectl set-hostname",
	}},
	{0, terminalinfo.DeviceName, 0, anywhere, Advice{
		"设备名为空：请在系统设置中填写",
		"the device has no name: set one in the system's settings",
	}},
	{regulation.TerminalLinux, terminalinfo.OSVersion, 0, anywhere, Advice{
		"没有 /etc/os-release，不知道发行版本：请恢复该文件（通常由 base-files 或 *-release 软件包提供）",
		"there is no /etc/os-release, so the release is not known: restore the file (package base-files or *-release has it)",
	}},
	{regulation.TerminalLinux, terminalinfo.CPUSerial, 0, anywhere, Advice{
		"内核没有给出处理器标识（arm64 需要 /sys/devices/system/cpu/cpu0/regs/identification/midr_el1，且 /sys 可读）",
		"the kernel does not tell the processor's identification (arm64 needs /sys/devices/system/cpu/cpu0/regs/identification/midr_el1, and a readable /sys)",
	}},
	{regulation.TerminalMacOS, terminalinfo.DiskSerial, 0, anywhere, Advice{
		"本程序不含 IOKit，读不到磁盘序列号：请用带 IOKit 的构建",
		"this build has no IOKit and cannot read the disk's serial: use a build with IOKit",
	}},
	{regulation.TerminalMacOS, terminalinfo.DeviceSerial, 0, anywhere, Advice{
		"本程序不含 IOKit，读不到设备序列号：请用带 IOKit 的构建",
		"this build has no IOKit and cannot read the device's serial: use a build with IOKit",
	}},
	{regulation.TerminalWindows, terminalinfo.BIOSSerial, 0, inVM, Advice{
		"虚拟机没有序列号：请在虚拟化平台设置",
		"the virtual machine has no serial: set one in the hypervisor",
	}},
	{regulation.TerminalWindows, terminalinfo.Partition, 0, anywhere, Advice{
		"读不到系统盘的卷信息：请检查系统盘的权限",
		"the volume of the system drive cannot be read: look at the rights to it",
	}},
}
