package web

import (
	"context"
	"encoding/base32"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"unrollbot/unroll"
)

// wish is what an author is told who does not want to be unrolled.
type wish struct {
	Author unroll.Author
	Code   string // to be posted by the author; empty before we know who asks
	Miss   bool   // it was looked for in vain
	Done   bool
}

// codePrefix says what a code is for: nobody shall post one unawares because
// somebody else asked them to.
const codePrefix = "do-not-unroll-"

// codeSize is what a code has of its signature, in bytes: 16 letters and
// digits.
const codeSize = 10

// errElsewhere marks threads whose author has their account on a server
// other than the one we read: it could claim to be anybody.
var errElsewhere = errors.New("the author's account is on another server")

// authors says how to opt out, and gives the code to whom a link belongs.
func (s *Server) authors(w http.ResponseWriter, r *http.Request) {
	link := typed(r)
	if link == "" {
		s.showAuthors(w, r, http.StatusOK, "", wish{})
		return
	}
	s.answerAuthor(w, r, link, s.unroll.Unroll, func(t *unroll.Thread, code string) error {
		s.showAuthors(w, r, http.StatusOK, link, wish{Author: t.Author, Code: code})
		return nil
	})
}

// optOut looks for the code in the thread that a link belongs to, and does
// what its author asks for.
func (s *Server) optOut(w http.ResponseWriter, r *http.Request) {
	if err := (&http.CrossOriginProtection{}).Check(r); err != nil {
		s.fail(w, r, &unroll.Error{Kind: unroll.KindInvalidRef, Op: "web: opt-out", Err: err}, foreignForm)
		return
	}
	if err := s.allow(r, "authors", s.cfg.RefreshLimit); err != nil {
		s.fail(w, r, err)
		return
	}
	link := clip(r.PostFormValue("url"))
	s.answerAuthor(w, r, link, s.unroll.Refresh, func(t *unroll.Thread, code string) error {
		if !holds(t, code) {
			s.showAuthors(w, r, http.StatusUnprocessableEntity, link, wish{Author: t.Author, Code: code, Miss: true})
			return nil
		}
		forgotten, err := s.unroll.OptOut(r.Context(), t.Ref.Network, t.Author.ID)
		if err != nil {
			return err
		}
		for _, ref := range append(forgotten, t.Ref) {
			s.pages.drop(ref.Path())
		}
		s.showAuthors(w, r, http.StatusOK, "", wish{Author: t.Author, Done: true})
		return nil
	})
}

// answerAuthor finds the thread of a link, and its author's code.
func (s *Server) answerAuthor(w http.ResponseWriter, r *http.Request, link string,
	how func(context.Context, unroll.Ref) (unroll.Thread, error), answer func(*unroll.Thread, string) error,
) {
	ref, err := refIn(link)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t, err := s.unrollFor(r, ref, how)
	if err == nil {
		err = atHome(&t)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sum, err := s.signer.sign(r.Context(), "author", string(t.Ref.Network)+" "+t.Author.ID, codeSize)
	if err == nil {
		err = answer(&t, codePrefix+strings.ToLower(base32.StdEncoding.EncodeToString(sum)))
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// atHome fails where what we read does not prove who wrote it. X and Bluesky
// vouch for all their posts, a server of Mastodon's kind for its own only.
func atHome(t *unroll.Thread) error {
	home := t.Author.ID != ""
	if t.Ref.Network == unroll.Mastodon {
		u, err := url.Parse(t.Author.ID)
		home = err == nil && u.Host == t.Ref.Host
	}
	if !home {
		return &unroll.Error{Kind: unroll.KindInvalidRef, Op: "web: opt-out", Err: errElsewhere}
	}
	return nil
}

// holds tells whether the author has posted the code: in a post of theirs,
// not in what it quotes or answers.
func holds(t *unroll.Thread, code string) bool {
	for p := range t.All {
		if strings.Contains(strings.ToLower(p.Text), code) {
			return true
		}
	}
	return false
}

func (s *Server) showAuthors(w http.ResponseWriter, r *http.Request, status int, link string, do wish) {
	s.showAs(w, r, status, "authors", site{Title: "For authors", Link: link, Wish: &do})
}
