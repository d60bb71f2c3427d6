package x

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"unrollbot/unroll"
)

// slow is a store of values that lets others go first between a look and a
// write.
type slow struct {
	unroll.Values
	data sync.Map
}

func (s *slow) Value(_ context.Context, key string) ([]byte, bool, error) {
	value, ok := s.data.Load(key)
	for range 10 {
		runtime.Gosched()
	}
	text, _ := value.([]byte)
	return text, ok, nil
}

func (s *slow) SetValue(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.data.Store(key, value)
	return nil
}

// Answers that are made at once do not spend the same money.
func TestManySpendAtOnce(t *testing.T) {
	p := &purse{values: &slow{}, budget: dollars(1)}
	now := time.Now()
	var spent atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if p.spend(t.Context(), priceLink, now) == nil {
				spent.Add(int64(priceLink))
			}
		})
	}
	all.Wait()
	if sum, err := p.spent(t.Context(), now); err != nil || int64(sum) != spent.Load() || sum != dollars(0.8) {
		t.Errorf("spent %d, counted %d, %v", spent.Load(), sum, err)
	}
}
