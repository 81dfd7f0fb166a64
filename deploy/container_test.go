package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/internal/config"
)

// TestComposeNamesWhatIsThere: each file that compose.yaml mounts is of the tree, or of those that prepare.sh makes, and each service,
// network and volume that it names is declared.
func TestComposeNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	type named map[string]any
	var file struct {
		Services map[string]struct {
			Image     string
			EnvFile   []string `yaml:"env_file"`
			Volumes   []string
			DependsOn any `yaml:"depends_on"`
		}
		Volumes, Networks named
	}
	if err := yaml.Unmarshal([]byte(read(t, "container/compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	made := prepared(t)
	for _, want := range []string{"postgres", "front-1", "front-2", "haproxy", "prometheus", "grafana", "core-sim"} {
		if file.Services[want].Image == "" {
			t.Errorf("there is no service %s", want)
		}
	}
	for name, s := range file.Services {
		if !strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest") {
			t.Errorf("%s: image %q names no version", name, s.Image)
		}
		sources := s.EnvFile
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(source, ".") {
				sources = append(sources, source)
			} else if _, is := file.Volumes[source]; !is {
				t.Errorf("%s: volume %s is not declared", name, source)
			}
		}
		for _, source := range sources {
			path := filepath.Join("container", source)
			if secret, is := strings.CutPrefix(filepath.Clean(source), "secrets/"); is {
				path = filepath.Join(made, secret)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		switch on := s.DependsOn.(type) {
		case map[string]any:
			for other := range on {
				if _, is := file.Services[other]; !is {
					t.Errorf("%s depends on %s, which is not there", name, other)
				}
			}
		case []any:
			for _, other := range on {
				if _, is := file.Services[other.(string)]; !is {
					t.Errorf("%s depends on %v, which is not there", name, other)
				}
			}
		}
	}
}

// prepared is what prepare.sh makes, or the names of it where only root could.
func prepared(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "secrets")
	script := read(t, "container/prepare.sh")
	for _, name := range []string{
		"passwords.sql", "postgres.env", "superuser.env", "owner.env", "front.env", "grafana.env", "haproxy.pem", "site/public.pem",
	} {
		if !strings.Contains(script, `"$work/`+name+`"`) {
			t.Errorf("prepare.sh does not make %s", name)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, shell := range []string{"container/prepare.sh", "container/build.sh"} {
		if out, err := exec.Command("bash", "-n", shell).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", shell, out)
		}
	}
	return folder
}

// TestContainerConfiguration: a front takes the file of compose.yaml with the environment that it gets there.
func TestContainerConfiguration(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load("container/front.yaml", []string{
		"TRADEFRONT_FRONT_ID=2", "TRADEFRONT_STORE_URL=postgres://tradefront_front:secret@postgres:5432/tradefront?sslmode=disable",
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Front.ID != 2 || len(cfg.Front.Listeners) != 3 {
		t.Errorf("front %d with %d listeners", cfg.Front.ID, len(cfg.Front.Listeners))
	}
	if balancer := "ipv4_address: 172.28.41.200"; !strings.Contains(read(t, "container/compose.yaml"), balancer) {
		t.Errorf("the balancer that fronts trust is not compose.yaml's: want %s", balancer)
	}
}

// TestContainerfile: the image has nothing but the program, which runs without root.
func TestContainerfile(t *testing.T) {
	t.Parallel()
	text := read(t, "container/Containerfile")
	for _, want := range []string{"\nFROM scratch\n", "\nUSER 65532:65532\n", "\nSTOPSIGNAL SIGTERM\n", `ENTRYPOINT ["/usr/bin/tradefront"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("the Containerfile lacks %q", want)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "RUN ") {
			t.Errorf("an image without a shell runs nothing: %s", line)
		}
	}
}
