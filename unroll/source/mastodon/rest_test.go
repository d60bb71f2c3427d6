package mastodon_test

import (
	"encoding/json"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
)

// TestPeopleAtRest: words of those who ask bots to leave them alone are not
// shown in the threads of others.
func TestPeopleAtRest(t *testing.T) {
	f := newFake()
	asks := func(p object) object {
		p["account"].(object)["note"] = "<p>Quiet, please. #nobot</p>"
		return p
	}
	asks(f.post("100", "bob", "", "<p>Bob's words.</p>"))
	f.chain("ann", "100", 101, 2)
	f.posts["102"]["quote"] = object{"state": "accepted", "quoted_status": asks(f.post("90", "cyd", "", "<p>Cyd's words.</p>"))}
	conv, err := f.serve(t, mastodon.Config{}).Fetch(t.Context(), f.ref("102"))
	if err != nil {
		t.Fatal(err)
	}
	th, err := unroll.Assemble(conv)
	if err != nil {
		t.Fatal(err)
	}
	for what, q := range map[string]*unroll.Quote{"answered": th.ReplyTo, "quoted": th.Posts[1].Quote} {
		if q == nil || q.Gap == nil || q.Gap.Reason != unroll.GapWithdrawn {
			t.Errorf("%s: %+v, want a post that is withdrawn", what, q)
		}
	}
	if all, err := json.Marshal(conv); err != nil || strings.Contains(string(all), "'s words") {
		t.Errorf("%v: %s", err, all)
	}
}
