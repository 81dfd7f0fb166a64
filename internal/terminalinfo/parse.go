package terminalinfo

import (
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Item is one item of a terminal string, for people to read.
type Item struct {
	Name  string // the indicator's name in the specification
	Value string // "" if the terminal has none
}

// Parse takes a terminal string apart. It holds each item to its maximum and to the
// rules of 4.2.4, the first two to their form, and the number of items to the type; an
// item may be empty. The error never contains a value.
func Parse(s string) ([]Item, error) {
	fields := strings.Split(s, string(rune(regulation.Separator)))
	if len(fields[0]) != 1 {
		return nil, &regulation.ItemError{Item: indicators[Kind].name, Problem: "not one byte"}
	}
	t := regulation.TerminalType(fields[0][0])
	order := Order(t)
	if order == nil {
		return nil, &regulation.ItemError{Item: indicators[Kind].name, Problem: "not one of 1 to 7"}
	}
	if len(fields) != len(order) {
		return nil, fmt.Errorf("terminal string: %d items, %s has %d", len(fields), t, len(order))
	}
	parsed := make([]Item, len(order))
	for i, it := range order {
		indicator := indicators[it]
		if err := regulation.CheckItem(indicator.name, fields[i], indicator.maxLen); err != nil {
			return nil, err
		}
		parsed[i] = Item{indicator.name, fields[i]}
	}
	if err := checkCollected(fields[1]); err != nil {
		return nil, err
	}
	return parsed, nil
}

func checkCollected(value string) error {
	at, err := time.ParseInLocation(regulation.TimeLayout, value, regulation.Zone)
	if err != nil || at.Format(regulation.TimeLayout) != value {
		return &regulation.ItemError{Item: indicators[Collected].name, Problem: "not a time like 2018-05-01 09:00:00"}
	}
	return nil
}
