package render_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// constants are the values of the core's string constants, by their type, as
// its files declare them.
func constants(t *testing.T, files ...string) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), "../"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				typ, typed := spec.Type.(*ast.Ident)
				value, literal := spec.Values[0].(*ast.BasicLit)
				if typed && literal && value.Kind == token.STRING {
					s, err := strconv.Unquote(value.Value)
					if err != nil {
						t.Fatal(err)
					}
					out[typ.Name] = append(out[typ.Name], s)
				}
			}
			return true
		})
	}
	return out
}

// TestSchemaNamesEveryValue keeps the schema and the words in step with the
// core.
func TestSchemaNamesEveryValue(t *testing.T) {
	all := constants(t, "thread.go", "verdict.go")
	for _, typ := range []string{"Rule", "State", "GapReason", "FacetKind", "MediaKind"} {
		if len(all[typ]) < 3 {
			t.Fatalf("%s has the values %q", typ, all[typ])
		}
		for _, value := range all[typ] {
			if !regexp.MustCompile(`[" ]` + value + `[",;]`).MatchString(render.Schema()) {
				t.Errorf("the schema lacks the %s %q", typ, value)
			}
		}
	}
	for _, rule := range all["Rule"] {
		e := unroll.Evidence{Rule: unroll.Rule(rule), State: unroll.Partial, Have: 2, Want: 3}
		if strings.HasSuffix(render.English{}.Because(e.State, e), "Partial.") {
			t.Errorf("no words say what %q means", rule)
		}
		if got := render.Strongest(unroll.Verdict{State: unroll.Partial, Evidence: []unroll.Evidence{e}}); got.Rule != e.Rule {
			t.Errorf("%q explains no verdict", rule)
		}
	}
}
