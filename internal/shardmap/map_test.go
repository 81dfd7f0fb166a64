package shardmap

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/tradefront/tradefront/test/testmain"
)

// TestMapIsLikeGos: under random changes each Map equals a Go map, and stays as it was when others are made of it.
func TestMapIsLikeGos(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	var m *Map[string, int]
	model := map[string]int{}
	type version struct {
		m     *Map[string, int]
		model map[string]int
	}
	var kept []version
	for step := range testmain.Fewer(400, 50) {
		put, gone := map[string]int{}, []string(nil)
		for range random.IntN(60) {
			put[fmt.Sprint(random.IntN(6000))] = random.Int()
		}
		for range random.IntN(30) {
			gone = append(gone, fmt.Sprint(random.IntN(6000)))
		}
		m = m.With(put, gone)
		model = maps.Clone(model)
		for _, k := range gone {
			delete(model, k)
		}
		maps.Copy(model, put)
		if step%40 == 0 {
			kept = append(kept, version{m, model})
		}
	}
	for _, v := range append(kept, version{m, model}) {
		if got := maps.Collect(v.m.All()); !maps.Equal(got, v.model) || v.m.Len() != len(v.model) {
			t.Fatalf("seed %d: %d entries, Len %d, want %d", seed, len(got), v.m.Len(), len(v.model))
		}
		for k := range 6000 {
			got, known := v.m.Get(fmt.Sprint(k))
			if want, there := v.model[fmt.Sprint(k)]; got != want || known != there {
				t.Fatalf("seed %d: %d is %d, %v, want %d, %v", seed, k, got, known, want, there)
			}
		}
	}
}

// TestShardsGrow: what was built for few and filled with many is copied in small parts all the same.
func TestShardsGrow(t *testing.T) {
	t.Parallel()
	b := Build[string, int](0)
	for i := range 100_000 {
		b.Put(fmt.Sprint(i), i)
	}
	m := b.Map()
	for i := range 10 {
		m = m.With(map[string]int{fmt.Sprint("x", i): i}, nil)
	}
	most := 0
	for _, shard := range m.shards {
		most = max(most, len(shard))
	}
	if m.Len() != 100_010 || most > 8*perShard {
		t.Errorf("%d entries, %d in one shard", m.Len(), most)
	}
}

func TestGetAllocatesNothing(t *testing.T) {
	b := Build[string, int](10)
	b.Put("client_xsb_1.0", 1)
	m, id := b.Map(), []byte("client_xsb_1.0")
	if n := testing.AllocsPerRun(100, func() {
		if _, known := m.Get(string(id)); !known {
			t.Fatal("not found")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGet(b *testing.B) {
	build := Build[string, int](1_000_000)
	for i := range 1_000_000 {
		build.Put(fmt.Sprint(i), i)
	}
	m := build.Map()
	b.ReportAllocs()
	for b.Loop() {
		m.Get("777777")
	}
}

func BenchmarkWithOneOfAMillion(b *testing.B) {
	build := Build[string, int](1_000_000)
	for i := range 1_000_000 {
		build.Put(fmt.Sprint(i), i)
	}
	m := build.Map()
	for b.Loop() {
		m = m.With(map[string]int{"777777": 1}, nil)
	}
}
