package daemon

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/statuspage"
	"github.com/tradefront/tradefront/test/browser"
)

func getPage(t *testing.T, url string) (page, policy string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v\n%s", url, res.StatusCode, err, all)
	}
	return string(all), res.Header.Get("Content-Security-Policy")
}

// TestStatusPageTellsOfTheFront: after one accepted and one refused login the page has both, in both languages, in a real
// browser; neither the accounts nor the customer's address is on it.
func TestStatusPageTellsOfTheFront(t *testing.T) {
	t.Parallel()
	const account, stranger = "88888888", "77777777"
	f := newLinkedFront(t, nil)
	f.startCore(coresim.Options{Accounts: []coresim.Account{{User: account, Password: corePassword}}})
	m := f.dial()
	m.Send(loginOf(account, corePassword))
	m.Expect(ftd.TIDUserLogin, 0)
	refused := f.dial()
	refused.Send(loginOf(stranger, "wrong"))
	refused.Expect(ftd.TIDUserLogin, 3)

	url := f.daemon.AdminURL() + "/"
	page, policy := getPage(t, url)
	if !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("policy %q", policy)
	}
	for _, private := range []string{account, stranger} {
		if strings.Contains(page, private) {
			t.Errorf("the page has %s", private)
		}
	}
	b := browser.Find(t)
	for query, want := range map[string][]string{
		"?refresh=off&lang=en": {"serving", "recorded", "active", "wrong password", "Reports of closed trading days"},
		"?refresh=off&lang=zh": {"运行中", "已记录", "主用", "密码错误", "已结束交易日的报送"},
	} {
		document := b.Document(t, url+query)
		for _, w := range append(want, show.Hash(f.daemon.status(masked).Config)) {
			if !strings.Contains(document, w) {
				t.Errorf("%s lacks %q:\n%s", query, w, document)
			}
		}
	}
}

// TestStatusPageKnowsEachCheck: a new check has its name in both languages.
func TestStatusPageKnowsEachCheck(t *testing.T) {
	t.Parallel()
	for _, c := range NewCatalog().Checks {
		if !statuspage.Knows("check", c.Name) {
			t.Errorf("internal/statuspage has no words for the check %s", c.Name)
		}
	}
	for _, state := range reportStates() {
		if !statuspage.Knows("report", state) {
			t.Errorf("internal/statuspage has no words for the state %s", state)
		}
	}
}
