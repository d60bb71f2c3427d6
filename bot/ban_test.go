package bot

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll/boltstore"
)

func banStore(t *testing.T) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestBannedUsersAreNotAnswered(t *testing.T) {
	ctx, s := t.Context(), banStore(t)
	b := NewBans(s, slog.New(slog.DiscardHandler))
	var answered, refused int
	h := Chain(HandlerFunc(func(context.Context, Request, Responder) error { answered++; return nil }),
		Refuse(b, func(string) { refused++ }))
	ask := func(platform, user string) {
		t.Helper()
		if err := h.Handle(ctx, Request{Platform: platform, User: user}, nil); err != nil {
			t.Fatal(err)
		}
	}
	ask("telegram", "7")
	if err := b.Add(ctx, Ban{Platform: "telegram", User: "7", Reason: "floods"}); err != nil {
		t.Fatal(err)
	}
	ask("telegram", "7")
	ask("discord", "7") // somebody else
	if answered != 2 || refused != 1 {
		t.Errorf("%d answered, %d refused", answered, refused)
	}
	if was, err := b.Remove(ctx, "telegram", "7"); !was || err != nil {
		t.Errorf("remove: %v, %v", was, err)
	}
	if was, err := b.Remove(ctx, "telegram", "7"); was || err != nil {
		t.Errorf("remove again: %v, %v", was, err)
	}
	ask("telegram", "7")
	if answered != 3 {
		t.Error("still banned")
	}
}

func TestBansEndAndAreListed(t *testing.T) {
	ctx, b := t.Context(), NewBans(banStore(t), slog.New(slog.DiscardHandler))
	now := time.Now()
	for _, ban := range []Ban{
		{Platform: "telegram", User: "2", Until: now.Add(time.Hour)},
		{Platform: "discord", User: "9"},
		{Platform: "telegram", User: "1", Until: now.Add(-time.Second)},
		{Platform: "discord", User: "9", Reason: "anew"},
	} {
		if err := b.Add(ctx, ban); err != nil {
			t.Fatal(err)
		}
	}
	list, err := b.List(ctx)
	if err != nil || len(list) != 2 || list[0].Reason != "anew" || list[1].User != "2" {
		t.Errorf("list: %+v, %v", list, err)
	}
	if b.Banned(ctx, "telegram", "1") {
		t.Error("a ban that is over stands")
	}
}

// failing is a store that may fail.
type failing struct {
	BanStore
	err   error
	reads int
}

func (f *failing) Value(ctx context.Context, key string) ([]byte, bool, error) {
	f.reads++
	if f.err != nil {
		return nil, false, f.err
	}
	return f.BanStore.Value(ctx, key)
}

func TestBansOfAnotherProcess(t *testing.T) {
	s := banStore(t)
	if err := NewBans(s, slog.New(slog.DiscardHandler)).Add(t.Context(), Ban{Platform: "telegram", User: "7"}); err != nil {
		t.Fatal(err)
	}
	data, _, err := s.Value(t.Context(), bansKey)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, f := t.Context(), &failing{BanStore: fixed{data: nil}}
		b := NewBans(f, slog.New(slog.DiscardHandler))
		if b.Banned(ctx, "telegram", "7") {
			t.Error("banned by nobody")
		}
		f.BanStore = fixed{data: data}
		for range 100 {
			b.Banned(ctx, "telegram", "7")
		}
		if f.reads != 1 {
			t.Errorf("the list was read %d times", f.reads)
		}
		time.Sleep(bansFresh)
		if !b.Banned(ctx, "telegram", "7") {
			t.Error("another process' ban is not noticed")
		}
		f.err = errors.New("store is gone")
		time.Sleep(bansFresh)
		if !b.Banned(ctx, "telegram", "7") {
			t.Error("a store that is gone lifts bans")
		}
	})
}

// fixed is a store with one value.
type fixed struct {
	BanStore
	data []byte
}

func (f fixed) Value(context.Context, string) ([]byte, bool, error) {
	return f.data, f.data != nil, nil
}
