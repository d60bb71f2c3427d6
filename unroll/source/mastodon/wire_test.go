package mastodon

import (
	"testing"

	"unrollbot/unroll/source/fedi"
)

// One odd value costs no post, and nothing beside it.
func TestDecodeForgives(t *testing.T) {
	const odd = `{"id":12,"sensitive":"x","replies_count":"many","poll":5,"mentions":{},"created_at":1,"url":null,"edited_at":"soon",
		"account":{"id":"7","acct":["ann"],"url":"https://a.example/@ann"},"card":[],"content":"<p>x</p>","visibility":"public"}`
	check := func(t *testing.T, st *status) {
		t.Helper()
		if st.ID != "12" || st.Content != "<p>x</p>" || st.Account.URL == "" || st.Visibility != "public" || st.Replies != nil && *st.Replies != 0 {
			t.Errorf("got %+v", st)
		}
		if p := st.post("a.example", nil); p.Text != "x" || p.Poll != nil || p.Card != nil || !p.At.IsZero() {
			t.Errorf("got %+v", p)
		}
	}
	var st status
	if err := fedi.Decode([]byte(odd), &st); err != nil {
		t.Fatal(err)
	}
	check(t, &st)
	n := statuses([]byte("["+odd+",[],"+odd+"]"), func(st *status) {
		if st.ID != "" {
			check(t, st)
		}
	})
	if n != 3 {
		t.Errorf("counted %d", n)
	}
	if fedi.Decode([]byte(`{"id":`), &st) == nil {
		t.Error("took half a document")
	}
	if statuses([]byte(`{"id":1}`), nil) != 0 || statuses(nil, nil) != 0 {
		t.Error("counted what is no list")
	}
}

func TestID(t *testing.T) {
	for raw, want := range map[string]id{
		`"109"`: "109", `109`: "109", `"01HG2WPPYSTFKQTWN8NRBVTSAZ"`: "01HG2WPPYSTFKQTWN8NRBVTSAZ", `null`: "", `""`: "",
		`"../x"`: "", `"a/b"`: "", `".."`: "", `"a b"`: "", `{}`: "", `true`: "true",
	} {
		var got id
		if err := fedi.Decode([]byte(raw), &got); err != nil || got != want {
			t.Errorf("%s: got %q, %v", raw, got, err)
		}
	}
}
