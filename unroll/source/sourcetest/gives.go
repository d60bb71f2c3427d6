package sourcetest

import "testing"

// Gives checks what a function makes of its argument.
func Gives[In, Out comparable](t testing.TB, f func(In) Out, want map[In]Out) {
	t.Helper()
	for in, want := range want {
		if got := f(in); got != want {
			t.Errorf("%#v gives %#v, want %#v", in, got, want)
		}
	}
}
