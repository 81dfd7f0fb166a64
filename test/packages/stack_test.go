package packages

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
)

var composed = flag.Bool("compose", false, "start deploy/container's firm in containers; root only")

// images are those of compose.yaml that registries have, made here of Debian's packages under the same names: no registry is asked.
// Grafana is no package of Debian.
var images = map[string]string{
	"postgres:15":             "docker.io/library/postgres:15",
	"haproxy:2.6":             "docker.io/library/haproxy:2.6",
	"prom/prometheus:v2.42.0": "docker.io/prom/prometheus:v2.42.0",
}

// TestComposedFirm starts the firm of compose.yaml in containers, as that file says and in its order, and uses it: customers log in through
// the balancer, plain and by TLS, each front is scraped, a front is stopped within its grace, and each answered login is in PostgreSQL.
func TestComposedFirm(t *testing.T) {
	if !*composed {
		t.Skip("make compose-test runs it: it takes minutes, and makes images")
	}
	if os.Geteuid() != 0 || *cache == "" {
		t.Fatal("needs root, and -cache")
	}
	folder := composeFolder(t)
	baseImages(t)
	c := exec.Command("../../deploy/container/build.sh", "tradefront:local")
	run(t, c)
	s := newStack(t, folder)
	for _, name := range []string{"postgres", "migrate", "core-sim", "rights", "front-1", "front-2", "haproxy", "prometheus"} {
		s.up(name)
	}
	var app struct {
		AuthCode string `json:"authcode"`
	}
	if out := s.once("migrate", "app", "add", "--app-id", appID, "-o", "json"); json.Unmarshal([]byte(out), &app) != nil || app.AuthCode == "" {
		t.Fatalf("app add: %s", out)
	}
	for _, name := range []string{"front-1", "front-2"} {
		s.awaits(name, "service_healthy")
	}
	records := 0
	logIn := func(address string, options ...client.Option) bool {
		if err := s.logIn(address, app.AuthCode, options...); err != nil {
			t.Logf("%s: %v", address, err)
			return false
		}
		records++
		return true
	}
	overTLS := client.WithDialFunc((&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext) // the certificate is prepare.sh's own
	plain, secured := s.published("haproxy", "41205"), s.published("haproxy", "41206")
	await.Every(t, look, "a login through the balancer", func() bool { return logIn(plain) })
	await.Every(t, look, "a login through its listener for TLS", func() bool { return logIn(secured, overTLS) }) // it has checks of its own
	for range 10 {
		if !logIn(plain) || !logIn(secured, overTLS) {
			t.FailNow()
		}
	}
	await.Every(t, look, "both fronts to be scraped", func() bool { return s.scraped() == 2 })
	t.Logf("front-1 was stopped in %v", s.stop("front-1"))
	await.Every(t, look, "a login at the front that is left", func() bool { return logIn(plain) })
	count := func() string {
		return s.podman("exec", s.container("postgres"), "psql", "-X", "-h", "/tmp", "-U", "postgres", "-d", "tradefront", "-Atc", "SELECT count(*) FROM record")
	}
	await.Every(t, look, "each answered login to be in PostgreSQL, once", func() bool { return count() == strconv.Itoa(records) })
	t.Logf("%d logins, each with its record", records)
}

// composeFolder is deploy/container with the secrets that prepare.sh makes, and the files that compose.yaml names beside it.
func composeFolder(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	run(t, exec.Command("sh", "-ec", `cd ../.. && cp -r --parents deploy configs client/collect/tstkey "$0"`, to))
	program := filepath.Join(to, "tradefront")
	run(t, exec.Command("go", "build", "-buildvcs=false", "-o", program, "../../cmd/tradefront"))
	c := exec.Command(filepath.Join(to, "deploy/container/prepare.sh"))
	c.Env = append(os.Environ(), "TRADEFRONT="+program)
	run(t, c)
	return filepath.Join(to, "deploy/container")
}

// baseImages makes what is not there yet. Each name gets the same Debian, and what its publisher's image does at the start.
func baseImages(t *testing.T) {
	t.Helper()
	missing := false
	for _, name := range images {
		missing = missing || exec.Command("podman", "image", "exists", name).Run() != nil
	}
	if !missing {
		return
	}
	root := filepath.Join(*cache, "stack")
	if _, err := os.Stat(root); err != nil {
		run(t, exec.Command("debootstrap", "--variant=minbase", "--include=postgresql,haproxy,prometheus,ca-certificates", "bookworm", root+".new"))
		if err := os.Rename(root+".new", root); err != nil {
			t.Fatal(err)
		}
	}
	run(t, exec.Command("sh", "-ec", `tar -C "$0" --exclude=./proc --exclude=./sys --exclude=./var/cache/apt -c . | podman import - localhost/tradefront-test-debian:1`, root))
	for _, name := range images {
		file := strings.NewReplacer("/", "-", ":", "-").Replace(name)
		run(t, exec.Command("buildah", "build", "-q", "-f", filepath.Join("testdata", file), "-t", name, "testdata"))
	}
}

// logIn is a whole visit.
func (s *stack) logIn(address, authCode string, options ...client.Option) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, address, options...)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err = c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, authCode); err != nil {
		return err
	}
	_, err = c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: account, Password: "demo-password", KeyVersion: "tst", AbnormalFlag: '0', Ciphertext: make([]byte, 256),
	})
	return err
}

// scraped is how many fronts Prometheus reaches.
func (s *stack) scraped() (up int) {
	answer, err := http.Get(fmt.Sprintf("http://%s:9090/api/v1/query?query=up", s.address("prometheus")))
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	var got struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || json.Unmarshal(text, &got) != nil {
		return 0
	}
	for _, r := range got.Data.Result {
		if r.Value[1] == "1" {
			up++
		}
	}
	return up
}
