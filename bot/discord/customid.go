package discord

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

// verb is what a button or menu does.
type verb string

const (
	verbPage   verb = "p" // turn to a page
	verbJump   verb = "j" // turn to the page chosen in the menu
	verbBranch verb = "b" // show the thread along the side branch chosen
	verbAgain  verb = "r" // read anew at the source
	verbFile   verb = "f" // the whole as a file
	verbThread verb = "t" // the whole in a Discord thread
	verbShare  verb = "s" // an answer that only the asker sees, for all
	verbDelete verb = "d" // delete the answer
	verbHere   verb = "n" // shows where one is, and does nothing

	verbForm  verb = "o" // the file in the form chosen
	verbMedia verb = "m" // all pictures and videos

	verbWatch   verb = "w" // tell of new posts
	verbUnwatch verb = "u" // and no longer
)

// press is what a custom id says: "verb|argument|path of the ref". It needs
// nothing kept in memory, so buttons work after a restart and for years.
type press struct {
	verb verb
	arg  string // a page number
	ref  unroll.Ref
}

// maxCustomID is in UTF-16 units; ours are ASCII (Discord, "Component
// Reference", November 2026).
const maxCustomID = 100

// rememberRef is how long a ref is kept whose path is too long for an id.
const rememberRef = 365 * 24 * time.Hour

// errExpired tells that a button's ref is no longer kept.
var errExpired = errors.New("discord: the ref behind the button is forgotten")

// refs writes and reads custom ids.
type refs struct {
	values unroll.Values // may be nil: then long paths get no buttons
}

// id writes a custom id.
func (s refs) id(ctx context.Context, p press) (string, error) {
	path := p.ref.Path()
	if p.ref.IsZero() {
		path = ""
	}
	id := string(p.verb) + "|" + p.arg + "|" + path
	if len(id) <= maxCustomID {
		return id, nil
	}
	if s.values == nil {
		return "", fmt.Errorf("discord: no store for a ref of %d bytes", len(path))
	}
	hash := shorten(path)
	if err := s.values.SetValue(ctx, refKey(hash), []byte(path), rememberRef); err != nil {
		return "", fmt.Errorf("discord: keep ref: %w", err)
	}
	return string(p.verb) + "|" + p.arg + "|#" + hash, nil
}

// parse reads a custom id. It may come from a message of any age, so nothing
// in it is taken on trust.
func (s refs) parse(ctx context.Context, id string) (press, error) {
	parts := strings.SplitN(id, "|", 3)
	if len(id) > maxCustomID || len(parts) != 3 {
		return press{}, fmt.Errorf("discord: custom id of %d bytes is none of ours", len(id))
	}
	p := press{verb: verb(parts[0]), arg: parts[1]}
	path := parts[2]
	if hash, long := strings.CutPrefix(path, "#"); long {
		if s.values == nil {
			return press{}, errExpired
		}
		value, ok, err := s.values.Value(ctx, refKey(hash))
		if err != nil {
			return press{}, fmt.Errorf("discord: kept ref: %w", err)
		}
		if !ok {
			return press{}, errExpired
		}
		path = string(value)
	}
	if path != "" {
		ref, err := unroll.ParsePath(path)
		if err != nil {
			return press{}, err
		}
		p.ref = ref
	}
	switch p.verb {
	case verbPage, verbJump, verbBranch, verbAgain, verbFile, verbThread, verbShare, verbForm, verbMedia, verbWatch, verbUnwatch:
		if p.ref.IsZero() {
			return press{}, fmt.Errorf("discord: custom id %q names no thread", p.verb)
		}
	case verbDelete, verbHere:
	default:
		return press{}, fmt.Errorf("discord: unknown button")
	}
	return p, nil
}

// page is the page number in an argument, 1 if there is none.
func (p press) page() int {
	n, err := strconv.Atoi(p.arg)
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

func refKey(hash string) string { return "discord:ref:" + hash }

func shorten(path string) string {
	sum := sha256.Sum256([]byte(path))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}
