package discord

import (
	"context"
	"errors"
	"strings"
	"testing"

	"unrollbot/unroll"
)

func TestCustomID(t *testing.T) {
	t.Parallel()
	long := unroll.Ref{Network: unroll.Bluesky, Author: "did:web:" + strings.Repeat("a", 200) + ".example", ID: "3kabc"}
	for name, tc := range map[string]struct {
		press press
		want  string
	}{
		"x":        {press{verbPage, "3", unroll.Ref{Network: unroll.X, ID: "20"}}, "p|3|/x/20"},
		"bluesky":  {press{verbAgain, "1", unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:z72i7hdynmk6r22z27h6tvur", ID: "3l6oveex3ii2l"}}, "r|1|/bluesky/did:plc:z72i7hdynmk6r22z27h6tvur/3l6oveex3ii2l"},
		"mastodon": {press{verbFile, "", unroll.Ref{Network: unroll.Mastodon, Host: "m.example", ID: "112"}}, "f||/mastodon/m.example/112"},
		"delete":   {press{verb: verbDelete}, "d||"},
		"long":     {press{verbJump, "", long}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := refs{values: &memory{}}
			id, err := s.id(t.Context(), tc.press)
			if err != nil || (tc.want != "" && id != tc.want) || len(id) > maxCustomID {
				t.Fatalf("%q, %v", id, err)
			}
			back, err := s.parse(t.Context(), id)
			if err != nil || back != tc.press {
				t.Errorf("%+v, %v", back, err)
			}
		})
	}
}

func TestCustomIDForgotten(t *testing.T) {
	t.Parallel()
	long := press{verbPage, "2", unroll.Ref{Network: unroll.Bluesky, Author: "did:web:" + strings.Repeat("a", 200) + ".example", ID: "3kabc"}}
	values := &memory{}
	id, err := refs{values: values}.id(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (refs{values: &memory{}}).parse(t.Context(), id); !errors.Is(err, errExpired) {
		t.Errorf("another store: %v", err)
	}
	if _, err := (refs{}).parse(t.Context(), id); !errors.Is(err, errExpired) {
		t.Errorf("no store: %v", err)
	}
	if _, err := (refs{}).id(t.Context(), long); err == nil {
		t.Error("a long ref without a store has an id")
	}
	values.err = errors.New("down")
	if _, err := (refs{values: values}).id(t.Context(), long); !errors.Is(err, values.err) {
		t.Errorf("store down: %v", err)
	}
}

func FuzzCustomID(f *testing.F) {
	f.Add("p|3|/x/20")
	f.Add("j||#abc")
	f.Add("d||")
	f.Add("n|1|/bluesky/did:plc:x/3k")
	f.Fuzz(func(t *testing.T, id string) {
		s := refs{values: &memory{values: map[string][]byte{refKey("abc"): []byte("/x/20")}}}
		p, err := s.parse(context.Background(), id)
		if err != nil {
			return
		}
		if n := p.page(); n < 1 || n > 1_000_000 {
			t.Errorf("page %d", n)
		}
		again, err := s.id(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := s.parse(context.Background(), again); err != nil || q != p {
			t.Errorf("%q gives %+v, %q gives %+v (%v)", id, p, again, q, err)
		}
	})
}
