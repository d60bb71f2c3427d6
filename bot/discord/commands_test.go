package discord

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot/bottest"
)

func TestCommandsAreRegistered(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	var got []commandSpec
	r.Await("the commands", func(s *bottest.DiscordState) bool {
		return s.Commands != nil && json.Unmarshal(s.Commands, &got) == nil
	})
	names := make(map[string]int)
	for _, c := range got {
		names[c.Name] = c.Type
	}
	want := map[string]int{"unroll": 1, "help": 1, "unroll-settings": 1, "watch": 1, "unwatch": 1, "Unroll thread": 3}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for _, c := range got {
		if c.Name == "unroll" && (c.Descriptions["de"] != "Einen Faden entrollen" || len(c.Contexts) != 3 || len(c.Integrations) != 2) {
			t.Errorf("%+v", c)
		}
		if c.Name == "unroll-settings" && (c.Permissions != 32 || len(c.Contexts) != 1) {
			t.Errorf("%+v", c)
		}
	}
}

// A start finds its commands there and leaves them; it writes them again when
// somebody, or an older version, left others.
func TestCommandsAreWrittenWhenTheyDiffer(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.Await("the commands", func(s *bottest.DiscordState) bool { return s.Commands != nil })
	path := "/applications/" + bottest.DiscordApp + "/commands"
	writes := func() (n int) {
		r.Look(func(s *bottest.DiscordState) { n = s.Count("PUT " + path) })
		return n
	}
	again := func() {
		t.Helper()
		if err := r.adapter.registerOnce(t.Context(), path, r.adapter.commands()); err != nil {
			t.Fatal(err)
		}
	}
	if again(); writes() != 1 {
		t.Errorf("written %d times though nothing changed", writes())
	}
	r.Look(func(s *bottest.DiscordState) {
		s.Commands = json.RawMessage(`[{"type":1,"name":"unroll","description":"Old"}]`)
	})
	if again(); writes() != 2 {
		t.Errorf("written %d times though they differ", writes())
	}
	if again(); writes() != 2 {
		t.Errorf("written %d times though nothing changed", writes())
	}
}

func TestPermissionsComeInBothForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]permissions{`"32"`: 32, `32`: 32, `null`: 0} {
		var p permissions
		if err := json.Unmarshal([]byte(text), &p); err != nil || p != want {
			t.Errorf("%s: %d, %v", text, p, err)
		}
	}
}
