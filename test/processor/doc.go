// Package processor tells what processes have used of the processor, for benchmarks whose servers are processes of their own.
package processor
