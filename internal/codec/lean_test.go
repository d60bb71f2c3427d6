package codec

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

func FuzzLean(f *testing.F) {
	f.Add("100", "101", "https://x.com/a/status/100", "https://x.com/a/status/101", "100", "en", int64(0), int64(60e9))
	f.Add("did/a", "did/b", "https://b.app/a", "https://b.app/b", "", "", int64(5), int64(5))
	f.Add("007", "8", "", "8", "7", "", int64(-1), int64(1e9-1))
	f.Add("0", "", "0", "", "", "", int64(0), int64(0))
	f.Fuzz(func(t *testing.T, id1, id2, url1, url2, parent, lang string, at1, at2 int64) {
		want := []unroll.Post{
			{ID: id1, URL: url1, RootID: parent, At: time.Unix(0, at1).UTC()},
			{ID: id2, URL: url2, ParentID: parent, ParentAuthorID: lang, RootID: id1, Lang: lang, At: time.Unix(0, at2).UTC()},
			{ID: id1, URL: url1, ParentID: id2, Lang: lang},
		}
		author := unroll.Author{ID: lang}
		if diff := cmp.Diff(want, fullPosts(leanPosts(want, &author), &author)); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
	})
}
