package ops

import (
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Each histogram has the buckets that every Prometheus reads, which rules and dashboard use, and the exponential ones of a
// native histogram beside them, for one that asks for those. A native bucket is nativeFactor times the one before; there
// are at most nativeBuckets, and then the histogram begins again, at most once in nativeReset, or becomes coarser.
const (
	nativeFactor  = 1.1
	nativeBuckets = 160
	nativeReset   = time.Hour
)

func histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeBuckets, NativeHistogramMinResetDuration: nativeReset,
	}
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(histogramOpts(name, help, buckets))
}

func stageSeconds() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(histogramOpts("login_stage_seconds",
		"Time of each stage of a login: queue (until the work begins), verify (password), encrypt, store (until durable), total.", secondsBuckets),
		[]string{"stage"})
}

// runtimeMetrics are what of Go's runtime says why a front is slow, beside what the collector has by itself: goroutines that
// wait for a processor, pauses of the collector, and waits for locks.
var runtimeMetrics = regexp.MustCompile(`^/(sched/latencies|sched/pauses/total/gc|sync/mutex/wait/total):seconds$`)

func goRuntime() prometheus.Collector {
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: runtimeMetrics}))
}
