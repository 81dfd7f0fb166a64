package auth

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// onlyUsByACL reports whether f has an access control list that lets in its owner and
// this process's user and no other.
//
// systemd's LoadCredential= makes such a file: it belongs to root, and the list lets the
// service's user read. Its mode then shows 0440, because the list's mask is where
// the group's bits were, though no group may read it.
func onlyUsByACL(f *os.File) bool {
	var list [512]byte // 63 entries; a longer list is refused
	n, err := unix.Fgetxattr(int(f.Fd()), "system.posix_acl_access", list[:])
	return err == nil && aclLetsInOnly(list[:n], uint32(os.Geteuid()))
}

// hasACL reports whether more than the mode says who is let in.
func hasACL(f *os.File) bool {
	n, err := unix.Fgetxattr(int(f.Fd()), "system.posix_acl_access", nil)
	return err == nil && n > 0
}

// The kernel's form of a list (linux/posix_acl_xattr.h): a version, then entries of tag
// u16, permissions u16, id u32, little-endian.
const (
	aclVersion  = 2
	aclUserObj  = 0x01 // the file's owner
	aclUser     = 0x02 // the user of that id
	aclMask     = 0x10 // an upper bound, gives no permission by itself
	aclEntryLen = 8
)

// aclLetsInOnly reports whether list gives permissions to the file's owner and to the
// user uid alone.
func aclLetsInOnly(list []byte, uid uint32) bool {
	if len(list) < 4 || binary.LittleEndian.Uint32(list) != aclVersion || (len(list)-4)%aclEntryLen != 0 {
		return false
	}
	for entry := list[4:]; len(entry) > 0; entry = entry[aclEntryLen:] {
		tag, permissions := binary.LittleEndian.Uint16(entry), binary.LittleEndian.Uint16(entry[2:])
		us := tag == aclUser && binary.LittleEndian.Uint32(entry[4:]) == uid
		if permissions != 0 && tag != aclUserObj && tag != aclMask && !us {
			return false
		}
	}
	return true
}
