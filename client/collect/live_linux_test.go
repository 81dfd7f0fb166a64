package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// A test collects in a process of its own where it wants another user, root or name space: the test's binary started with this
// variable prints what it collected, and ends.
const (
	printEnv = "TRADEFRONT_TEST_COLLECT"
	rootEnv  = "TRADEFRONT_TEST_CHROOT"
	nameEnv  = "TRADEFRONT_TEST_HOSTNAME"
)

// printed is what such a process prints.
type printed struct {
	Text   string
	Report Report
}

// printCollected is the whole work of such a process.
func printCollected(w io.Writer) error {
	if root := os.Getenv(rootEnv); root != "" {
		if err := errors.Join(unix.Chroot(root), unix.Chdir("/")); err != nil {
			return err
		}
	}
	if name := os.Getenv(nameEnv); name != "" {
		if err := unix.Sethostname([]byte(name)); err != nil {
			return err
		}
	}
	r, err := Collect(context.Background(), Options{})
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(printed{r.Text(), r.Report(true)})
}

// apart collects in another process.
func apart(t *testing.T, attr *syscall.SysProcAttr, env ...string) (p printed, items []string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if attr != nil && attr.Credential != nil { // which may not enter the folder of the test
		exe = forOthers(t, exe)
	}
	cmd := exec.Command(exe)
	cmd.SysProcAttr, cmd.Env, cmd.Dir = attr, append(os.Environ(), append(env, printEnv+"=1")...), "/"
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	if items = strings.Split(p.Text, "@"); len(items) != 11 {
		t.Fatalf("%q", p.Text)
	}
	return p, items
}

func forOthers(t *testing.T, exe string) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "collect-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	b, err := os.ReadFile(exe)
	if err == nil {
		err = errors.Join(os.Chmod(folder, 0o755), child.WriteProgram(folder+"/collect", b))
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder + "/collect"
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may make name spaces, change the root and become another user")
	}
}

const (
	atIP1    = 2
	atIP2    = 3
	atMAC1   = 4
	atName   = 6
	atSystem = 7
	atDisk   = 8
	atCPU    = 9
	atSerial = 10
)

// toolSays asks an independent tool.
func toolSays(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v (make tools installs it)", program, err)
	}
	return strings.TrimSpace(string(out))
}

// On this machine the string says what ip, lsblk, uname, a shell that reads os-release, /proc/cpuinfo and dmidecode say.
func TestThisMachine(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	p, got := apart(t, nil, "TZ=America/New_York")
	at, err := time.ParseInLocation(regulation.TimeLayout, got[1], regulation.Zone)
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("collected at %q, %v", got[1], err)
	}
	want := map[int]string{
		atName:   cut(toolSays(t, "uname", "-n"), 20),
		atSystem: cut(toolSays(t, "sh", "-c", `. /etc/os-release; echo "$ID $VERSION_ID"`), 20),
	}
	askIP(t, want)
	askDisk(t, want)
	askCPU(t, want)
	askDMI(t, want)
	for i, value := range want {
		if got[i] != value {
			t.Errorf("item %d is %q, the tool says %q\n%+v", i, got[i], value, p.Report)
		}
	}
}

func cut(s string, n int) string { return strings.TrimSpace(s[:min(n, len(s))]) }

// askIP takes the interface with a device and the lowest index.
func askIP(t *testing.T, want map[int]string) {
	t.Helper()
	var links []struct {
		Name      string `json:"ifname"`
		Address   string `json:"address"`
		Permanent string `json:"permaddr"`
		Flags     []string
		Info      []struct {
			Local string
			Scope string
		} `json:"addr_info"`
	}
	if err := json.Unmarshal([]byte(toolSays(t, "ip", "-j", "address")), &links); err != nil {
		t.Fatal(err)
	}
	var v4, v6 []string
	for _, l := range links {
		if _, err := os.Stat("/sys/class/net/" + l.Name + "/device"); err != nil || !strings.Contains(strings.Join(l.Flags, ","), "UP") {
			continue
		}
		if want[atMAC1] == "" {
			address := l.Address
			if l.Permanent != "" {
				address = l.Permanent
			}
			want[atMAC1] = strings.ToUpper(strings.ReplaceAll(address, ":", ""))
		}
		for _, a := range l.Info {
			addr := netip.MustParseAddr(a.Local)
			switch {
			case a.Scope != "global":
			case addr.Is4():
				v4 = append(v4, a.Local)
			default:
				v6 = append(v6, strings.ToUpper(addr.StringExpanded()))
			}
		}
	}
	for i, a := range append(v4, v6...) {
		if i < 2 {
			want[atIP1+i] = a
		}
	}
}

func askDisk(t *testing.T, want map[int]string) {
	t.Helper()
	source := toolSays(t, "findmnt", "-n", "-o", "SOURCE", "/")
	if !strings.HasPrefix(source, "/dev/") {
		return // a container
	}
	for line := range strings.Lines(toolSays(t, "lsblk", "-n", "-s", "-l", "-o", "TYPE,SERIAL", strings.Split(source, "[")[0])) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "disk" && want[atDisk] == "" {
			want[atDisk] = cut(fields[1], 16)
		}
	}
}

// askCPU puts the signature together from what the kernel says of the first processor (Intel SDM, CPUID 1).
func askCPU(t *testing.T, want map[int]string) {
	t.Helper()
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	number := func(key string) int {
		m := regexp.MustCompile(`(?m)^` + key + `\s*: (\d+)$`).FindSubmatch(text)
		if m == nil {
			return -1
		}
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	family, model, stepping := number("cpu family"), number("model"), number("stepping")
	if family < 0 {
		return // not x86
	}
	base, extended := family, 0
	if family > 0xF {
		base, extended = 0xF, family-0xF
	}
	signature := fmt.Sprintf("%08X", extended<<20|model>>4<<16|base<<8|model&0xF<<4|stepping)
	p, got := apart(t, nil)
	if !strings.HasSuffix(got[atCPU], signature) {
		t.Errorf("the processor is %q, /proc/cpuinfo says %s\n%+v", got[atCPU], signature, p.Report)
	}
	want[atCPU] = got[atCPU]
}

func askDMI(t *testing.T, want map[int]string) {
	t.Helper()
	if _, err := os.Stat("/sys/firmware/dmi/tables/DMI"); err != nil || os.Geteuid() != 0 {
		return // no table, or none that this user may read
	}
	text := toolSays(t, dmidecode, "-q", "-s", "system-serial-number")
	if strings.Contains(text, "No SMBIOS") || strings.Contains(text, "#") || placeholder(text) {
		text = ""
	}
	want[atSerial] = cut(text, 10)
}

// A user without rights gets the same but what root alone reads, and that item says so.
func TestAsOtherUser(t *testing.T) {
	needRoot(t)
	_, all := apart(t, nil)
	p, got := apart(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}})
	for i := atIP1; i < atSerial; i++ {
		if got[i] != all[i] {
			t.Errorf("item %d is %q, root has %q", i, got[i], all[i])
		}
	}
	if all[atSerial] != "" && got[atSerial] == "" && p.Report.Items[atSerial].State != Denied.String() {
		t.Errorf("%+v", p.Report.Items[atSerial])
	}
	if p.Report.Environment.Root {
		t.Error("the process takes itself for root")
	}
}

// In a folder without /sys and /proc the kernel still tells addresses, name and processor.
func TestInChroot(t *testing.T) {
	needRoot(t)
	root := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(root, "etc"), 0o755),
		os.WriteFile(filepath.Join(root, "etc/os-release"), []byte("ID=jail\nVERSION_ID=1"), 0o644)); err != nil {
		t.Fatal(err)
	}
	_, all := apart(t, nil)
	p, got := apart(t, nil, rootEnv+"="+root)
	for _, i := range []int{atIP1, atIP2, atMAC1, atName} {
		if got[i] != all[i] {
			t.Errorf("item %d is %q, outside %q", i, got[i], all[i])
		}
	}
	if got[atSystem] != "jail 1" || got[atDisk] != "" || p.Report.Items[atDisk].State != Absent.String() || p.Report.Flag != "3" {
		t.Errorf("%q\n%+v", got, p.Report)
	}
}

// A network name space of its own has no interface but the loopback; the rest is as before.
func TestInNetworkNamespace(t *testing.T) {
	needRoot(t)
	_, all := apart(t, nil)
	p, got := apart(t, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET})
	if got[atIP1]+got[atMAC1] != "" || p.Report.Missing&(1<<2|1<<3) != 1<<2|1<<3 {
		t.Errorf("%q, missing %b", got, p.Report.Missing)
	}
	for _, i := range []int{atName, atSystem, atDisk, atCPU, atSerial} {
		if got[i] != all[i] {
			t.Errorf("item %d is %q, outside %q", i, got[i], all[i])
		}
	}
}

// The name that a user gave the machine is one item, with any bytes in it.
func TestHostileHostname(t *testing.T) {
	needRoot(t)
	for hostname, want := range map[string]string{
		"交易员@一号\n机": "交易员_一号 机", strings.Repeat("x", 64): strings.Repeat("x", 20), "\xff\xfebad": "bad",
	} {
		if _, got := apart(t, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUTS}, nameEnv+"="+hostname); got[atName] != cut(want, 20) && got[atName] != want {
			t.Errorf("%q is %q, want %q", hostname, got[atName], want)
		}
	}
}

// Collecting starts no process, connects to nothing and writes no file.
func TestSystemCalls(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command("strace", "-f", "-o", log, "-e", "trace=execve,execveat,fork,vfork,connect,sendto,sendmsg,socket,openat,unlink,mkdir,rename", exe)
	cmd.Env = append(os.Environ(), printEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v (make tools installs strace)\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.Contains(line, "execve("):
			started++ // strace's own, of this binary
		case regexp.MustCompile(`\b(execveat|fork|vfork|connect|unlink|mkdir|rename)\(`).MatchString(line),
			strings.Contains(line, "socket(AF_INET6"), strings.Contains(line, "socket(") && strings.Contains(line, "SOCK_STREAM"),
			strings.Contains(line, "sendto(") && !strings.Contains(line, "AF_NETLINK"),
			strings.Contains(line, "openat(") && strings.Contains(line, "O_WRONLY"), strings.Contains(line, "openat(") && strings.Contains(line, "O_RDWR"):
			t.Error(line)
		}
	}
	if started != 1 || !strings.Contains(string(text), "/proc/self/mountinfo") {
		t.Errorf("%d processes started; strace saw\n%s", started, text)
	}
}

// The first call of a process is below 50 ms, and later ones below 5 ms.
func TestTime(t *testing.T) {
	testmain.NotRaced(t)
	begin := time.Now()
	collected(t, "", Options{})
	first := time.Since(begin)
	const calls = 20
	begin = time.Now()
	for range calls {
		collected(t, "", Options{})
	}
	later := time.Since(begin) / calls
	t.Logf("first %v, later %v", first, later)
	if later > 50*time.Millisecond {
		t.Errorf("later calls take %v", later)
	}
}

// dmidecode is where Debian has it, which is not in every PATH.
const dmidecode = "/usr/sbin/dmidecode"
