package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/supportbundle"
	"github.com/tradefront/tradefront/test/await"
)

// unpackBundle returns the files of a bundle by their names.
func unpackBundle(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]string)
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return there
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		there[filepath.Base(h.Name)] = string(text)
	}
}

// TestSupportBundle: of a running front everything is there, and no account, address or secret that went through it.
func TestSupportBundle(t *testing.T) {
	newSite(t)
	write(t, "code", givenCode+"\n")
	write(t, "password", "pass-word-of-88001234\n")
	write(t, "tradefront.yaml", strings.Replace(siteConfig, `    - address: "127.0.0.1:0"
`, `    - address: "127.0.0.1:0"
      client_address: proxy
      trusted_proxies: ["127.0.0.1/32"]
`, 1))
	play(t, []step{
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "…", ""},
		{"account add --account 88001234 --password-file password" + onC, "", 0, "…", ""},
	})
	front := serve(t)
	// A customer of 203.0.113.77, by way of a load balancer, who sends what is no message.
	conn, err := net.Dial("tcp", front.address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "PROXY TCP4 203.0.113.77 10.1.2.3 51234 41205\r\n"+strings.Repeat("no message ", 50)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(conn) // until the front closes it
	_ = conn.Close()
	await.True(t, "the audit log has the customer", func() bool { return strings.Contains(read(t, "audit.jsonl"), "203.0.113.77") })

	bundle := "support-bundle" + onC + " --front " + front.admin
	got := tradefront("", strings.Fields(bundle+" --out all.tar.gz --names names.txt -o json")...)
	var contents supportbundle.Contents
	if err := json.Unmarshal([]byte(got.out), &contents); err != nil || got.status != 0 || len(contents.LeftOut) != 0 || len(contents.Files) != 12 {
		t.Fatalf("%v, %+v", err, got)
	}
	if info, err := os.Stat("all.tar.gz"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	there := unpackBundle(t, "all.tar.gz")
	for name, text := range there {
		for _, hidden := range []string{"203.0.113.77", "203.0.113.*", "51234", "88001234", "pass-word", givenCode, "10.1.2.3"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s has %s", name, hidden)
			}
		}
	}
	for name, want := range map[string]string{
		"goroutines.txt": "goroutine profile: total ", "trace.out": "go 1.", "heap.pprof": "\x1f\x8b", "metrics.txt": "tradefront_", "readyz.json": `"ready":`,
		"audit.jsonl": `"address":"address-`, "doctor.txt": "pass  front", "log.txt": `"msg":`, "version.json": version,
	} {
		if !strings.Contains(there[name], want) {
			t.Errorf("%s lacks %q: %.300s", name, want, there[name])
		}
	}
	if !strings.Contains(read(t, "names.txt"), " 203.0.113.77\n") {
		t.Error(read(t, "names.txt"))
	}
	play(t, []step{{bundle + " --out all.tar.gz", "", 1, "", "tradefront: all.tar.gz exists already; name another file"}})
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
	play(t, []step{
		{bundle + " --out down.tar.gz", "", 0, "wrote down.tar.gz: 5 files, …\nleft out: readyz.json: the front at …\n…next: look into it…", ""},
		{bundle + " --out unten.tar.gz --lang zh", "", 0, "已写入 unten.tar.gz：5 个文件，…下一步：…", ""},
	})
	if manifest := unpackBundle(t, "down.tar.gz")["MANIFEST.txt"]; !strings.Contains(manifest, "connection refused") {
		t.Error(manifest)
	}
}

// TestSupportBundleSpelling: -o is the form, and for one version more the file, as long as --out does not name it.
func TestSupportBundleSpelling(t *testing.T) {
	t.Chdir(t.TempDir())
	const (
		bundle = "support-bundle -c nosuch.yaml"
		old    = "warning: the next version takes -o for text or json alone: name the file with --out"
		see    = "\nSee: tradefront support-bundle --help"
	)
	play(t, []step{
		{bundle, "", 2, "", "tradefront: --out: name the file to write, as front-1.tar.gz" + see},
		{bundle + " -o json", "", 2, "", "tradefront: --out: name the file to write, as front-1.tar.gz" + see},
		{bundle + " --out new.tar.gz -o jsno", "", 2, "", "tradefront: -o jsno: want text or json, beside --out" + see},
		{bundle + " --out new.tar.gz -o json", "", 0, "{\n  \"files\": [\n…}", ""},
		{bundle + " -o old.tar.gz --json", "", 0, "{\n  \"files\": [\n…}", old},
		{bundle + " -o old-2.tar.gz -o text", "", 0, "wrote old-2.tar.gz: …", old},
	})
	if manifest := unpackBundle(t, "new.tar.gz")["MANIFEST.txt"]; manifest == "" {
		t.Error("new.tar.gz has no manifest")
	}
}
