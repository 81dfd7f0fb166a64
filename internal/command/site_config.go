package command

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
)

// Where a configuration is that the command line does not name: the environment says it, else its usual place.
const (
	usualFrontConfig = "/etc/tradefront/tradefront.yaml"
	usualAgentConfig = "/etc/tradefront/relay.yaml"
)

// PlaceOfConfig is the annotation of a flag --config: the environment variable and the usual place. Of a command that does without a
// configuration a third value says how many arguments are no files that take its place, see OptionalConfigFlag.
const PlaceOfConfig = "tradefront_place_of_config"

// insteadOfConfig are the flags that name files which take the place of those that an optional configuration names.
var insteadOfConfig = []string{"file", "audit", "archive"}

// ConfigFlag is the flag that most commands share.
func ConfigFlag(c *cobra.Command, path *string) {
	requiredConfig(c, path, config.FileVariable, usualFrontConfig)
}

// AgentConfigFlag is that of the commands about a relay agent.
func AgentConfigFlag(c *cobra.Command, path *string) {
	requiredConfig(c, path, config.AgentFileVariable, usualAgentConfig)
}

func requiredConfig(c *cobra.Command, path *string, variable, usual string) {
	c.Flags().StringVarP(path, "config", "c", "", "configuration file"+defaultConfig(variable, usual))
	Must(c.MarkFlagRequired("config"))
	Must(c.Flags().SetAnnotation("config", PlaceOfConfig, []string{variable, usual}))
}

// OptionalConfigFlag is of commands that know less without a configuration. One that is called with files in its place, by a flag or as
// more arguments than others, does not look for it in its usual place; nor does one that may not read it there.
func OptionalConfigFlag(c *cobra.Command, path *string, usage string, others int) {
	c.Flags().StringVarP(path, "config", "c", "", usage+defaultConfig(config.FileVariable, usualFrontConfig))
	Must(c.Flags().SetAnnotation("config", PlaceOfConfig, []string{config.FileVariable, usualFrontConfig, strconv.Itoa(others)}))
}

func defaultConfig(variable, usual string) string {
	return fmt.Sprintf(" (default: $%s, else %s)", variable, usual)
}

// FindConfig sets the flag --config of a command that was called without it. One that is required and found nowhere remains
// unset, which cobra then tells.
func (e *Env) FindConfig(c *cobra.Command, args []string) error {
	flag := c.Flags().Lookup("config")
	if c.Flags().Changed("file") { // it takes the configuration's place
		return nil
	}
	if flag == nil || flag.Changed || len(flag.Annotations[PlaceOfConfig]) < 2 {
		return nil
	}
	variable, usual := flag.Annotations[PlaceOfConfig][0], flag.Annotations[PlaceOfConfig][1]
	for _, line := range e.Environ {
		if path, is := strings.CutPrefix(line, variable+"="); is && path != "" {
			return c.Flags().Set("config", path)
		}
	}
	if others := flag.Annotations[PlaceOfConfig][2:]; len(others) > 0 && (namesFiles(c, args, others[0]) || !readable(usual)) {
		return nil
	}
	if _, err := os.Stat(usual); err != nil {
		return nil //nolint:nilerr // one that is not there, or may not be seen, is no default
	}
	return c.Flags().Set("config", usual)
}

// readable keeps a clerk's command that does without a configuration from failing at the one of the front's user.
func readable(path string) bool {
	file, err := files.Open(path)
	return err == nil && file.Close() == nil
}

// namesFiles reports whether flags, or more arguments than others, name what would else be looked for by way of the configuration.
func namesFiles(c *cobra.Command, args []string, others string) bool {
	number, err := strconv.Atoi(others)
	Must(err)
	return len(args) > number || slices.ContainsFunc(insteadOfConfig, c.Flags().Changed)
}
