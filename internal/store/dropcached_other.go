//go:build !linux

package store

import "os"

func dropCached(*os.File) {}
