package config

import (
	"slices"
	"strings"

	"github.com/spf13/viper"
)

const (
	// envPrefix begins every environment variable that is ours.
	envPrefix = "TRADEFRONT_"
	// envTests begins the variables of the test suites, which are not the configuration's.
	envTests = "TRADEFRONT_TEST_"
)

// FileVariable and AgentFileVariable name the configuration file itself, of a front and of a relay agent, to commands that are
// called without --config. They are no keys.
const (
	FileVariable      = envPrefix + "CONFIG"
	languageVariable  = envPrefix + "LANG" // of internal/show: the language that commands print
	AgentFileVariable = envPrefix + "RELAY_CONFIG"
)

// variableOf is the environment variable of a key that is in no list.
func variableOf(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// variables are the environment variables of all keys that have one: the entries of a list of sections
// have none.
func variables(root *field) map[string]*field {
	known := make(map[string]*field)
	root.leaves(func(f *field) {
		if !f.inList() {
			known[variableOf(f.path)] = f
		}
	})
	return known
}

// applyEnv sets every leaf that env names.
func applyEnv(v *viper.Viper, root *field, env []string) (faults Faults) {
	known := variables(root)
	set := make(map[string]bool)
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		leaf, ok := known[name]
		switch {
		case ok:
			set[leaf.path] = value != ""
			if parsed, problem := leaf.parse(value); problem != "" {
				faults.add(leaf.path, "from "+name+": "+problem+show(leaf, value), "")
			} else {
				v.Set(leaf.path, parsed)
			}
		case !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envTests) ||
			name == FileVariable || name == AgentFileVariable || name == languageVariable:
		case !isName(name): // it would not survive being printed
			faults.add(envPrefix+"*", "an environment variable's name has strange characters", "remove it")
		case !foreign(name, value): // of which Ignored tells
			faults.add(name, "no configuration key has this environment variable", adviceOn(root, known, name))
		}
	}
	onlyOneURL(v, set)
	return faults
}

// onlyOneURL: store.url and store.url_file are two ways to write one setting, so that the
// environment's takes the place of the file's whichever of the two each uses. Both of them
// from one place remain a fault.
func onlyOneURL(v *viper.Viper, set map[string]bool) {
	switch {
	case set["store.url"] && !set["store.url_file"]:
		v.Set("store.url_file", "")
	case set["store.url_file"] && !set["store.url"]:
		v.Set("store.url", "")
	}
}

// adviceOn is what to do about a variable that is no key's.
func adviceOn(root *field, known map[string]*field, name string) string {
	advice := ""
	root.walk(func(f *field) {
		if f.kind == list && strings.HasPrefix(name, variableOf(f.path)+"_") {
			advice = "write " + f.path + " in the file: the entries of a list have no variables"
		}
	})
	if advice != "" {
		return advice
	}
	names := make([]string, 0, len(known))
	for full := range known {
		names = append(names, strings.TrimPrefix(full, envPrefix)) // which is right, and must not make strangers look alike
	}
	slices.Sort(names) // among equals, always the same advice
	if best := Closest(strings.TrimPrefix(name, envPrefix), names); best != "" {
		return "did you mean " + envPrefix + best + "?"
	}
	return "remove it"
}
