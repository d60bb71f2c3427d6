package fakenet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"unrollbot/unroll"
)

// Parse reads a World from a script: a txtar archive in which each file is an
// author ("@ines") or a post ("07"), written like a mail, with header lines,
// an empty line and, for posts, the text in the markup of [World.Rich].
//
//	-- @ines --
//	Name: Ines Halloran
//
//	-- 07 --
//	From: ines
//	Reply-To: 06
//	Image: /media/lens.svg 800x450 | A lens cut in rings.
//
//	The text.
//
// A post without a date was written some minutes after the one before it.
//
// Headers of an author: Name, Handle, Bio, Avatar. Headers of a post: From,
// Reply-To, Date (RFC 3339), Lang, Warning, Gap, Quotes, Note, Image, Video
// (address, size, | description), Poll (answer = votes, / between answers),
// Poll-Ends, Card (address | title | description | image). Emoji are declared
// in the archive's comment, one ":name: address" a line.
func Parse(data []byte) (World, error) {
	ar := txtar.Parse(data)
	var w World
	for line := range strings.Lines(string(ar.Comment)) {
		if m := emojiLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			if w.Emoji == nil {
				w.Emoji = make(map[string]string)
			}
			w.Emoji[m[1]] = m[2]
		}
	}
	for _, f := range ar.Files {
		id, isAuthor := strings.CutPrefix(f.Name, "@")
		if !isAuthor {
			continue
		}
		head, _, err := readMail(f.Data)
		if err != nil {
			return World{}, fmt.Errorf("fakenet: script: %s: %w", f.Name, err)
		}
		w.Authors = append(w.Authors, Author{
			ID: id, Name: head.Get("Name"), Handle: head.Get("Handle"), Bio: head.Get("Bio"), Avatar: head.Get("Avatar"),
		})
	}
	for _, f := range ar.Files {
		if strings.HasPrefix(f.Name, "@") {
			continue
		}
		p, err := w.parsePost(f)
		if err != nil {
			return World{}, fmt.Errorf("fakenet: script: %s: %w", f.Name, err)
		}
		if n := len(w.Posts); p.At.IsZero() && n > 0 && !w.Posts[n-1].At.IsZero() {
			p.At = w.Posts[n-1].At.Add(pace)
		}
		w.Posts = append(w.Posts, p)
	}
	return w, nil
}

// pace is how fast the people of a script write.
const pace = 4 * time.Minute

var (
	emojiLine = regexp.MustCompile(`^:([a-z0-9_]+):\s+(\S+)$`)
	mediaLine = regexp.MustCompile(`^(\S+) (\d+)x(\d+)(?: \| (.*))?$`)
)

func readMail(data []byte) (textproto.MIMEHeader, string, error) {
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(strings.TrimRight(string(data), "\n") + "\n\n")))
	head, err := r.ReadMIMEHeader()
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(r.R)
	return head, strings.TrimSpace(string(body)), err
}

func (w World) parsePost(f txtar.File) (Post, error) {
	head, body, err := readMail(f.Data)
	if err != nil {
		return Post{}, err
	}
	p := Post{
		Post: unroll.Post{
			ID: f.Name, AuthorID: head.Get("From"), ParentID: head.Get("Reply-To"),
			Lang: head.Get("Lang"), Warning: head.Get("Warning"), Sensitive: head.Get("Warning") != "",
		},
		Quotes: head.Get("Quotes"), Note: head.Get("Note") != "",
	}
	if p.AuthorID == "" {
		return Post{}, errors.New("no From")
	}
	p.Text, p.Facets = w.Rich(body)
	if gap := head.Get("Gap"); gap != "" {
		p.Gap = &unroll.Gap{Reason: unroll.GapReason(gap)}
	}
	if p.At, err = when(head.Get("Date")); err != nil {
		return Post{}, err
	}
	for _, kind := range []unroll.MediaKind{unroll.MediaImage, unroll.MediaVideo} {
		for _, line := range head[textproto.CanonicalMIMEHeaderKey(string(kind))] {
			media, err := parseMedia(kind, line)
			if err != nil {
				return Post{}, err
			}
			p.Media = append(p.Media, media)
		}
	}
	if p.Poll, err = parsePoll(head); err != nil {
		return Post{}, err
	}
	if card := head.Get("Card"); card != "" {
		part := append(strings.Split(card, " | "), "", "", "")
		p.Card = &unroll.Card{URL: part[0], Title: part[1], Description: part[2], Image: part[3]}
	}
	return p, nil
}

func parseMedia(kind unroll.MediaKind, line string) (unroll.Media, error) {
	m := mediaLine.FindStringSubmatch(line)
	if m == nil {
		return unroll.Media{}, fmt.Errorf("no media: %q", line)
	}
	width, errW := strconv.Atoi(m[2])
	height, errH := strconv.Atoi(m[3])
	return unroll.Media{Kind: kind, URL: m[1], Alt: m[4], Width: width, Height: height}, errors.Join(errW, errH)
}

func parsePoll(head textproto.MIMEHeader) (*unroll.Poll, error) {
	line := head.Get("Poll")
	if line == "" {
		return nil, nil
	}
	ends, err := when(head.Get("Poll-Ends"))
	if err != nil {
		return nil, err
	}
	poll := &unroll.Poll{EndsAt: ends}
	for _, answer := range strings.Split(line, " / ") {
		label, votes, _ := strings.Cut(answer, " = ")
		n, err := strconv.Atoi(votes)
		if err != nil {
			return nil, fmt.Errorf("poll: %w", err)
		}
		poll.Options = append(poll.Options, unroll.PollOption{Label: label, Votes: n})
		poll.Votes += n
	}
	return poll, nil
}

func when(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}
