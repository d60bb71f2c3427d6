package unroll

import "testing"

// On a server of another kind the first source's word is not the post's.
func TestWorse(t *testing.T) {
	t.Parallel()
	say := func(k Kind, sure bool) error { return &Error{Kind: k, Sure: sure} }
	tests := []struct {
		name string
		a, b error
		want Kind
	}{
		{"the first of equals", say(KindUpstream, false), say(KindNotFound, false), KindUpstream},
		{"the post outweighs the service", say(KindUpstream, false), say(KindPrivate, false), KindPrivate},
		{"who is sure outweighs not found", say(KindNotFound, false), say(KindRateLimited, true), KindRateLimited},
		{"who is sure outweighs a login", say(KindLoginRequired, false), say(KindUpstream, true), KindUpstream},
		{"who is not sure does not", say(KindRateLimited, false), say(KindNotFound, false), KindRateLimited},
		{"a wish outweighs all", say(KindOptedOut, false), say(KindUpstream, true), KindOptedOut},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := KindOf(worse(tc.a, tc.b)); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
