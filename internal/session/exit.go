package session

import (
	"unicode/utf8"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// The codes of ForceExit that the front sends by itself. What a trading core sends has the core's code, '1' as
// a rule.
const (
	ExitCoreChanged = '2' // the trading core went away or was restarted; of a relay, also: the front stops
	ExitByOperator  = '3' // an operator of the front ended the session
)

const (
	forceExitText = 100 // bytes of ForceExitMsg
	forceExitLen  = 1 + forceExitText
	maxExitData   = ftd.MaxBodyLen - ftd.MessageHeaderLen - ftd.FieldHeaderLen
)

// AppendForceExit appends the data of a ForceExit field. Text is cut between two characters at 100 bytes; what
// a text of the wire may not have becomes '?'.
func AppendForceExit(dst []byte, code byte, text string) []byte {
	dst = append(dst, code)
	start := len(dst)
	for _, c := range text {
		if c < 0x20 || 0x7F <= c && c <= 0x9F || c == utf8.RuneError {
			c = '?'
		}
		if len(dst)-start+utf8.RuneLen(c) > forceExitText {
			break
		}
		dst = utf8.AppendRune(dst, c)
	}
	for len(dst)-start < forceExitText {
		dst = append(dst, ' ')
	}
	return dst
}

// exit tells the terminal that its session is over, with data as the field has it.
func (s *Session) exit(data []byte, why reason.Close, fx *Effects) {
	e := ftd.Begin(fx.Wire, ftd.TIDForceExit)
	e.Raw(ftd.FIDForceExit, data[:min(len(data), maxExitData)])
	fx.end(&e)
	fx.Close = why
}

// ForceExitFrame is the whole frame of a ForceExit, for a terminal without a session here.
func ForceExitFrame(code byte, text string) []byte {
	e := ftd.Begin(nil, ftd.TIDForceExit)
	e.Raw(ftd.FIDForceExit, AppendForceExit(nil, code, text))
	frame, err := e.End()
	if err != nil {
		panic("session: a ForceExit does not fit the protocol: " + err.Error()) // AppendForceExit cuts it
	}
	return frame
}
