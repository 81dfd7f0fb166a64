package link

import (
	"unicode/utf8"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// clip is s without what is over n bytes; no character is cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// The codes of the ForceExits that the link makes. exitTextKicked, of 84 bytes, is for a kick in which the core sent none.
const (
	exitCodeChanged = '2'
	exitCodeKicked  = '1'
	exitTextKicked  = "交易核心结束了会话 the trading core ended the session"
)

// codeLost is the text of the answer to a request for a code whose core went away.
const codeLost = "交易核心已断开，请稍后重试 the trading core went away, ask again"

// forceExit is the data of a ForceExit field.
func forceExit(code byte, text string) []byte {
	const data = ftd.FrameHeaderLen + ftd.MessageHeaderLen + ftd.FieldHeaderLen
	e := ftd.Begin(nil, ftd.TIDForceExit)
	e.ForceExit(&ftd.ForceExit{Code: code, Msg: []byte(text)})
	frame, err := e.End()
	if err != nil {
		panic("link: a constant text that ForceExit does not take: " + err.Error())
	}
	return frame[data:]
}

var (
	forceExitChanged = forceExit(exitCodeChanged, reason.CoreChangedText)
	forceExitKicked  = forceExit(exitCodeKicked, exitTextKicked)
)
