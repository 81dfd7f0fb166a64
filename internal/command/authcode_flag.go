package command

import (
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
)

// AuthCodeFlag is --authcode and --authcode-file.
type AuthCodeFlag struct {
	text string
	file SecretFile
}

// Flags adds both flags to a command.
func (g *AuthCodeFlag) Flags(c *cobra.Command) {
	c.Flags().StringVar(&g.text, "authcode", "",
		"use this authcode (16 of A-Z, 0-9) instead of a random one; the machine's list of processes shows it: better --authcode-file")
	g.file.Flags(c, AuthCodeFile, "authcode")
	c.MarkFlagsMutuallyExclusive("authcode", AuthCodeFile)
}

// AuthCodeFile is the name of the flag.
const AuthCodeFile = "authcode-file"

// Code is the authcode that was given, or a new one.
func (g *AuthCodeFlag) Code(c *cobra.Command, e *Env) (auth.AuthCode, error) {
	switch {
	case c.Flags().Changed(AuthCodeFile):
		text, err := g.file.Read(e)
		if err != nil {
			return auth.AuthCode{}, err
		}
		defer clear(text)
		code, err := auth.ParseAuthCode(string(text))
		if err != nil {
			return code, fmt.Errorf("--%s: %w", AuthCodeFile, err)
		}
		return code, nil
	case g.text != "":
		return auth.ParseAuthCode(g.text)
	}
	return auth.NewAuthCode(rand.Reader)
}
