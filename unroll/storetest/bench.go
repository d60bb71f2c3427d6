package storetest

import (
	"testing"
	"time"
)

// Benchmark measures a store with threads of 30 posts in prose.
func Benchmark(b *testing.B, open func(b *testing.B) Store) {
	e, refs := entry(1, 30)
	ctx := b.Context()
	b.Run("Load/root", func(b *testing.B) { benchmarkLoad(b, open(b), 0) })
	b.Run("Load/alias", func(b *testing.B) { benchmarkLoad(b, open(b), 15) })
	b.Run("Save", func(b *testing.B) {
		s := open(b)
		b.ReportAllocs()
		for b.Loop() {
			if err := s.Save(ctx, refs[0], refs, e, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Save/parallel", func(b *testing.B) {
		s := open(b)
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := s.Save(ctx, refs[0], refs, e, time.Hour); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
	b.Run("Value", func(b *testing.B) {
		s := open(b)
		if err := s.SetValue(ctx, "k", []byte("a setting"), time.Hour); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, ok, err := s.Value(ctx, "k"); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}

func benchmarkLoad(b *testing.B, s Store, post int) {
	e, refs := entry(1, 30)
	if err := s.Save(b.Context(), refs[0], refs, e, time.Hour); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := s.Load(b.Context(), refs[post]); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
