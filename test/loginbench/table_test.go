//go:build linux

package loginbench

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// table is what a run found.
type table struct {
	servers   []*contender
	rounds    []map[string]measured         // by server
	calls     map[string]map[string]float64 // a visit, by server and name
	session   map[string]float64            // heap of an idle one, bytes, by server
	uncounted error                         // why calls are missing
}

func newTable(servers []*contender) *table {
	return &table{servers: servers, calls: map[string]map[string]float64{}, session: map[string]float64{}}
}

// inTurn is the servers' order in the next round, which begins with another one each time.
func (t *table) inTurn() []*contender {
	first := len(t.rounds) % len(t.servers)
	return slices.Concat(t.servers[first:], t.servers[:first])
}

// median of a figure of a server.
func (t *table) median(server string, of func(measured) float64) float64 {
	var all []float64
	for _, round := range t.rounds {
		all = append(all, of(round[server]))
	}
	return middle(all)
}

// ratio is the median of the rounds' ratios.
func (t *table) ratio(server, to string, of func(measured) float64) float64 {
	var all []float64
	for _, round := range t.rounds {
		all = append(all, of(round[server])/of(round[to]))
	}
	return middle(all)
}

func middle(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

func (t *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d rounds, medians; %d terminals in a closed loop, a new connection each\n\n", len(t.rounds), concurrent)
	t.print(&b, "server\tvisits/s\tserver CPU µs\tdatabase CPU µs\tlogin step p50 ms\tp99 ms\talone p50 ms\tsystem calls\twithout waits\tsession's heap B", t.line)
	t.print(&b, "ratio\tvisits/s\tCPU\tCPU with its database", nil, t.comparisons()...)
	t.printCalls(&b)
	return b.String()
}

// comparisons are the lines of ratios.
func (t *table) comparisons() []string {
	lines := []string{
		t.compared(embeddedName, rsaName), t.compared(postgresName, rsaName), t.compared(embeddedName, floorName),
		t.compared(embeddedName, simpleName), t.compared(postgresName, simpleName),
	}
	if len(t.servers) > len(lines) {
		lines = append(lines, t.compared(embeddedName, otherName))
	}
	return lines
}

// print prints a line of words, then one for each server, then others.
func (t *table) print(b *strings.Builder, head string, line func(*contender) string, others ...string) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, head+"\t")
	if line != nil {
		for _, c := range t.servers {
			fmt.Fprintln(w, line(c)+"\t")
		}
	}
	for _, other := range others {
		fmt.Fprintln(w, other+"\t")
	}
	_ = w.Flush() // into memory
	b.WriteByte('\n')
}

func (t *table) line(c *contender) string {
	figure := func(form string, of func(measured) float64) string { return fmt.Sprintf(form, t.median(c.name, of)) }
	words := []string{
		c.name, figure("%.0f", rate), figure("%.1f", serverCPU), figure("%.1f", databaseCPU),
		figure("%.2f", func(m measured) float64 { return m.P50 }), figure("%.2f", func(m measured) float64 { return m.P99 }),
		figure("%.3f", func(m measured) float64 { return m.P50Alone }),
		fmt.Sprintf("%.1f", t.calls[c.name][everyCall]), fmt.Sprintf("%.1f", asked(t.calls[c.name])), fmt.Sprintf("%.0f", t.session[c.name]),
	}
	return strings.Join(words, "\t")
}

func rate(m measured) float64        { return m.Rate }
func serverCPU(m measured) float64   { return m.CPU }
func databaseCPU(m measured) float64 { return m.Database }
func wholeCPU(m measured) float64    { return m.CPU + m.Database }

// compared is a line of ratios.
func (t *table) compared(server, to string) string {
	return fmt.Sprintf("%s / %s\t%.2f\t%.2f\t%.2f", server, to, t.ratio(server, to, rate), t.ratio(server, to, serverCPU), t.ratio(server, to, wholeCPU))
}

// printCalls prints the system calls by name, those that some server makes once in a hundred visits.
func (t *table) printCalls(b *strings.Builder) {
	if t.uncounted != nil {
		fmt.Fprintf(b, "system calls were not counted: %v\n", t.uncounted)
		return
	}
	var names []string
	for _, name := range callNames {
		if slices.ContainsFunc(t.servers, func(c *contender) bool { return t.calls[c.name][name] >= 0.01 }) {
			names = append(names, name)
		}
	}
	t.print(b, "system calls a visit\t"+strings.Join(names, "\t")+"\tothers", func(c *contender) string {
		line, rest := c.name, t.calls[c.name][everyCall]
		for _, name := range names {
			line += fmt.Sprintf("\t%.2f", t.calls[c.name][name])
			rest -= t.calls[c.name][name]
		}
		return line + fmt.Sprintf("\t%.2f", rest)
	})
}
