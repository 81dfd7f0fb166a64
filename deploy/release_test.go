package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelease: the release in the folder TRADEFRONT_TEST_RELEASE (of make release) holds what its install.sh accepts, its program
// tells version and commit, and its SBOM names the modules. Without the variable there is nothing to look at: a release takes minutes.
func TestRelease(t *testing.T) {
	t.Parallel()
	folder, key := os.Getenv("TRADEFRONT_TEST_RELEASE"), os.Getenv("TRADEFRONT_TEST_SIGNER")
	if folder == "" {
		t.Skip("make release sets TRADEFRONT_TEST_RELEASE")
	}
	archives, err := filepath.Glob(filepath.Join(folder, "*-offline.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archive in %s: %v", folder, err)
	}
	archive := archives[len(archives)-1]
	said(t, []string{"sh", "-c", "cd " + folder + " && sha256sum --check --strict --quiet " + filepath.Base(archive) + ".sha256"})
	to := t.TempDir()
	said(t, []string{"tar", "-xzf", archive, "-C", to})
	to = filepath.Join(to, strings.TrimSuffix(filepath.Base(archive), "-offline.tar.gz"))

	args := []string{filepath.Join(to, "install.sh"), "--check", "--unsigned"}
	if key != "" && filepath.Ext(key) != ".pub" {
		key += ".pub"
	}
	if key != "" {
		args = []string{args[0], "--check", "--key", key}
	}
	if out := said(t, args); !strings.Contains(out, "would be installed") {
		t.Error(out)
	}
	lookAtArchive(t, to)
	lookAtSBOM(t, to)
}

// lookAtArchive runs the program of this machine's architecture.
func lookAtArchive(t *testing.T, folder string) {
	t.Helper()
	arch := strings.TrimSpace(said(t, []string{"go", "env", "GOHOSTARCH"}))
	tars, err := filepath.Glob(filepath.Join(folder, "*-linux-"+arch+".tar.gz"))
	if err != nil || len(tars) != 1 {
		t.Fatal(tars, err)
	}
	to := t.TempDir()
	said(t, []string{"tar", "-xzf", tars[0], "-C", to, "--strip-components=1"})
	commit := strings.TrimSpace(said(t, []string{"git", "rev-parse", "HEAD"}))
	version := strings.TrimSpace(said(t, []string{"git", "describe", "--tags", "--always"}))
	out := said(t, []string{filepath.Join(to, "usr/bin/tradefront"), "--version"})
	if !strings.Contains(out, version) || !strings.Contains(out, commit) {
		t.Errorf("the program says %q, want version %s and commit %s", out, version, commit)
	}
	// No path of the machine that built it.
	work, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("grep", "-qF", filepath.Dir(work), filepath.Join(to, "usr/bin/tradefront")).Run(); err == nil {
		t.Errorf("the program has the path %s of this machine", filepath.Dir(work))
	}
}

func lookAtSBOM(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.cdx.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		var sbom struct {
			Format     string `json:"bomFormat"`
			Components []struct {
				Name, Version string
			}
		}
		if err := json.Unmarshal([]byte(read(t, path)), &sbom); err != nil || sbom.Format != "CycloneDX" {
			t.Fatalf("%s: %v, format %q", path, err, sbom.Format)
		}
		there := make(map[string]string)
		for _, c := range sbom.Components {
			there[c.Name] = c.Version
		}
		for _, want := range []string{"std", "github.com/jackc/pgx/v5", "github.com/panjf2000/gnet/v2", "modernc.org/sqlite"} {
			if there[want] == "" {
				t.Errorf("%s does not name %s, of %d", filepath.Base(path), want, len(there))
			}
		}
	}
}
