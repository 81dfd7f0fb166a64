package terminalinfo

import (
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Join puts the terminal string of type t together from what value returns for each of its items, cleaned and cut to its
// maximum. An invalid type makes "".
func Join(t regulation.TerminalType, value func(Indicator) string) string {
	var b strings.Builder
	for i, it := range Order(t) {
		if i > 0 {
			b.WriteByte(regulation.Separator)
		}
		item, _ := Clean(value(it), it.MaxLen())
		b.WriteString(item)
	}
	return b.String()
}
