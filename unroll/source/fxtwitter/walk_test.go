package fxtwitter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// tell makes an answer out of one line per post: "id<parent by author, n
// replies", "!id" for a tombstone. The first line is the status asked for.
func tell(lines ...string) http.HandlerFunc {
	var list []map[string]any
	for _, l := range lines {
		var id, parent, who string
		replies := 0
		if gone, ok := strings.CutPrefix(l, "!"); ok {
			list = append(list, map[string]any{"type": "tombstone", "id": gone, "reason": "deleted"})
			continue
		}
		if _, err := fmt.Sscan(strings.NewReplacer("<", " ", ",", " ").Replace(l), &id, &parent, &who, &replies); err != nil {
			panic(l)
		}
		s := map[string]any{
			"type": "status", "id": id, "replies": replies,
			"raw_text": map[string]any{"text": "post " + id},
			"author":   map[string]any{"id": handles[who], "screen_name": who},
		}
		if parent != "0" {
			handle := "nobody"
			if up, to, ok := strings.Cut(parent, "@"); ok {
				parent, handle = up, to
			}
			s["replying_to"] = map[string]any{"screen_name": handle, "status": parent}
		}
		list = append(list, s)
	}
	body, err := json.Marshal(map[string]any{"code": 200, "status": list[0], "thread": list[1:]})
	if err != nil {
		panic(err)
	}
	return answer(200, string(body))
}

var handles = map[string]string{"ada": "1", "bob": "2", "cyd": "3"}

func TestCalls(t *testing.T) {
	t.Parallel()
	type answers = map[string]http.HandlerFunc
	tests := []struct {
		name    string
		asked   string
		answers answers
		calls   string
		posts   string // IDs, a gap with "!"
		seen    string
		cuts    string
	}{
		{
			name: "nothing below the last post", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,0")},
			calls:   "10", posts: "10 11 12",
		},
		{
			name: "a lone post with replies by others", asked: "10",
			answers: answers{"10": tell("10<0,ada,93", "10<0,ada,93")},
			calls:   "10", posts: "10", seen: "10",
		},
		{
			name: "asked for the last post", asked: "12",
			answers: answers{"12": tell("12<11@ada,ada,9", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,9")},
			calls:   "12", posts: "10 11 12", seen: "12",
		},
		{
			name: "more below the last post", asked: "10",
			answers: answers{
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5"),
				"11": tell("11<10@ada,ada,5", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,3"),
				"12": tell("12<11@ada,ada,3", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,3"),
			},
			calls: "10 11 12", posts: "10 11 12", seen: "12",
		},
		{
			name: "numbering says more, whatever the counter", asked: "10",
			answers: answers{
				"10": func(w http.ResponseWriter, r *http.Request) {
					answer(200, `{"code":200,"status":{"type":"status","id":"10","replies":1,"author":{"id":"1","screen_name":"ada"},"raw_text":{"text":"(1/3)"}},`+
						`"thread":[{"type":"status","id":"10","replies":1,"author":{"id":"1","screen_name":"ada"},"raw_text":{"text":"(1/3)"}},`+
						`{"type":"status","id":"11","replies":0,"author":{"id":"1","screen_name":"ada"},"raw_text":{"text":"more: 2/3"},"replying_to":{"screen_name":"ada","status":"10"}}]}`)(w, r)
				},
				"11": tell("11<10@ada,ada,0", "10<0,ada,1", "11<10@ada,ada,0", "12<11@ada,ada,0"),
			},
			calls: "10 11", posts: "10 11 12",
		},
		{
			name: "a stranger's answer means the thread above", asked: "31",
			answers: answers{
				"31": tell("31<11@ada,bob,4", "10<0,ada,1", "11<10@ada,ada,5", "31<11@ada,bob,4"),
				"11": tell("11<10@ada,ada,5", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,0"),
			},
			calls: "31 11", posts: "10 11 31 12", seen: "31",
		},
		{
			name: "a stranger's answer to a stranger's answer", asked: "32",
			answers: answers{
				"32": tell("32<31@bob,cyd,0", "10<0,ada,2", "31<10@ada,bob,1", "32<31@bob,cyd,0"),
				"31": tell("31<10@ada,bob,1", "10<0,ada,2", "31<10@ada,bob,1"),
				"10": tell("10<0,ada,2", "10<0,ada,2", "11<10@ada,ada,0"),
			},
			calls: "32 31 10", posts: "10 31 32 11", seen: "31 32",
		},
		{
			name: "somebody's own thread below a stranger's post is theirs", asked: "20",
			answers: answers{"20": tell("20<10@bob,ada,1", "10<0,bob,7", "20<10@bob,ada,1", "21<20@ada,ada,0")},
			calls:   "20", posts: "10 20 21",
		},
		{
			name: "the beginning is missing, and found", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,1"),
			},
			calls: "12 10", posts: "11 12 10", seen: "12",
		},
		{
			name: "the beginning is gone", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
				"10": answer(404, `{"code":404,"status":{"type":"tombstone","reason":"deleted","id":"10"},"thread":null}`),
			},
			calls: "12 10", posts: "11 12 !10", seen: "12",
		},
		{
			name: "the beginning cannot be asked for now", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
				"10": answer(500, `{}`),
			},
			calls: "12 10", posts: "11 12", seen: "12",
		},
		{
			name: "a deleted post in the middle", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "!11", "12<11@ada,ada,0")},
			calls:   "10", posts: "10 !11 12", seen: "10",
		},
		{
			name: "two deleted posts, one without id", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "!11", "!", "13<12@ada,ada,0")},
			calls:   "10", posts: "10 !11 !12 13", seen: "10",
		},
		{
			name: "a deleted post at the top, under another id", asked: "12",
			answers: answers{"12": tell("12<11@ada,ada,0", "!9", "11<10@ada,ada,1", "12<11@ada,ada,0")},
			calls:   "12", posts: "!10 11 12", seen: "12",
		},
		{
			name: "what lies above a deleted post shows from the root only", asked: "15",
			answers: answers{
				"15": tell("15<14@ada,ada,0", "10<0,ada,1", "!13", "14<13@ada,ada,1", "15<14@ada,ada,0"),
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,1", "12<11@ada,ada,4", "!13"),
			},
			calls: "15 10", posts: "10 !13 14 15 11 12",
		},
		{
			name: "nothing lies between the root and a deleted post", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "10<0,ada,7", "!11", "12<11@ada,ada,0"),
				"10": tell("10<0,ada,7", "10<0,ada,7", "!11"),
			},
			calls: "12 10", posts: "10 !11 12", seen: "10 12",
		},
		{
			name: "a gap that is none", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "10<0,ada,7", "!11", "12<11@ada,ada,0"),
				"10": tell("10<0,ada,7", "10<0,ada,7", "9<10@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
			},
			calls: "12 10", posts: "10 11 12 9", seen: "12",
		},
		{
			name: "a deleted last post", asked: "10",
			answers: answers{"10": tell("10<0,ada,7", "10<0,ada,7", "11<10@ada,ada,7", "!12")},
			calls:   "10", posts: "10 11 !12",
		},
		{
			name: "a deleted post beside the chain", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "!11", "12<10@ada,ada,0")},
			calls:   "10", posts: "10 !11 12",
		},
		{
			name: "a repost leads to the original", asked: "50",
			answers: answers{"50": tell("10<0,ada,5", "10<0,ada,5", "11<10@ada,ada,0")},
			calls:   "50", posts: "10 11",
		},
		{
			name: "a repost of a last post", asked: "50",
			answers: answers{"50": tell("10<0,ada,5", "10<0,ada,5")},
			calls:   "50", posts: "10", seen: "10",
		},
		{
			name: "no thread, no further calls", asked: "11",
			answers: answers{"11": answer(200, `{"code":200,"status":{"type":"status","id":"11","replies":3,"author":{"id":"1","screen_name":"ada"},`+
				`"replying_to":{"screen_name":"ada","status":"10"}},"thread":null}`)},
			calls: "11", posts: "11", cuts: "11 no-thread",
		},
		{
			name: "two people answering each other in a circle", asked: "10",
			answers: answers{
				"10": tell("10<20@bob,ada,0", "20<10@ada,bob,0", "10<20@bob,ada,0"),
				"20": tell("20<10@ada,bob,0", "20<10@ada,bob,0"),
			},
			calls: "10 20", posts: "20 10", seen: "10",
		},
		{
			name: "the asked post is gone and has no id", asked: "11",
			answers: answers{"11": tell("!", "10<0,ada,1", "!11", "12<11@ada,ada,0")},
			calls:   "11", posts: "10 !11 12",
		},
		{
			name: "the second call fails", asked: "10",
			answers: answers{
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5"),
				"11": answer(429, `{}`),
			},
			calls: "10 11", posts: "10 11", cuts: "11 failed",
		},
		{
			name: "the second call knows no thread", asked: "10",
			answers: answers{
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5"),
				"11": answer(200, `{"code":200,"status":{"type":"status","id":"11","author":{"id":"1","screen_name":"ada"}},"thread":null}`),
			},
			calls: "10 11", posts: "10 11", cuts: "11 no-thread",
		},
		{
			name: "a cycle", asked: "10",
			answers: answers{"10": tell("10<12@ada,ada,1", "10<12@ada,ada,1", "11<10@ada,ada,1", "12<11@ada,ada,1")},
			calls:   "10", posts: "10 11 12",
		},
		{
			name: "its own parent", asked: "10",
			answers: answers{"10": tell("10<10@ada,ada,1", "10<10@ada,ada,1")},
			calls:   "10", posts: "10", seen: "10",
		},
		{
			name: "the asked post is gone, the thread is not", asked: "11",
			answers: answers{"11": tell("!11", "10<0,ada,1", "!11", "12<11@ada,ada,0")},
			calls:   "11", posts: "10 !11 12",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answers: tc.answers}
			conv, err := start(t, f).Fetch(t.Context(), ref(tc.asked))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			posts, cuts := sourcetest.Outline(conv)
			var seen []string
			for _, p := range []string{"10", "11", "12", "31", "32"} {
				if conv.Seen[p] {
					seen = append(seen, p)
				}
			}
			got := [...]string{strings.Join(f.asked, " "), posts, strings.Join(seen, " "), cuts}
			if diff := cmp.Diff([...]string{tc.calls, tc.posts, tc.seen, tc.cuts}, got); diff != "" {
				t.Errorf("calls, posts, seen, cuts: %s", diff)
			}
		})
	}
}

func TestParentAuthors(t *testing.T) {
	t.Parallel()
	f := &fake{answers: map[string]http.HandlerFunc{
		"12": tell("12<11@Ada,ada,0", "!10", "11<10@ADA,ada,1", "12<11@Ada,ada,0"),
		"30": tell("30<29@zed,cyd,0", "30<29@zed,cyd,0"),
	}}
	s := start(t, f)
	conv, err := s.Fetch(t.Context(), ref("12"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range conv.Posts {
		if p.Gap == nil && p.ParentAuthorID != "1" {
			t.Errorf("post %s: parent's author %q", p.ID, p.ParentAuthorID)
		}
	}
	if conv, err = s.Fetch(t.Context(), ref("30")); err != nil {
		t.Fatal(err)
	}
	if got := conv.Posts[0]; got.ParentID != "29" || got.ParentAuthorID != "" {
		t.Errorf("a parent of whom only the handle is known: %+v", got)
	}
}

// TestGapHangsLast: a gap goes below what was found above it later.
func TestGapHangsLast(t *testing.T) {
	t.Parallel()
	f := &fake{answers: map[string]http.HandlerFunc{
		"15": tell("15<14@ada,ada,0", "10<0,ada,1", "!13", "14<13@ada,ada,1", "15<14@ada,ada,0"),
		"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,1", "12<11@ada,ada,4", "!13"),
	}}
	conv, err := start(t, f).Fetch(t.Context(), ref("15"))
	if err != nil {
		t.Fatal(err)
	}
	thread, err := unroll.Assemble(conv)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range thread.Posts {
		got = append(got, p.ID)
	}
	if diff := cmp.Diff("10 11 12 13 14 15", strings.Join(got, " ")); diff != "" || len(thread.Branches) > 0 {
		t.Errorf("%d branches, main chain: %s", len(thread.Branches), diff)
	}
}
