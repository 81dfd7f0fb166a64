package merge

import "syscall"

func mountSmall(dir string) error { return syscall.Mount("none", dir, "tmpfs", 0, "size=1m") }
func unmount(dir string) error    { return syscall.Unmount(dir, 0) }
