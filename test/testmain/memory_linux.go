package testmain

import "syscall"

// memory is a file system in memory, where there is one.
const memory = "/dev/shm"

// memoryRoom is how much room tests want there: containers often have 64 MB.
const memoryRoom = 1 << 30

// Memory is a folder in memory with room for a test's files, or "" where there is none.
func Memory() string {
	var fs syscall.Statfs_t
	if syscall.Statfs(memory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < memoryRoom || syscall.Access(memory, 0o7) != nil {
		return ""
	}
	return memory
}
