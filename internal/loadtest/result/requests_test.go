package result

import (
	"strings"
	"testing"
	"time"
)

// traded is a run that sent n requests, of which it was answered all but lost and refused ones.
func traded(n, lost, refused int) *Result {
	r := ran(10)
	r.Scenario, r.IDs = "orders", []string{time.Now().String()}
	r.Requests = NewRequests(n)
	q := r.Requests
	q.Sent, q.Lost, q.Refused, q.Answered, q.ElapsedS = n, lost, refused, n-lost-refused, 2
	q.RefusedBy["90"] = refused
	r.Steps = append(r.Steps, Step{"request", NewLatency()})
	for range q.Answered {
		r.Step("request").Record(3 * time.Millisecond)
	}
	return r
}

// TestRequestsAreErrorsToo: of a run whose logins were good, and they are added and printed in both languages.
func TestRequestsAreErrorsToo(t *testing.T) {
	r, other := traded(100, 2, 1), traded(50, 0, 0)
	if err := r.Merge(other); err != nil {
		t.Fatal(err)
	}
	for text, holds := range map[string]bool{
		"errors==0": false, "errors==3": true, "requests_lost<=2": true, "requests_refused==1": true, "requests_answered==147": true,
		"request_rate>=73": true, "request.p99<4ms": true, "request.p50<2ms": false, "request_service.p50<1s": false, "error_share<0.02": true,
	} {
		all, err := ParseAssertions([]string{text})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if r.Judge(all); r.Assertions[0].Holds != holds {
			t.Errorf("%s: %v", text, r.Assertions[0])
		}
	}
	if r.Judge(nil); r.Good {
		t.Error("a run that lost requests is good")
	}
	if other.Judge(nil); !other.Good {
		t.Error("a run that lost none is not good")
	}
	for language, want := range map[string]string{
		"en": "orders  planned 150, sent 150, answered 147, refused 1, lost 2, answers a second 74\n  refused  90  1  busy, nothing was recorded, try again\n",
		"zh": "业务报文  计划 150, 已发送 150, 已应答 147, 被拒绝 1, 丢失 2, 每秒应答 74\n  被拒绝  90  1  请稍后重试\n",
	} {
		var b strings.Builder
		if r.Text(&b, language); !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
}
