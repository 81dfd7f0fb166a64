package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/doctor"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/test/await"
)

// Doctor before the first start, beside a front that is not ready, and beside one that is.
func TestDoctor(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"auth: {refresh: 100ms}\n")
	diagnose := "doctor" + onC
	play(t, []step{
		{diagnose, "", 0, "pass  configuration  tradefront.yaml is without fault…skip  master_key …\nskip  front          no front runs on tradefront.db\n…0 fail, …", ""},
		{diagnose + " --strict", "", 1, "…warn  audit_disk     audit_log: …\n                     next: put audit_log on a disk of its own…", "tradefront: 0 fail, …(--strict)"},
		{diagnose + " --lang zh", "", 0, "通过  configuration  …警告  audit_disk …下一步：…失败 0 项，…", ""},
		{diagnose + " --lang de", "", 2, "", "…want en or zh…"},
		{"doctor -c nosuch.yaml", "", 1, "FAIL  configuration  the configuration file cannot be read: …skip  master_key     the configuration has faults\n…", "tradefront: 1 fail…"},
	})
	if got := tradefrontWith([]string{"LANG=zh_CN.UTF-8"}, "", strings.Fields(diagnose)...); got.status != 0 || !strings.HasPrefix(got.out, "通过") {
		t.Errorf("%+v", got)
	}
	front := serve(t)
	beside := diagnose + " --front " + front.admin
	play(t, []step{
		{beside, "", 1, "…pass  front          front 1, tradefront " + version + ", answers at " + front.admin + " and is serving\nFAIL  readiness      registry: …", "tradefront: 1 fail, …"},
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "…", ""},
	})
	awaitReady(t, front.admin)
	got := tradefront("", strings.Fields(beside+" -o json")...)
	var report struct {
		Verdict  doctor.Status
		Findings []doctor.ShownFinding
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.status != 0 || report.Verdict != doctor.Warn {
		t.Errorf("%v, %+v", err, got)
	}
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}

// awaitReady returns once the front says that it is ready.
func awaitReady(t *testing.T, admin string) {
	t.Helper()
	await.True(t, "the front is ready", func() bool {
		var report ops.Report
		return (ops.Access{}).Ask(t.Context(), admin, "/readyz", &report) == nil
	})
}
