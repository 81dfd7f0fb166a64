package client

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// TestAnswerChallenge is the cross-check of docs/protocol.md, "The challenge": a published
// vector, whose publisher maps each byte of the answer to a printable one.
func TestAnswerChallenge(t *testing.T) {
	const (
		authCode  = "DAGET0Q2VRCT1B0J"
		challenge = "yMwBid5e3XHkiOUtMiccK0xt8KyO1HkxtP6L09Y34FontgOfw1qgZXH7FfTEWebo" +
			"1f71o55tIrOaHCndBNtBIaGlpAZkM8GNnNOMRRdxi1FZB3cdODOvLsQ92QtMY7zk"
		want = "oP6OLIDJOSPlwaRHi1uHmzeOzwz4YzRUGW0GuNyQ9knVRRV85oTUvuP8G94Tjt62" +
			"oIq4WH16fH8v2dGmazRB75QbZob4wZeoMuL7qmZyJ8MfPhuF6qtZCXRi91XnxQ0b"
		printable = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	)
	answer, err := answerChallenge(AES, authCode, (*[ftd.ChallengeLen]byte)([]byte(challenge)))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, b := range answer {
		got.WriteByte(printable[int(b)%len(printable)])
	}
	if got.String() != want {
		t.Errorf("got %s, want %s", got.String(), want)
	}
}

func TestAnswerChallengeWantsAKey(t *testing.T) {
	for _, code := range []string{"", "DAGET0Q2VRCT1B0", "DAGET0Q2VRCT1B0JJ", "DAGET0Q2VRCT1B0JDAGET0Q2"} {
		answer, err := answerChallenge(AES, code, new([ftd.ChallengeLen]byte))
		if err == nil || answer != ([ftd.ChallengeLen]byte{}) {
			t.Errorf("%d bytes: error %v", len(code), err)
		}
		if err != nil && code != "" && strings.Contains(err.Error(), code) {
			t.Errorf("the error tells the authcode: %v", err)
		}
	}
}

// TestAnswerChallengeBySM4 is the example of docs/protocol.md, "SM4 instead of AES, by agreement".
func TestAnswerChallengeBySM4(t *testing.T) {
	var challenge [ftd.ChallengeLen]byte
	for i := range challenge {
		challenge[i] = byte(i)
	}
	answer, err := answerChallenge(SM4, "0123456789ABCDEF", &challenge)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(answer[:16]); got != "5196dabf4514c56e4ef9a01b3f57ad6f" {
		t.Errorf("the answer begins with %s", got)
	}
	if answer, err := answerChallenge(2, "0123456789ABCDEF", &challenge); err == nil || answer != ([ftd.ChallengeLen]byte{}) {
		t.Errorf("an unknown cipher answered: %v", err)
	}
}
