package ops

// Build is which program this is.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// String is a line for people.
func (b Build) String() string {
	return "tradefront " + b.Version + " (commit " + b.Commit + ", " + b.Go + ")"
}
