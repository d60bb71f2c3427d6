package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"unrollbot/unroll"
)

const (
	bansKey = "bans"
	// bansFor is how long the list outlives its last change.
	bansFor = 10 * 365 * 24 * time.Hour
	// bansFresh is how late another process notices a change. The list is one
	// value, read now and then, so that no request pays for it.
	bansFresh = 10 * time.Second
	// maxBans bounds that value, which is about 150 bytes for each.
	maxBans = 10_000
)

// Ban is a user who is not answered.
type Ban struct {
	Platform string    `json:"platform"`
	User     string    `json:"user"` // the platform's id
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"` // zero means for good
}

// BanStore is what bans are kept in.
type BanStore interface {
	unroll.Values
	unroll.Locker
}

// Bans are the users who are not answered, for all processes that share the
// store. It may be used concurrently.
type Bans struct {
	store BanStore
	log   *slog.Logger

	mu   sync.Mutex
	list map[banKey]Ban
	read time.Time
}

type banKey struct{ platform, user string }

func (b Ban) key() banKey { return banKey{b.Platform, b.User} }

func (b Ban) over(now time.Time) bool { return !b.Until.IsZero() && !now.Before(b.Until) }

// NewBans keeps bans in s.
func NewBans(s BanStore, log *slog.Logger) *Bans { return &Bans{store: s, log: log} }

// Refuse drops what banned users ask, without a word: an answer would be worth
// asking for. refused hears of each one, for metrics; nil means nobody.
func Refuse(b *Bans, refused func(platform string)) Middleware {
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req Request, res Responder) error {
			if !b.Banned(ctx, req.Platform, req.User) {
				return next.Handle(ctx, req, res)
			}
			if refused != nil {
				refused(req.Platform)
			}
			return nil
		})
	}
}

// Banned tells whether a user is banned, as the list stood ten seconds ago.
// While the store cannot be read, the last list that could be counts.
func (b *Bans) Banned(ctx context.Context, platform, user string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Sub(b.read) >= bansFresh {
		b.read = now // also if it fails: once is enough
		list, err := b.load(ctx)
		if err != nil {
			b.log.WarnContext(ctx, "bans cannot be read", "err", err)
		} else {
			b.list = list
		}
	}
	ban, ok := b.list[banKey{platform, user}]
	return ok && !ban.over(now)
}

// Add bans a user; a ban that stands is replaced.
func (b *Bans) Add(ctx context.Context, ban Ban) error {
	return b.change(ctx, func(list map[banKey]Ban) error {
		if _, known := list[ban.key()]; !known && len(list) >= maxBans {
			return &unroll.Error{Kind: unroll.KindTooLarge, Op: fmt.Sprintf("ban: %d users are banned already", maxBans)}
		}
		list[ban.key()] = ban
		return nil
	})
}

// Remove lifts a ban, and tells whether there was one.
func (b *Bans) Remove(ctx context.Context, platform, user string) (was bool, err error) {
	err = b.change(ctx, func(list map[banKey]Ban) error {
		_, was = list[banKey{platform, user}]
		delete(list, banKey{platform, user})
		return nil
	})
	return was, err
}

// List gives the bans that stand, in order of platform and user.
func (b *Bans) List(ctx context.Context) ([]Ban, error) {
	list, err := b.load(ctx)
	return slices.SortedFunc(maps.Values(list), func(x, y Ban) int {
		return cmp.Or(cmp.Compare(x.Platform, y.Platform), cmp.Compare(x.User, y.User))
	}), err
}

func (b *Bans) change(ctx context.Context, f func(map[banKey]Ban) error) error {
	unlock, err := b.store.Lock(ctx, bansKey, 10*time.Second)
	if err != nil {
		return err
	}
	defer unlock()
	list, err := b.load(ctx)
	if err != nil {
		return err
	}
	if err := f(list); err != nil {
		return err
	}
	data, err := json.Marshal(slices.Collect(maps.Values(list)))
	if err != nil {
		return err
	}
	if err := b.store.SetValue(ctx, bansKey, data, bansFor); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list, b.read = list, time.Now()
	return nil
}

// load reads the list, without the bans that are over.
func (b *Bans) load(ctx context.Context) (map[banKey]Ban, error) {
	data, ok, err := b.store.Value(ctx, bansKey)
	list := map[banKey]Ban{}
	if err != nil || !ok {
		return list, err
	}
	var bans []Ban
	if err := json.Unmarshal(data, &bans); err != nil {
		return list, fmt.Errorf("the list of bans is damaged: %w", err)
	}
	now := time.Now()
	for _, ban := range bans {
		if !ban.over(now) {
			list[ban.key()] = ban
		}
	}
	return list, nil
}
