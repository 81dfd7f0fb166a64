package packages

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/test/await"
)

// service is one of compose.yaml, as far as that file makes use of what a service may have.
type service struct {
	Image       string
	Command     []string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Restart     string
	Grace       string   `yaml:"stop_grace_period"`
	EnvFile     []string `yaml:"env_file"`
	Environment map[string]string
	Ulimits     map[string]uint64
	Tmpfs       []string
	Volumes     []string
	Ports       []string
	Networks    any
	DependsOn   any `yaml:"depends_on"`
	Healthcheck struct {
		Test                       []string
		Interval, Timeout, Retries any
	}
}

// stack is compose.yaml, run by podman alone: Debian's podman-compose gives no service its fixed address, and waits for no condition.
type stack struct {
	t        *testing.T
	folder   string // with compose.yaml
	name     string // begins the name of each container, volume and network
	services map[string]service
	subnet   string
	ulimit   uint64 // of open files, that this machine allows
}

// newStack reads the file strictly: a key that this test does not know would not be tried.
func newStack(t *testing.T, folder string) *stack {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Front    service `yaml:"x-front"`
		Services map[string]service
		Networks map[string]struct {
			Ipam struct{ Config []struct{ Subnet string } }
		}
		Volumes map[string]struct{}
	}
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	var open syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &open); err != nil {
		t.Fatal(err)
	}
	s := &stack{
		t: t, folder: folder, name: fmt.Sprintf("tradefront-test-%d", os.Getpid()), services: file.Services,
		subnet: file.Networks["firm"].Ipam.Config[0].Subnet, ulimit: open.Max,
	}
	if proxy := s.services["haproxy"]; s.ulimit < proxy.Ulimits["nofile"] {
		proxy.Environment["TRADEFRONT_MAXCONN"] = "1000" // HAProxy does not start with more than the machine allows
	}
	t.Cleanup(s.remove)
	s.podman("network", "create", "--subnet", s.subnet, s.network())
	for v := range file.Volumes {
		s.podman("volume", "create", s.name+"-"+v)
	}
	return s
}

func (s *stack) network() string { return s.name + "-firm" }

func (s *stack) container(name string) string { return s.name + "-" + name }

// podman runs a command of it, which must succeed.
func (s *stack) podman(args ...string) string {
	s.t.Helper()
	c := exec.Command("podman", args...)
	out, err := c.Output()
	if err != nil {
		failed := ""
		if e := (*exec.ExitError)(nil); errors.As(err, &e) {
			failed = string(e.Stderr)
		}
		s.t.Fatalf("%v: %v\n%s%s", c, err, out, failed)
	}
	return strings.TrimSpace(string(out))
}

// remove ends what newStack and run have made.
func (s *stack) remove() {
	names := slices.Collect(func(yield func(string) bool) {
		for name := range s.services {
			if !yield(s.container(name)) {
				return
			}
		}
	})
	if s.t.Failed() {
		for _, name := range names {
			log, _ := exec.Command("podman", "logs", "--tail", "20", name).CombinedOutput()
			s.t.Logf("%s:\n%s", name, log)
		}
	}
	for _, args := range [][]string{
		append([]string{"rm", "-f", "-v", "-i", "-t", "2"}, names...), {"network", "rm", "-f", s.network()},
	} {
		if out, err := exec.Command("podman", args...).CombinedOutput(); err != nil {
			s.t.Errorf("podman %v: %v\n%s", args, err, out)
		}
	}
	volumes, _ := exec.Command("podman", "volume", "ls", "-q", "--filter", "name="+s.name).Output()
	for _, v := range strings.Fields(string(volumes)) {
		_ = exec.Command("podman", "volume", "rm", "-f", v).Run()
	}
}

// flags are those of podman run for a service.
func (s *stack) flags(name string, v *service) (args []string) {
	add := func(flag string, values ...string) {
		for _, value := range values {
			args = append(args, flag, value)
		}
	}
	add("--name", s.container(name))
	add("--network", s.network())
	add("--network-alias", name)
	if networks, is := v.Networks.(map[string]any); is {
		add("--ip", networks["firm"].(map[string]any)["ipv4_address"].(string))
	}
	if v.ReadOnly {
		args = append(args, "--read-only")
	}
	add("--cap-drop", v.CapDrop...)
	add("--security-opt", v.SecurityOpt...)
	for _, file := range v.EnvFile {
		add("--env-file", filepath.Join(s.folder, file))
	}
	for key, value := range v.Environment {
		add("--env", key+"="+value)
	}
	limits := map[string]uint64{"nofile": s.ulimit, "nproc": 4096} // podman's own are more than a machine may allow
	for key, most := range v.Ulimits {
		limits[key] = min(most, cmp.Or(limits[key], most))
	}
	for key, most := range limits {
		add("--ulimit", fmt.Sprintf("%s=%d:%d", key, most, most))
	}
	add("--tmpfs", v.Tmpfs...)
	for _, volume := range v.Volumes {
		if strings.HasPrefix(volume, ".") {
			volume = filepath.Join(s.folder, volume)
		} else {
			volume = s.name + "-" + volume
		}
		add("--volume", volume)
	}
	for _, port := range v.Ports {
		add("--publish", "127.0.0.1::"+port[strings.LastIndex(port, ":")+1:]) // a port of this machine that is free: the file's own may be in use
	}
	return args
}

// up starts a service once those that it depends on are as far as it says.
func (s *stack) up(name string) {
	s.t.Helper()
	v := s.services[name]
	switch on := v.DependsOn.(type) {
	case map[string]any:
		for other, condition := range on {
			s.awaits(other, condition.(map[string]any)["condition"].(string))
		}
	case []any:
		for _, other := range on {
			s.awaits(other.(string), "service_started")
		}
	}
	s.podman(slices.Concat([]string{"--runtime", "runc", "run", "-d"}, s.flags(name, &v), []string{v.Image}, v.Command)...)
}

func (s *stack) awaits(name, condition string) {
	s.t.Helper()
	state := func(of string) string { return s.podman("inspect", "--format", of, s.container(name)) }
	switch condition {
	case "service_started":
		await.Every(s.t, look, name+" to run", func() bool { return state("{{.State.Running}}") == "true" })
	case "service_healthy":
		await.Every(s.t, look, name+" to be healthy", func() bool { return s.healthy(name) })
	case "service_completed_successfully":
		await.Every(s.t, look, name+" to end", func() bool { return state("{{.State.Status}}") == "exited" })
		if code := state("{{.State.ExitCode}}"); code != "0" {
			s.t.Fatalf("%s ended with status %s", name, code)
		}
	default:
		s.t.Fatalf("condition %s is not known", condition)
	}
}

// healthy runs the service's own check, which systemd would run every interval.
func (s *stack) healthy(name string) bool {
	test := s.services[name].Healthcheck.Test
	return exec.Command("podman", append([]string{"exec", s.container(name)}, test[1:]...)...).Run() == nil
}

// once runs a service's image with other arguments, as `compose run --rm` does.
func (s *stack) once(name string, args ...string) string {
	s.t.Helper()
	v := s.services[name]
	flags := s.flags(name+"-once", &v)
	return s.podman(slices.Concat([]string{"--runtime", "runc", "run", "--rm"}, flags, []string{v.Image}, args)...)
}

// published is where this machine reaches a port of a container.
func (s *stack) published(name, port string) string {
	s.t.Helper()
	return s.podman("port", s.container(name), port)
}

// address is a container's on the network.
func (s *stack) address(name string) string {
	return s.podman("inspect", "--format", `{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}`, s.container(name))
}

// stop is what compose does: SIGTERM, and SIGKILL after the service's stop_grace_period.
func (s *stack) stop(name string) time.Duration {
	s.t.Helper()
	grace, err := time.ParseDuration(s.services[name].Grace)
	if err != nil {
		s.t.Fatal(err)
	}
	began := time.Now()
	s.podman("stop", "-t", fmt.Sprint(int(grace.Seconds())), s.container(name))
	return time.Since(began)
}
