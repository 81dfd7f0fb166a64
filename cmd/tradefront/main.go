// Command tradefront is the gateway that a futures firm's customers' terminals connect
// to: it authenticates terminal software, logs customers in, and makes each login one
// line of the day's report for the monitoring centre. See `tradefront help`.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
