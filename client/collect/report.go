package collect

// Report is a Result for programs: what `tradefront collect check -o json` prints.
type Report struct {
	Missing     uint32       `json:"missing"` // the mask of Result.Missing
	Flag        string       `json:"flag"`
	Environment Environment  `json:"environment"`
	Items       []ReportItem `json:"items"`
}

// ReportItem is one item of a Report.
type ReportItem struct {
	Item     string `json:"item"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Value    string `json:"value"` // masked, or in clear
	Source   string `json:"source"`
	AdviceZh string `json:"advice_zh,omitempty"`
	AdviceEn string `json:"advice_en,omitempty"`
}

// Report has masked values, or clear ones.
func (r *Result) Report(inClear bool) Report {
	report := Report{Missing: r.Missing(), Flag: string(rune(r.Flag())), Environment: r.Environment, Items: []ReportItem{}}
	for _, it := range r.Items {
		value := it.Masked()
		if inClear && it.State != Foreign {
			value = it.Clear()
		}
		report.Items = append(report.Items, ReportItem{
			Item: it.Word, Name: it.Name, State: it.State.String(), Value: value, Source: it.Source,
			AdviceZh: it.Advice.Chinese, AdviceEn: it.Advice.English,
		})
	}
	return report
}
