package child_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// roleVariable makes this binary the parent or the program that the parent starts.
const roleVariable = "TRADEFRONT_TEST_CHILD_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "parent":
		fmt.Fprintln(os.Stderr, "the parent ended:", beParent())
		os.Exit(1)
	case "program":
		_, _ = io.Copy(os.Stdout, os.Stdin)
		os.Exit(0)
	}
	os.Exit(testmain.Run(m))
}

// beParent starts the program from a thread that ends, says so, and stays.
func beParent() error {
	runtime.LockOSThread() // the first thread is for this goroutine: it could not end
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), roleVariable+"=program")
	program.Stdin, program.Stdout, program.Stderr = os.NewFile(3, "questions"), os.NewFile(4, "answers"), os.Stderr
	started := make(chan error)
	thread := 0
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		thread = syscall.Gettid()
		started <- child.Start(program)
	}()
	if err := <-started; err != nil {
		return err
	}
	for {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); os.IsNotExist(err) {
			break
		}
		runtime.Gosched()
	}
	fmt.Println("the thread has ended")
	return program.Wait()
}

// TestProgramEndsWithItsParent: a program runs on when the thread that asked for it has ended, and is killed with the parent.
func TestProgramEndsWithItsParent(t *testing.T) {
	questions, ask := pipe(t)
	answer, answers := pipe(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), roleVariable+"=parent")
	parent.ExtraFiles, parent.Stderr = []*os.File{questions, answers}, os.Stderr
	said, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill := func() {
		if !killed {
			killed = true
			_ = parent.Process.Kill()
			_ = parent.Wait()
		}
	}
	defer kill()
	_, _ = questions.Close(), answers.Close()
	if line, err := bufio.NewReader(said).ReadString('\n'); err != nil {
		t.Fatalf("the parent says %q: %v", line, err)
	}
	if err := answer.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(ask, "who is there")
	lines := bufio.NewReader(answer)
	if line, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("the program does not run: %q, %v", line, err)
	}
	kill()
	if _, err := lines.ReadByte(); err != io.EOF { // the program alone has the pipe's other end
		t.Errorf("the program is left: %v", err)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}
