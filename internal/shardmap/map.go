package shardmap

import (
	"hash/maphash"
	"iter"
	"maps"
)

// perShard is how many entries a new shard has on average: copying it takes microseconds, and a million entries are 4096 shards,
// whose list With copies.
const perShard = 256

// Map holds values by text. Make it with Build, or With on nil.
type Map[K ~string, V any] struct {
	seed   maphash.Seed
	shards []map[K]V // their number is a power of two
	n      int
}

// Builder fills a Map that no reader has yet.
type Builder[K ~string, V any] struct{ m *Map[K, V] }

// Build begins a Map of about so many entries.
func Build[K ~string, V any](size int) Builder[K, V] {
	count := 1
	for count*perShard < size {
		count *= 2
	}
	m := &Map[K, V]{seed: maphash.MakeSeed(), shards: make([]map[K]V, count)}
	for i := range m.shards {
		m.shards[i] = make(map[K]V)
	}
	return Builder[K, V]{m}
}

// Put sets one value. A Map that turns out larger than was said gets more shards.
func (b Builder[K, V]) Put(k K, v V) {
	if b.m.n > 4*perShard*len(b.m.shards) {
		*b.m = *b.m.resized(8 * b.m.n)
	}
	shard := b.m.shard(k)
	before := len(shard)
	shard[k] = v
	b.m.n += len(shard) - before
}

// Get is what was put.
func (b Builder[K, V]) Get(k K) (V, bool) { return b.m.Get(k) }

// Map ends the building.
func (b Builder[K, V]) Map() *Map[K, V] { return b.m }

func (m *Map[K, V]) index(k K) int {
	return int(maphash.String(m.seed, string(k)) & uint64(len(m.shards)-1))
}

func (m *Map[K, V]) shard(k K) map[K]V { return m.shards[m.index(k)] }

// Get allocates nothing.
func (m *Map[K, V]) Get(k K) (v V, known bool) {
	if m == nil {
		return v, false
	}
	v, known = m.shard(k)[k]
	return v, known
}

// Len is the number of entries.
func (m *Map[K, V]) Len() int {
	if m == nil {
		return 0
	}
	return m.n
}

// All visits the entries in no order.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		if m == nil {
			return
		}
		for _, shard := range m.shards {
			for k, v := range shard {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// With is m without gone and then with put. m stays as it is.
func (m *Map[K, V]) With(put map[K]V, gone []K) *Map[K, V] {
	if m == nil {
		m = Build[K, V](len(put)).Map()
	}
	next := &Map[K, V]{seed: m.seed, shards: append([]map[K]V(nil), m.shards...), n: m.n}
	copied := make(map[int]bool, min(len(put)+len(gone), len(m.shards)))
	own := func(k K) map[K]V {
		i := next.index(k)
		if !copied[i] {
			copied[i] = true
			next.shards[i] = maps.Clone(next.shards[i])
		}
		return next.shards[i]
	}
	for _, k := range gone {
		if _, known := next.Get(k); known {
			delete(own(k), k)
			next.n--
		}
	}
	for k, v := range put {
		shard := own(k)
		before := len(shard)
		shard[k] = v
		next.n += len(shard) - before
	}
	if next.n > 4*perShard*len(next.shards) {
		return next.resized(next.n)
	}
	return next
}

// resized has the entries of m and shards for that many.
func (m *Map[K, V]) resized(size int) *Map[K, V] {
	b := Build[K, V](size)
	for k, v := range m.All() {
		b.Put(k, v)
	}
	return b.m
}
