// Command build builds the terminal's collection library for C. `make collector` runs it; docs/collector.md says what it makes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/tradefront/tradefront/collector"
)

func main() {
	var o collector.Options
	flag.StringVar(&o.Vendor, "vendor", "", "vendor ID")
	flag.StringVar(&o.Key, "key", "", "public key, PEM `file`")
	flag.StringVar(&o.KeyVersion, "key-version", "", "version of the key")
	flag.StringVar(&o.Kind, "kind", "", "pro or tst")
	flag.StringVar(&o.Out, "out", "", "`folder` for the library")
	flag.StringVar(&o.Version, "version", "dev", "version of the library")
	flag.StringVar(&o.Day, "day", "unknown", "day of the source")
	flag.StringVar(&o.Target, "target", "linux/amd64", "linux/amd64, linux/arm64 or windows/amd64")
	flag.StringVar(&o.CC, "cc", "", "C compiler of the target")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := collector.Build(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}
