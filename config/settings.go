package config

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
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

// Redactor replaces every secret that is set, for texts that others wrote.
func Redactor(c Config) *strings.Replacer {
	var pairs []string
	hide := func(s Secret) {
		if s != "" {
			pairs = append(pairs, s.Reveal(), "(secret)")
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
