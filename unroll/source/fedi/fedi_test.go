package fedi_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"

	"unrollbot/unroll/source/sourcetest"
)

func TestDecode(t *testing.T) {
	type post struct {
		Text fedi.String `json:"text"`
		At   fedi.Time   `json:"at"`
		N    int         `json:"n"`
		Last fedi.String `json:"last"`
	}
	noon := fedi.Time{Time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	for raw, want := range map[string]post{
		`{"text":"a","at":"2026-11-24T13:00:00+01:00","n":1,"last":"z"}`: {"a", noon, 1, "z"},
		`{"text":null,"at":null,"n":null,"last":"z"}`:                    {Last: "z"},
		`{"text":7,"at":[],"n":"x","last":"z"}`:                          {Last: "z"},
		`{"text":{},"at":"soon","last":"z"}`:                             {Last: "z"},
	} {
		var got post
		if err := fedi.Decode([]byte(raw), &got); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v, want -, got +\n%s", raw, err, cmp.Diff(want, got))
		}
	}
	if err := fedi.Decode([]byte(`{"text":`), &post{}); err == nil {
		t.Error("half a document was taken")
	}
}

func TestText(t *testing.T) {
	mention := func(start, end int, of string) unroll.Facet {
		return unroll.Facet{Start: start, End: end, Kind: unroll.FacetMention, URL: of}
	}
	people := map[string]bool{"ann": true, "bob": true}
	for name, tt := range map[string]struct{ in, want fedi.Text }{
		"of the conversation's people": {
			fedi.Text{Plain: "@ann @bob  hello @ann", Facets: []unroll.Facet{mention(0, 4, "ann"), mention(5, 9, "bob"), mention(17, 21, "ann")}},
			fedi.Text{Plain: "hello @ann", Facets: []unroll.Facet{mention(6, 10, "ann")}},
		},
		"of somebody else": {
			fedi.Text{Plain: "@cyd @ann hello", Facets: []unroll.Facet{mention(0, 4, "cyd"), mention(5, 9, "ann")}},
			fedi.Text{Plain: "@cyd @ann hello", Facets: []unroll.Facet{mention(0, 4, "cyd"), mention(5, 9, "ann")}},
		},
		"nothing else": {
			fedi.Text{Plain: " @ann ", Facets: []unroll.Facet{mention(1, 5, "ann")}},
			fedi.Text{Plain: "@ann", Facets: []unroll.Facet{mention(0, 4, "ann")}},
		},
		"white space": {fedi.Text{Plain: "\n  "}, fedi.Text{}},
	} {
		got := tt.in
		got.DropMentions(people)
		got.Trim()
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: want -, got +\n%s", name, diff)
		}
	}
}

func TestAsksForRest(t *testing.T) {
	sourcetest.Gives(t, fedi.AsksForRest, map[string]bool{
		"I paint. #NoBot": true, "#nounroll,please": true, "#nobots": false, "nobot": false, "#no_bot": false, "a#nobot": false, "": false,
	})
}

func TestPixels(t *testing.T) {
	sourcetest.Gives(t, fedi.Pixels, map[float64]int{0: 0, -1: 0, 0.5: 0, 1: 1, 640.9: 640, 1 << 16: 1 << 16, 1 << 20: 0})
}
