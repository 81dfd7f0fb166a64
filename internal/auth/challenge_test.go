package auth

import "testing"

// The published vector of the field's incumbent, which maps each byte of the answer to a
// printable character; the answer below it is plain AES-128-ECB, as B.2 has it.
const (
	vectorCode      = "DAGET0Q2VRCT1B0J"
	vectorChallenge = "yMwBid5e3XHkiOUtMiccK0xt8KyO1HkxtP6L09Y34FontgOfw1qgZXH7FfTEWebo" +
		"1f71o55tIrOaHCndBNtBIaGlpAZkM8GNnNOMRRdxi1FZB3cdODOvLsQ92QtMY7zk"
	vectorMapped = "oP6OLIDJOSPlwaRHi1uHmzeOzwz4YzRUGW0GuNyQ9knVRRV85oTUvuP8G94Tjt62" +
		"oIq4WH16fH8v2dGmazRB75QbZob4wZeoMuL7qmZyJ8MfPhuF6qtZCXRi91XnxQ0b"
)

func vector(t testing.TB) (*Challenge, [ChallengeLen]byte) {
	t.Helper()
	ch := Challenge([]byte(vectorChallenge))
	answer, err := Respond(mustCode(t, vectorCode), &ch)
	if err != nil {
		t.Fatal(err)
	}
	return &ch, answer
}

func TestRespondPublishedVector(t *testing.T) {
	const printable = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	_, answer := vector(t)
	mapped := make([]byte, 0, ChallengeLen)
	for _, b := range answer {
		mapped = append(mapped, printable[b%62])
	}
	if string(mapped) != vectorMapped {
		t.Fatalf("got\n%s, want\n%s", mapped, vectorMapped)
	}
}

func TestRespondWithoutAuthCode(t *testing.T) {
	var ch Challenge
	if _, err := Respond(AuthCode{}, &ch); err == nil {
		t.Fatal("the zero authcode answered")
	}
}
