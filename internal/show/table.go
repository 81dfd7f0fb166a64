package show

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// gap is how many columns of the terminal are between two of a table.
const gap = 2

// Table writes a header and rows in aligned columns; rows separates cells by tabs and ends each row by a
// line break. Columns align also where cells are Chinese, whose letters take two columns of the terminal.
func Table(w io.Writer, header string, rows func(w io.Writer)) {
	var text bytes.Buffer
	fmt.Fprintln(&text, header)
	rows(&text)
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	var widths []int
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		for i, cell := range cells[:len(cells)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell)+gap)
		}
	}
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		last := len(cells) - 1
		for i, cell := range cells[:last] {
			fmt.Fprint(w, cell, strings.Repeat(" ", widths[i]-Width(cell)))
		}
		fmt.Fprintln(w, cells[last])
	}
}
