package render_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

func TestJSONGolden(t *testing.T) {
	golden(t, "thread.json", rendered(t, render.JSON, rendertest.Thread("https://media.example")))
}

func TestJSONComesBack(t *testing.T) {
	want := rendertest.Thread("https://media.example")
	var got unroll.Thread
	if err := json.Unmarshal([]byte(rendered(t, render.JSON, want)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSchemaNamesEveryField keeps the schema in step with the types.
func TestSchemaNamesEveryField(t *testing.T) {
	type object struct {
		Required   []string
		Properties map[string]struct {
			Ref   string `json:"$ref"`
			Items struct {
				Ref string `json:"$ref"`
			}
		}
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(render.Schema()), &schema); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	var check func(where string, typ reflect.Type, o object)
	check = func(where string, typ reflect.Type, o object) {
		names := make(map[string]bool)
		for field := range typ.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			names[name] = true
			property, ok := o.Properties[name]
			if !ok {
				t.Errorf("%s: the schema lacks %s", where, name)
				continue
			}
			if required := slices.Contains(o.Required, name); required == strings.HasPrefix(options, "omit") {
				t.Errorf("%s: required is %v for %s", where, required, name)
			}
			inner := field.Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() != reflect.Struct || inner == reflect.TypeFor[time.Time]() {
				continue
			}
			def := strings.TrimPrefix(property.Ref+property.Items.Ref, "#/$defs/")
			if _, ok := schema.Defs[def]; !ok {
				t.Errorf("%s: %s refers to %q", where, name, def)
			} else if !seen[def] {
				seen[def] = true
				check(def, inner, schema.Defs[def])
			}
		}
		for name := range o.Properties {
			if !names[name] {
				t.Errorf("%s: there is no field %s", where, name)
			}
		}
	}
	check("thread", reflect.TypeFor[unroll.Thread](), schema.object)
}
