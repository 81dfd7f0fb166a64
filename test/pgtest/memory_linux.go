package pgtest

import "syscall"

// memory is a file system in memory, where there is one.
const memory = "/dev/shm"

// memoryRoom is how much room a cluster wants there: containers often have 64 MB.
const memoryRoom = 1 << 30

// inMemory is the folder for clusters: in memory, or "" for that of temporary files.
func inMemory() string {
	var fs syscall.Statfs_t
	if syscall.Statfs(memory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < memoryRoom || syscall.Access(memory, 0o7) != nil {
		return ""
	}
	return memory
}
