package statuspage

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/tally"
)

// The chart's measures, in units of its viewBox.
const (
	barWidth   = 4
	barPitch   = 5
	barsHeight = 120
	hourHeight = 18
	labelWidth = 60 // of an hour, with some room
)

// chart is logins by minute, as upright bars.
type chart struct {
	Peak                        uint64
	Width, Height, Floor, TextY int
	BarWidth                    int
	Bars                        []bar
	Hours                       []hour
}

// bar is one minute; the refused are above the recorded.
type bar struct {
	Label                                  string
	X                                      int
	Recorded, RecordedY, Refused, RefusedY float64
}

type hour struct {
	X     int
	Label string
	Last  bool // its label fits before its line and not after it
}

func chartOf(minutes []tally.Minute) chart {
	c := chart{
		Width: len(minutes) * barPitch, Height: barsHeight + hourHeight, Floor: barsHeight, TextY: barsHeight + hourHeight - 4, BarWidth: barWidth,
	}
	for _, m := range minutes {
		c.Peak = max(c.Peak, uint64(m.Recorded)+uint64(m.Refused))
	}
	scale := float64(barsHeight) / float64(max(c.Peak, 1))
	for i, m := range minutes {
		at := m.Start.In(regulation.Zone)
		if at.Minute() == 0 {
			c.Hours = append(c.Hours, hour{X: i * barPitch, Label: at.Format("15:04"), Last: (len(minutes)-i)*barPitch < labelWidth})
		}
		if m.Recorded+m.Refused == 0 {
			continue
		}
		b := bar{Label: fmt.Sprintf("%s  %d / %d", at.Format("15:04"), m.Recorded, m.Refused), X: i * barPitch}
		b.Recorded, b.Refused = float64(m.Recorded)*scale, float64(m.Refused)*scale
		b.RecordedY = barsHeight - b.Recorded
		b.RefusedY = b.RecordedY - b.Refused
		c.Bars = append(c.Bars, b)
	}
	return c
}
