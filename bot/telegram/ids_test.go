package telegram

import "testing"

// Private chats may share a count, as they do on Telegram itself.
func TestMissing(t *testing.T) {
	type noted struct{ chat, id int64 }
	tests := []struct {
		name        string
		notes       []noted
		chat, after int64
		want, top   int64
	}{
		{"nothing is known", nil, 7, 5, 6, 0},
		{"a group's next", []noted{{-1_000_000_000_001, 5}}, -1_000_000_000_001, 5, 6, 5},
		{"a group counts for itself", []noted{{-1_000_000_000_001, 5}, {7, 6}}, -1_000_000_000_001, 5, 6, 5},
		{"others have come", []noted{{-1_000_000_000_001, 5}, {-1_000_000_000_001, 6}, {-1_000_000_000_001, 8}}, -1_000_000_000_001, 5, 7, 8},
		{"another private chat's came between", []noted{{7, 5}, {8, 6}}, 7, 5, 7, 6},
		{"one of them is missing", []noted{{7, 5}, {8, 7}}, 7, 5, 6, 7},
		{"a server that counts each chat", []noted{{7, 1}, {8, 1}, {8, 2}, {8, 3}}, 7, 1, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newIDs()
			for _, n := range tt.notes {
				k.note(n.chat, n.id)
			}
			if got := k.missing(tt.chat, tt.after); got != tt.want {
				t.Errorf("%d is missing after %d, want %d", got, tt.after, tt.want)
			}
			if got := k.top(tt.chat); tt.top != 0 && got != tt.top {
				t.Errorf("top is %d, want %d", got, tt.top)
			}
		})
	}
}

func TestIDsAreBounded(t *testing.T) {
	k := newIDs()
	for i := range int64(3 * maxTrails) {
		k.note(i+1, i+1)
	}
	if len(k.chats) > maxTrails || len(k.box.last) > maxBox || len(k.owner) > maxBox {
		t.Errorf("%d chats, %d ids of %d owners are remembered", len(k.chats), len(k.box.last), len(k.owner))
	}
}
