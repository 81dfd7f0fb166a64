package collect

import (
	"path"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

const (
	// maxDepth bounds the layers between a file system and its disks: LVM on encryption on RAID is three.
	maxDepth = 16
	// maxDisks bounds the disks below one file system that are asked.
	maxDisks = 256
)

// disk looks for the serial number of the disk that the system is on.
func (m *machine) disk(r *reading) {
	look := search{}
	volume := m.systemVolume()
	disks := m.disksBelow(volume)
	if len(disks) == 0 {
		disks = m.allDisks()
	}
	for _, disk := range disks {
		if m.diskSerial(&look, disk) {
			break
		}
	}
	if look.found.value == "" && volume != "" {
		m.volumeUUID(&look, volume)
	}
	f := look.result()
	if f.source == "" {
		f.source = "/sys/block"
	}
	r.finding[terminalinfo.DiskSerial] = f
}

// systemVolume is the folder of the block device (a partition, a volume) that has the system, "" if none can be found. In a
// container the root is no device; there the files that the engine mounts into it lead to the host's disk.
func (m *machine) systemVolume() string {
	var root *mount
	for i := range m.mounts {
		if m.mounts[i].point == "/" {
			root = &m.mounts[i] // a later mount lies over an earlier one
		}
	}
	if root == nil {
		return ""
	}
	if volume := m.volumeOf(root); volume != "" {
		return volume
	}
	if root.kind == "zfs" {
		pool, _, _ := strings.Cut(root.source, "/")
		return m.poolMember(pool)
	}
	return m.mountedVolume(root.option("upperdir"))
}

// mountedVolume goes through the other mounts: that which holds upper, those of the container's engine, then any.
func (m *machine) mountedVolume(upper string) string {
	order := slices.Clone(m.mounts)
	slices.SortStableFunc(order, func(a, b mount) int { return preference(&a, upper) - preference(&b, upper) })
	for i := range order {
		if volume := m.volumeOf(&order[i]); volume != "" {
			return volume
		}
	}
	return ""
}

func preference(m *mount, upper string) int {
	switch {
	case m.point != "/" && upper != "" && strings.HasPrefix(upper, m.point+"/"):
		return 0
	case slices.Contains([]string{"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}, m.point):
		return 1
	}
	return 2
}

// volumeOf is the folder of a mount's block device. Btrfs has a number of its own, and only its source names the device.
func (m *machine) volumeOf(mt *mount) string {
	folder := ""
	if mt.block() {
		folder = m.resolve("/sys/dev/block/" + mt.device)
	} else if name, ok := strings.CutPrefix(mt.source, "/dev/"); ok && mt.kind != "overlay" {
		if resolved := m.resolve("/dev/" + name); resolved != "" {
			name = path.Base(resolved) // /dev/mapper/x is a link to ../dm-0
		}
		folder = m.resolve("/sys/class/block/" + name)
	}
	if pseudoDisk(path.Base(folder)) {
		return ""
	}
	return folder
}

// pseudoDisk is for what is a block device and no disk.
func pseudoDisk(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "sr", "fd", "mtdblock", "nbd"} {
		if number, ok := strings.CutPrefix(name, prefix); ok && strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	return name == "" || name == "."
}

// poolMember is a volume that belongs to the ZFS pool, as udev's database has it: ZFS has no folder in sysfs.
func (m *machine) poolMember(pool string) string {
	const data = "/run/udev/data/"
	for _, name := range m.names(data) {
		number, ok := strings.CutPrefix(name, "b")
		if !ok {
			continue
		}
		text, err := m.text(data + name)
		if err != nil {
			continue
		}
		if p := udevProperties(text); p["ID_FS_TYPE"] == "zfs_member" && p["ID_FS_LABEL"] == pool {
			if folder := m.resolve("/sys/dev/block/" + number); folder != "" {
				return folder
			}
		}
	}
	return ""
}

// disksBelow are the folders of the disks below a volume, in the order of their names.
func (m *machine) disksBelow(volume string) []string {
	if volume == "" {
		return nil
	}
	level := []string{volume}
	var disks []string
	for range maxDepth {
		var next []string
		for _, folder := range level {
			if m.exists(folder + "/partition") {
				folder = path.Dir(folder)
			}
			slaves := m.names(folder + "/slaves")
			for _, name := range slaves {
				if below := m.resolve(folder + "/slaves/" + name); below != "" {
					next = append(next, below)
				}
			}
			if len(slaves) == 0 && !slices.Contains(disks, folder) {
				disks = append(disks, folder)
			}
		}
		if level = next; len(level) == 0 || len(disks)+len(level) > maxDisks {
			break
		}
	}
	return disks
}

// allDisks are the disks of the machine that stay in it, for a root that leads to none.
func (m *machine) allDisks() []string {
	var disks []string
	for _, name := range m.names("/sys/block") {
		folder := m.resolve("/sys/block/" + name)
		if folder == "" || pseudoDisk(name) || !m.exists(folder+"/device") || len(disks) == maxDisks {
			continue
		}
		if removable, _ := m.text(folder + "/removable"); strings.TrimSpace(removable) == "1" {
			continue
		}
		disks = append(disks, folder)
	}
	return disks
}

// diskSerial asks the sources of one disk in their order.
func (m *machine) diskSerial(look *search, folder string) bool {
	short := "/sys/block/" + path.Base(folder) // the path that a reader can type
	file := func(name string) bool {
		return look.try(short+name, func() (string, error) { return m.text(folder + name) })
	}
	return file("/device/serial") || // NVMe, eMMC
		file("/serial") || // virtio
		look.try(short+"/device/vpd_pg80", func() (string, error) { // SCSI and SATA
			page, err := m.bytes(folder + "/device/vpd_pg80")
			return vpdSerial(page), err
		}) ||
		m.udevSerial(look, folder) ||
		m.ataSerial(look, path.Base(folder)) ||
		look.try(short+"/device/wwid", func() (string, error) { return m.worldWideName(folder + "/device/wwid") }) ||
		look.try(short+"/wwid", func() (string, error) { return m.worldWideName(folder + "/wwid") })
}

// udevSerial asks udev's database.
func (m *machine) udevSerial(look *search, folder string) bool {
	number, err := m.text(folder + "/dev")
	if err != nil {
		return false
	}
	entry := "/run/udev/data/b" + strings.TrimSpace(number)
	return look.try(entry, func() (string, error) {
		text, err := m.text(entry)
		p := udevProperties(text)
		return firstText(p["ID_SERIAL_SHORT"], p["ID_SERIAL"]), err
	})
}

// ataSerial asks the disk itself, as old kernels need it. Other disks than ATA's do not know the question.
func (m *machine) ataSerial(look *search, name string) bool {
	if !strings.HasPrefix(name, "sd") && !strings.HasPrefix(name, "hd") {
		return false
	}
	return look.try("ioctl /dev/"+name, func() (string, error) { return m.calls.identify("/dev/" + name) })
}

// worldWideName is the last word of naa.5000c500a1b2c3d4 or of "t10.ATA     model     serial", without the kind before it.
func (m *machine) worldWideName(file string) (string, error) {
	text, err := m.text(file)
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return "", err
	}
	name := fields[len(fields)-1]
	for _, kind := range []string{"naa.", "eui.", "uuid.", "nvme.", "t10."} {
		name = strings.TrimPrefix(name, kind)
	}
	return name, err
}

// volumeUUID is the identification of the file system: no serial number, but all that a cloud's disk may have.
func (m *machine) volumeUUID(look *search, volume string) {
	const byUUID = "/dev/disk/by-uuid"
	name := path.Base(volume)
	for _, uuid := range m.names(byUUID) {
		if path.Base(m.resolve(byUUID+"/"+uuid)) == name {
			look.try(byUUID+" of "+name, func() (string, error) { return uuid, nil })
			return
		}
	}
	number, err := m.text(volume + "/dev")
	if err != nil {
		return
	}
	entry := "/run/udev/data/b" + strings.TrimSpace(number)
	look.try(entry+" ID_FS_UUID", func() (string, error) {
		text, err := m.text(entry)
		return udevProperties(text)["ID_FS_UUID"], err
	})
}
