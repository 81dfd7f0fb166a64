package child

import (
	"os"
	"syscall"
)

// WriteProgram writes a program that can be run at once. A process that another goroutine starts meanwhile would have the file open for writing
// until its own program begins, and the kernel runs no program that is open for writing ("text file busy").
func WriteProgram(path string, data []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, data, 0o755)
}
