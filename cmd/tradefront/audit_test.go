package main

import (
	"compress/gzip"
	"os"
	"testing"
)

const auditLine = `{"time":"2026-01-05T08:59:01.000+08:00","event":"login","reason":"wrong_password","code":3,"ref":"4CV33T","account":"88888888","address":"203.0.113.7","port":50001,"front_id":1,"session_id":3}`

func TestAuditSearch(t *testing.T) {
	newSite(t)
	if err := os.WriteFile("audit.jsonl", []byte(auditLine+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create("audit.jsonl.1.gz")
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	_, _ = z.Write([]byte("damaged\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	const damage = "damaged lines passed over: 1\n  audit.jsonl.1.gz:1: no entry (damaged lines of this file: 1)"
	play(t, []step{
		{"audit search --ref 4cv33t audit.jsonl", "", 0, "TIME…2026-01-05 08:59:01.000  1/3  …audit.jsonl:1\n\nlines found: 1, files read: 1\n       1  wrong_password: …", ""},
		{"audit search --account 88888888 audit.jsonl audit.jsonl.1.gz -o json", "", 0, `{"where":"audit.jsonl:1",` + auditLine[1:], damage},
		{"audit search --account 1 audit.jsonl audit.jsonl.1.gz nosuch", "", 0, "lines found: 0, files read: 2", damage[:len("damaged lines passed over: 1\n")] + "…nosuch…"},
		{"audit search nosuch", "", 1, "", "tradefront: no audit log could be read: …no such file or directory"},
		{"audit search --since soon audit.jsonl", "", 1, "", `tradefront: --since: "soon" is no time…`},
		{"audit search --since 2026-01-06 --until 2026-01-05 audit.jsonl", "", 1, "", "tradefront: --since … is not before --until …"},
		{"audit search --ref 019b7c1e-5c00-82a5-9c12-7c7d9a77feaf audit.jsonl", "", 1, "", "tradefront: --ref: … is no reference; --record takes a RecordID or SubmitID"},
		{"audit search --record 4CV33T audit.jsonl", "", 1, "", "tradefront: --record: …"},
		{"audit search --address 203.0.113 audit.jsonl", "", 1, "", "tradefront: --address: …"},
		{"audit search", "", 1, "", "tradefront: name the audit logs, or a configuration with -c"},
		{"audit search -c tradefront.yaml --ref 4CV33T", "", 0, "TIME…lines found: 1, files read: …", "…"},
	})
}
