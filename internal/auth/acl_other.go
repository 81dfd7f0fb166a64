//go:build !linux

package auth

import "os"

// onlyUsByACL is for systemd's credentials, which there are on Linux only.
func onlyUsByACL(*os.File) bool { return false }

func hasACL(*os.File) bool { return false }
