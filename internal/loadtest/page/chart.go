package page

import (
	"strconv"
	"strings"
)

// Where the drawing area of a chart is, in units of the drawing.
const (
	width, height              = 720, 280
	left, right, upper, bottom = 66, 16, 26, 46
)

// chart is a drawing of lines over two axes, as the template needs it.
type chart struct {
	Class          string
	Title, About   string // what the figure is, and how to read it
	Described      string // in one sentence, for those who cannot see it
	Empty          string // said instead of a drawing where there is nothing to draw
	XName, YName   string
	X, Y           []tick
	Lines          []line
	Marks          []mark
	Legend         []entry
	X0, X1, Y0, Y1 string // ends of the drawing area
}

// tick is a value at an axis.
type tick struct{ At, Label string }

// line is one path.
type line struct{ Class, Path string }

// mark is a limit that is drawn across.
type mark struct{ At, Label, LabelAt string }

// entry is a line of the legend.
type entry struct{ Class, Name string }

// unit writes a place in the drawing.
func unit(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// newChart is a chart with its axes, which get their places.
func newChart(x, y *axis, labelX, labelY func(float64) string) chart {
	x.from, x.to, y.from, y.to = left, width-right, height-bottom, upper
	c := chart{X0: unit(x.from), X1: unit(x.to), Y0: unit(y.from), Y1: unit(y.to)}
	for _, v := range x.ticks {
		c.X = append(c.X, tick{unit(x.at(v)), labelX(v)})
	}
	for _, v := range y.ticks {
		c.Y = append(c.Y, tick{unit(y.at(v)), labelY(v)})
	}
	return c
}

// path appends the points of a line.
type path struct {
	b    strings.Builder
	last string
}

// move begins a part of the line.
func (p *path) move(x, y float64) {
	p.last = unit(y)
	p.b.WriteString("M" + unit(x) + " " + p.last)
}

// to goes straight on.
func (p *path) to(x, y float64) {
	if p.b.Len() == 0 {
		p.move(x, y)
		return
	}
	p.last = unit(y)
	p.b.WriteString("L" + unit(x) + " " + p.last)
}

// stepTo goes up or down where the line is, and then to x.
func (p *path) stepTo(x, y float64) {
	if at := unit(y); at != p.last {
		p.last = at
		p.b.WriteString("V" + at)
	}
	p.b.WriteString("H" + unit(x))
}

// stairs is the line of values that each hold for one step of the axis x, from 0 on. A value below 0 is a gap.
func stairs(x, y *axis, each float64, values []float64) string {
	var p path
	gap := true
	for i, v := range values {
		if v < 0 {
			gap = true
			continue
		}
		if gap {
			p.move(x.at(float64(i)*each), y.at(v))
			gap = false
		}
		p.stepTo(x.at(float64(i+1)*each), y.at(v))
	}
	return p.b.String()
}

// area is what is below stairs that have no gap.
func area(x, y *axis, each float64, values []float64) string {
	if len(values) == 0 {
		return ""
	}
	return stairs(x, y, each, values) + "V" + unit(y.from) + "H" + unit(x.from) + "Z"
}
