package subject

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/show"
)

// header is what a customer reads, in both languages.
var header = []string{
	"登入时间 login time", "交易日 trading day", "公网IP public address", "公网端口 port", "终端软件 AppID", "中继 relay", "异常标识 flag",
	"前置 front", "会话 session", "RecordID", "来源 found in", "在中继登入时间 login time at the relay",
}

// WriteCSV writes the logins for people: without ciphertexts, which no person can read.
func (e *Export) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheets take it for UTF-8 by that
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range e.Logins {
		l := &e.Logins[i]
		port, visit := "", ""
		if l.Port != 0 {
			port = strconv.Itoa(int(l.Port))
		}
		if l.VisitTime != nil {
			visit = show.Time(*l.VisitTime)
		}
		err := out.Write([]string{
			show.Time(l.LoginTime), noFormula(l.TradingDay), noFormula(l.Address), port, noFormula(l.AppID), noFormula(l.RelayAppID),
			noFormula(l.Flag), strconv.Itoa(int(l.FrontID)), strconv.Itoa(int(l.SessionID)), noFormula(l.RecordID),
			noFormula(strings.Join(l.Found, " ")), visit,
		})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// noFormula is a text that a spreadsheet shows: one that begins like a formula it would calculate, also one that fetches or runs
// something. A terminal or a relay chose some of them.
func noFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
