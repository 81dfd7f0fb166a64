package auth

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclOther    = 0x20
	nobodyElse  = 0xFFFFFFFF // the id of entries that name none
)

// acl makes a list of (tag, permissions, id) in the kernel's form.
func acl(entries ...[3]uint32) []byte {
	list := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range entries {
		list = binary.LittleEndian.AppendUint16(list, uint16(e[0]))
		list = binary.LittleEndian.AppendUint16(list, uint16(e[1]))
		list = binary.LittleEndian.AppendUint32(list, e[2])
	}
	return list
}

// credential is the list of a file that systemd's LoadCredential= made for user uid.
func credential(uid uint32) [][3]uint32 {
	return [][3]uint32{
		{aclUserObj, 4, nobodyElse},
		{aclUser, 4, uid},
		{aclGroupObj, 0, nobodyElse},
		{aclMask, 4, nobodyElse},
		{aclOther, 0, nobodyElse},
	}
}

func TestACLLetsInOnly(t *testing.T) {
	const us = 1000
	with := func(i int, e [3]uint32) []byte {
		list := credential(us)
		list[i] = e
		return acl(list...)
	}
	good := acl(credential(us)...)
	for name, tt := range map[string]struct {
		list []byte
		want bool
	}{
		"credential":           {good, true},
		"another user's":       {acl(credential(us + 1)...), false},
		"another user as well": {acl(append(credential(us), [3]uint32{aclUser, 4, us + 1})...), false},
		"group may read":       {with(2, [3]uint32{aclGroupObj, 4, nobodyElse}), false},
		"a named group":        {with(2, [3]uint32{aclGroup, 4, us}), false},
		"others may read":      {with(4, [3]uint32{aclOther, 4, nobodyElse}), false},
		"unknown tag":          {with(4, [3]uint32{0x40, 4, us}), false},
		"empty":                {nil, false},
		"cut":                  {good[:len(good)-1], false},
		"other version":        {append([]byte{3}, good[1:]...), false},
	} {
		if got := aclLetsInOnly(tt.list, us); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The whole way, on a file as systemd makes it: mode 0440 by its list alone.
func TestLoadMasterKeyFromACredential(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if err := CreateMasterKey(path); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		uid  uint32
		good bool
	}{{"ours", uint32(os.Geteuid()), true}, {"another user's", uint32(os.Geteuid()) + 1, false}} {
		if err := unix.Setxattr(path, "system.posix_acl_access", acl(credential(tt.uid)...), 0); err != nil {
			t.Fatal("this test needs a file system that keeps access control lists: ", err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o440 {
			t.Fatalf("mode %v, %v", info.Mode(), err)
		}
		if _, err := LoadMasterKey(path); (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
