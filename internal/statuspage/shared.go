package statuspage

import (
	"cmp"
	"slices"
)

// Step is the command that a clerk types next for the report; "" if there is none.
func (r *Report) Step() string {
	switch r.State {
	case "not_exported":
		return "tradefront report day --day " + r.Day
	case "exported":
		return "tradefront report handed-in --day " + r.Day + " --receipt NUMBER"
	}
	return ""
}

// sharedPart is Shared with the fronts that the page shows.
type sharedPart struct {
	*Shared
	Shown      []FrontLine
	MoreFronts int
	ShowConfig bool // some front told its configuration's hash
}

func sharedOf(s *Shared) *sharedPart {
	if s == nil {
		return nil
	}
	p := &sharedPart{Shared: s, Shown: slices.Clone(s.Fronts)}
	slices.SortStableFunc(p.Shown, func(a, b FrontLine) int {
		return cmp.Or(first(a.bad(), b.bad()), first(a.runs(), b.runs()), cmp.Compare(a.ID, b.ID))
	})
	if len(p.Shown) > shownFronts {
		p.MoreFronts, p.Shown = len(p.Shown)-shownFronts, p.Shown[:shownFronts]
	}
	p.Shown = marked(p.Shown)
	p.ShowConfig = slices.ContainsFunc(p.Shown, func(f FrontLine) bool { return f.Config != "" })
	return p
}

// marked says of each front that runs whether its version or its configuration is another than that of most: a firm's
// fronts are meant to be alike.
func marked(fronts []FrontLine) []FrontLine {
	version := most(fronts, func(f *FrontLine) string { return f.Version })
	config := most(fronts, func(f *FrontLine) string { return f.Config })
	all := make([]FrontLine, len(fronts))
	for i, f := range fronts {
		f.OtherVersion, f.OtherConfig = f.runs() && f.Version != version, f.runs() && f.Config != "" && f.Config != config
		all[i] = f
	}
	return all
}

// bad fronts come first: an operator must find out what became of them.
func (f *FrontLine) bad() bool { return f.State == "silent" || f.State == "other life" }

func (f *FrontLine) runs() bool { return f.State == "running" }

// most is the value that most of the running fronts have; of two that are as frequent the one of the lower front.id.
func most(fronts []FrontLine, value func(*FrontLine) string) (best string) {
	counts := make(map[string]int)
	for i := range fronts {
		if v := value(&fronts[i]); fronts[i].runs() && v != "" {
			counts[v]++
		}
	}
	for i := range fronts {
		if v := value(&fronts[i]); fronts[i].runs() && v != "" && (best == "" || counts[v] > counts[best]) {
			best = v
		}
	}
	return best
}
