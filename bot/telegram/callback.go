package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

// maxData is the longest data of a button, in bytes (Bot API,
// "InlineKeyboardButton", November 2026).
const maxData = 64

// keepRef is how long a ref too long for a button is kept after it was last
// shown or pressed.
const keepRef = 180 * 24 * time.Hour

// verb is what a button does.
type verb byte

// The verbs. They stand in messages that people keep for years: add some,
// never change one.
const (
	verbPage     verb = 'p' // show page Number
	verbFresh    verb = 'f' // look again at the source, then show page Number
	verbMarkdown verb = 'x' // send a Markdown file
	verbText     verb = 't' // send a text file
	verbMedia    verb = 'a' // send the media as albums
	verbDelete   verb = 'd' // delete the message

	verbBranches verb = 'b' // list the side branches
	verbBranch   verb = 'v' // show the thread along a branch
	verbHTML     verb = 'h' // send an HTML file
	verbEPUB     verb = 'e' // send an e-book
	verbShow     verb = 'o' // show the thread in place of an offer
	verbPDF      verb = 'P' // send a PDF
	verbAll      verb = 'A' // send the whole thread in messages
	verbWatch    verb = 'w' // tell of news of the thread
	verbUnwatch  verb = 'W' // no longer do so

	// verbsMenu show or hide the menu, of a thread with any of the following:
	// the verb stands at the sum of what there is.
	verbsMenu = "mMnNkKlLgGjJrRuU"
)

// What a menu may be for besides the thread itself.
const (
	hasMedia = 1 << iota
	hasBranches
	mayGrow
	hasMore // pages, which may come as messages
)

func (v verb) known() bool { return strings.IndexByte("pfxtadbvheowWPA"+verbsMenu, byte(v)) >= 0 }

// menu tells whether the verb is a menu's, and of what.
func (v verb) menu() (has int, ok bool) {
	has = strings.IndexByte(verbsMenu, byte(v))
	return has, has >= 0
}

// menuOf is the verb of a thread's menu.
func menuOf(has int) verb { return verb(verbsMenu[has]) }

// press is what a button says: "p|2|x/20", or "p|2|#0123456789abcdef" for a
// ref that is kept elsewhere under that key.
type press struct {
	Verb   verb
	Number int
	Ref    unroll.Ref
	Key    string // instead of Ref
}

// maxNumber is beyond the pages of any thread that can be read.
const maxNumber = 99_999

// String is the press as a button's data. It may be too long for one.
func (p press) String() string {
	where := "#" + p.Key
	if p.Key == "" {
		where = strings.TrimPrefix(p.Ref.Path(), "/")
	}
	return string(p.Verb) + "|" + strconv.Itoa(p.Number) + "|" + where
}

// parsePress reads a button's data. It may come from anybody: a client can
// send data that no button of ours has.
func parsePress(data string) (press, error) {
	bad := fmt.Errorf("telegram: unknown button %q", data)
	parts := strings.SplitN(data, "|", 3)
	if len(data) > maxData || len(parts) != 3 || len(parts[0]) != 1 {
		return press{}, bad
	}
	p := press{Verb: verb(parts[0][0])}
	if !p.Verb.known() {
		return press{}, bad
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 1 || n > maxNumber || strconv.Itoa(n) != parts[1] {
		return press{}, bad
	}
	p.Number = n
	if key, ok := strings.CutPrefix(parts[2], "#"); ok {
		if raw, err := hex.DecodeString(key); err != nil || len(raw) != keyBytes || hex.EncodeToString(raw) != key {
			return press{}, bad
		}
		p.Key = key
		return p, nil
	}
	if p.Ref, err = unroll.ParsePath("/" + parts[2]); err != nil {
		return press{}, bad
	}
	return p, nil
}

// keyBytes is how much of a ref's hash makes its key.
const keyBytes = 12

func keyOf(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:keyBytes])
}

func valueKey(key string) string { return "telegram:ref:" + key }

// short makes p fit on a button. A ref that is too long goes into the store,
// where it is found after a restart too.
func (a *Adapter) short(ctx context.Context, p press) (press, error) {
	if p.Number = min(p.Number, maxNumber); len(p.String())+len("99999") <= maxData {
		return p, nil
	}
	path := p.Ref.Path()
	p.Key = keyOf(path)
	return p, a.values.SetValue(ctx, valueKey(p.Key), []byte(path), keepRef)
}

var errForgotten = errors.New("telegram: the store knows no ref for this button")

// find gives the ref that a press is about.
func (a *Adapter) find(ctx context.Context, p press) (unroll.Ref, error) {
	if p.Key == "" {
		return p.Ref, nil
	}
	path, ok, err := a.values.Value(ctx, valueKey(p.Key))
	if err != nil {
		return unroll.Ref{}, err
	}
	if !ok {
		return unroll.Ref{}, errForgotten
	}
	return unroll.ParsePath(string(path))
}
