package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
)

// Where a configuration is that the command line does not name: the environment says it, else its usual place.
const (
	usualFrontConfig = "/etc/tradefront/tradefront.yaml"
	usualAgentConfig = "/etc/tradefront/relay.yaml"
)

// placeOfConfig is the annotation of a flag --config: the environment variable, and the usual place or "" where the command does without.
const placeOfConfig = "tradefront_place_of_config"

// configFlag is the flag that most commands share.
func configFlag(c *cobra.Command, path *string) {
	requiredConfig(c, path, config.FileVariable, usualFrontConfig)
}

// agentConfigFlag is that of the commands about a relay agent.
func agentConfigFlag(c *cobra.Command, path *string) {
	requiredConfig(c, path, config.AgentFileVariable, usualAgentConfig)
}

func requiredConfig(c *cobra.Command, path *string, variable, usual string) {
	c.Flags().StringVarP(path, "config", "c", "", fmt.Sprintf("configuration file (default: $%s, else %s)", variable, usual))
	must(c.MarkFlagRequired("config"))
	must(c.Flags().SetAnnotation("config", placeOfConfig, []string{variable, usual}))
}

// optionalConfigFlag is of commands that know less without a configuration.
func optionalConfigFlag(c *cobra.Command, path *string, usage string) {
	c.Flags().StringVarP(path, "config", "c", "", usage+" (default: $"+config.FileVariable+")")
	must(c.Flags().SetAnnotation("config", placeOfConfig, []string{config.FileVariable, ""}))
}

// findConfig sets the flag --config of a command that was called without it. One that is required and found nowhere remains
// unset, which cobra then tells.
func (e *env) findConfig(c *cobra.Command) error {
	flag := c.Flags().Lookup("config")
	if c.Flags().Changed("file") { // it takes the configuration's place
		return nil
	}
	if flag == nil || flag.Changed || len(flag.Annotations[placeOfConfig]) != 2 {
		return nil
	}
	variable, usual := flag.Annotations[placeOfConfig][0], flag.Annotations[placeOfConfig][1]
	for _, line := range e.environ {
		if path, is := strings.CutPrefix(line, variable+"="); is && path != "" {
			return c.Flags().Set("config", path)
		}
	}
	if usual == "" {
		return nil
	}
	if _, err := os.Stat(usual); err != nil {
		return nil //nolint:nilerr // one that is not there, or may not be seen, is no default
	}
	return c.Flags().Set("config", usual)
}
