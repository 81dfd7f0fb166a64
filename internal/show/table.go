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
	align(w, linesOf(text.String()))
}

// Columns is a text with tables in it: lines with tabs that follow each other align as those of Table do, other lines stay as they are.
// Flush writes what was written to it.
type Columns struct {
	w    io.Writer
	text bytes.Buffer
}

// NewColumns is a text for w.
func NewColumns(w io.Writer) *Columns { return &Columns{w: w} }

// Write takes a part of the text. It never fails.
func (c *Columns) Write(p []byte) (int, error) { return c.text.Write(p) }

// Flush writes the text. The error is the writer's.
func (c *Columns) Flush() error {
	var out bytes.Buffer
	align(&out, linesOf(c.text.String()))
	c.text.Reset()
	_, err := c.w.Write(out.Bytes())
	return err
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// align writes lines whose cells are separated by tabs. A cell is as wide as the widest of its column in the lines above and below, up to
// the first that does not have this column.
func align(w io.Writer, lines []string) {
	rows := make([][]string, len(lines))
	for i, line := range lines {
		rows[i] = strings.Split(line, "\t")
	}
	var widths []int // of the columns of the row before
	for i, cells := range rows {
		last := len(cells) - 1
		widths = widths[:min(last, len(widths))]
		for column := len(widths); column < last; column++ {
			widths = append(widths, widest(rows[i:], column)+gap)
		}
		for column, cell := range cells[:last] {
			fmt.Fprint(w, cell, strings.Repeat(" ", widths[column]-Width(cell)))
		}
		fmt.Fprintln(w, cells[last])
	}
}

// widest is the width of a column up to the first row that does not have it.
func widest(rows [][]string, column int) (width int) {
	for _, cells := range rows {
		if column >= len(cells)-1 {
			break
		}
		width = max(width, Width(cells[column]))
	}
	return width
}
