package config

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Settings yields every variable with the value in effect, in the order of
// the struct. Secrets are shown as "(set)".
func Settings(c Config) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		v := reflect.ValueOf(c)
		for f := range v.Type().Fields() {
			if !yield(Prefix+f.Tag.Get("env"), show(v.FieldByIndex(f.Index).Interface())) {
				return
			}
		}
	}
}

// secrets yields the names of the variables that have a _FILE twin.
func secrets() iter.Seq[string] {
	return func(yield func(string) bool) {
		for f := range reflect.TypeFor[Config]().Fields() {
			switch f.Type {
			case reflect.TypeFor[Secret](), reflect.TypeFor[Pairs]():
				if !yield(Prefix + f.Tag.Get("env")) {
					return
				}
			}
		}
	}
}

func show(value any) string {
	switch v := value.(type) {
	case []string:
		return strings.Join(v, ",")
	case []netip.Prefix:
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(v), "[]"), " ", ",")
	case Pairs:
		hosts := slices.Sorted(maps.Keys(v))
		for i, h := range hosts {
			hosts[i] = h + "=(set)"
		}
		return strings.Join(hosts, ",")
	default:
		return fmt.Sprint(v)
	}
}

// shortest is the length from which a secret is looked for in texts, in bytes:
// a shorter one would be found in words.
const shortest = 6

// Redactor replaces every secret that is set, for texts that others wrote.
func Redactor(c Config) *strings.Replacer {
	var pairs []string
	hide := func(s Secret) {
		if len(s) >= shortest {
			pairs = append(pairs, s.Reveal(), "(secret)")
		}
	}
	if _, rest, ok := strings.Cut(c.RedisURL.Reveal(), "://"); ok {
		user, _, _ := strings.Cut(rest, "@")
		_, password, _ := strings.Cut(user, ":")
		hide(Secret(password))
		if plain, err := url.PathUnescape(password); err == nil {
			hide(Secret(plain))
		}
	}
	v := reflect.ValueOf(c)
	for f := range v.Type().Fields() {
		switch value := v.FieldByIndex(f.Index).Interface().(type) {
		case Secret:
			hide(value)
		case Pairs:
			for _, token := range value {
				hide(token)
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// Redacted is w without any secret that is set, as far as one stands within
// one call of Write. It is the last guard of what is logged: servers may
// repeat what they were sent.
func Redacted(w io.Writer, c Config) io.Writer { return redacted{w, Redactor(c)} }

type redacted struct {
	w    io.Writer
	hide *strings.Replacer
}

func (r redacted) Write(p []byte) (int, error) {
	if _, err := io.WriteString(r.w, r.hide.Replace(string(p))); err != nil { // one call, as it was
		return 0, err
	}
	return len(p), nil
}
