package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPackageScripts: what runs as root at an installation is a valid script, touches no running front at an upgrade, and deletes nothing.
func TestPackageScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("package/*.sh")
	if err != nil || len(scripts) < 4 {
		t.Fatal(scripts, err)
	}
	deletes := regexp.MustCompile(`\b(rm|userdel|groupdel|deluser)\b`)
	for _, path := range scripts {
		shell, _, _ := strings.Cut(strings.TrimPrefix(read(t, path), "#!"), "\n")
		if out, err := exec.Command("/bin/sh", "-c", shell+" -n "+path).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", path, out)
		}
		if path == "package/postinstall.sh" || path == "package/preremove.sh" || path == "package/postremove.sh" {
			if found := deletes.FindString(read(t, path)); found != "" {
				t.Errorf("%s calls %s: records must be left", path, found)
			}
		}
	}
	for _, start := range []string{"systemctl start tradefront\n", "systemctl restart", "enable --now", "try-restart"} {
		for line := range strings.Lines(read(t, "package/postinstall.sh")) {
			if strings.HasPrefix(strings.TrimSpace(line), strings.TrimSpace(start)) {
				t.Errorf("postinstall.sh runs %q", line)
			}
		}
	}
}

// TestPackages: packages that TRADEFRONT_TEST_PACKAGES (a folder, of make packages) holds have each file that they must have, with the
// configuration marked as such. Without the variable there is nothing to look at: to build them takes a minute.
func TestPackages(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("TRADEFRONT_TEST_PACKAGES")
	if folder == "" {
		t.Skip("make packages sets TRADEFRONT_TEST_PACKAGES")
	}
	listing := map[string][]string{"*.deb": {"dpkg-deb", "--contents"}, "*.rpm": {"rpm", "-qpl"}}
	conffiles := map[string][]string{"*.deb": {"dpkg-deb", "--info"}, "*.rpm": {"rpm", "-qpc"}}
	for pattern, list := range listing {
		packages, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(packages) == 0 {
			t.Fatalf("no %s in %s: %v", pattern, folder, err)
		}
		for _, path := range packages {
			files := said(t, append(list, path))
			for _, want := range []string{
				"/usr/bin/tradefront", "/usr/bin/tradefront-collect", "/usr/lib/systemd/system/tradefront.service",
				"/usr/lib/systemd/system/tradefront@.service", "/usr/lib/systemd/system/tradefront-relay.service",
				"/usr/lib/systemd/system/tradefront-report.timer", "/usr/lib/sysusers.d/tradefront.conf", "/usr/lib/tmpfiles.d/tradefront.conf",
				"/usr/lib/sysctl.d/90-tradefront.conf", "/etc/logrotate.d/tradefront", "/etc/logrotate.d/tradefront-relay",
				"/etc/tradefront/tradefront.yaml", "/etc/tradefront/calendar.yaml", "/usr/share/man/man1/tradefront-serve.1.gz", "/usr/share/doc/tradefront/CHANGELOG.md",
				"/usr/share/doc/tradefront/copyright", "/usr/share/bash-completion/completions/tradefront",
				"/usr/share/tradefront/sql/roles.sql", "/usr/share/tradefront/prometheus/tradefront.rules.yml",
			} {
				if !strings.Contains(files, want+"\n") {
					t.Errorf("%s lacks %s", filepath.Base(path), want)
				}
			}
			if pattern == "*.deb" {
				files = said(t, []string{"dpkg-deb", "--ctrl-tarfile", path}) // a tar archive, whose texts are in clear
			} else {
				files = said(t, append(conffiles[pattern], path))
			}
			for _, want := range []string{
				"/etc/tradefront/tradefront.yaml\n", "/etc/tradefront/calendar.yaml\n", "/etc/logrotate.d/tradefront\n", "/etc/logrotate.d/tradefront-relay\n",
			} {
				if !strings.Contains(files, want) {
					t.Errorf("%s does not mark %s as configuration: an upgrade would overwrite it", filepath.Base(path), want)
				}
			}
		}
	}
}

func said(t *testing.T, command []string) string {
	t.Helper()
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	return string(out)
}
