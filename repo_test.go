// The rules of the repository as a whole: who may import whom, that every
// package says what it is for, and what Go files must not contain.
package qomd_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/qomd/qomd/"

// layers lists the packages from the top down, see ARCHITECTURE.md. A package
// may import packages of the layers below its own, and of its own layer. The
// longest prefix that fits counts; "devices" alone means just that package.
var layers = [][]string{
	{"cmd", "examples"},
	{"qmp/qmptest", "qmp/scenario", "qmp/capture"},
	{"qmp/daemon"},
	{"qmp/commands", "qmp/gdb", "qmp/hmp", "qmp/qtest"},
	{"config"},
	{"devices/machine"},
	{"devices"},  // the list of all models
	{"devices/"}, // the models: whatever is not in a layer below
	{"devices/qdev"},
	{"devices/input", "devices/memory", "devices/regs", "devices/trace", "devices/lifetime", "devices/vmstate", "devices/thread", "devices/guard"},
	{"devices/catalog"},
	{"qom"},
	{"glib"},
}

// protocol are the packages that know nothing of what is behind the socket.
var protocol = []string{"qmp", "qmp/schema", "qmp/qjson", "qmp/client", "qmp/transcript"}

// shared are the protocol's value packages, which devices and config may use.
var shared = []string{"qmp/qjson", "qmp/schema"}

// values are the packages below all others, which the protocol may use too.
var values = []string{"glib"}

type goPackage struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string
}

// packages lists the module's packages.
func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		switch err := dec.Decode(&p); err {
		case nil:
			list = append(list, p)
			continue
		case io.EOF:
			return list
		default:
			t.Fatal(err)
		}
	}
}

// layer returns the number of a package's layer, counted from the top; -1 when
// it is in none.
func layer(pkg string) int {
	best, length := -1, -1
	for i, l := range layers {
		for _, prefix := range l {
			fits := pkg == prefix || prefix != "devices" && strings.HasPrefix(pkg, strings.TrimSuffix(prefix, "/")+"/")
			if fits && len(prefix) > length {
				best, length = i, len(prefix)
			}
		}
	}
	return best
}

func isProtocol(pkg string) bool {
	return slices.Contains(protocol, pkg)
}

func TestImportDirection(t *testing.T) {
	for _, p := range packages(t) {
		from, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok {
			continue // the root, which has only this test
		}
		if layer(from) < 0 && !isProtocol(from) {
			t.Errorf("%s is in no layer: add it to the list in repo_test.go and to ARCHITECTURE.md", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			switch {
			case !ours:
				if from == "qom" && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
					t.Errorf("qom imports %s: only the standard library and glib are allowed", imp)
				}
			case isProtocol(from):
				if !isProtocol(to) && !slices.Contains(values, to) {
					t.Errorf("%s imports %s: the protocol knows nothing of what is behind the socket", from, to)
				}
			case isProtocol(to):
				if layer(from) > layer("qmp/commands") && !slices.Contains(shared, to) {
					t.Errorf("%s imports %s: only qmp/qjson and qmp/schema may be used below the monitors", from, to)
				}
			case layer(to) < layer(from):
				t.Errorf("%s imports %s, which is above it", from, to)
			}
		}
	}
}

func TestPackageDocs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		if strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package documentation", p.ImportPath)
		}
	}
}

// TestNoInit keeps the program free of code that runs by being imported.
func TestNoInit(t *testing.T) {
	fset := token.NewFileSet()
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
					t.Errorf("%s: func init", fset.Position(fn.Pos()))
				}
			}
		}
	}
}

// TestLargestFiles prints the ten largest files for a reader to think about,
// and refuses those that have certainly become two.
func TestLargestFiles(t *testing.T) {
	const limit = 1000
	type file struct {
		name  string
		lines int
	}
	var files []file
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			n := strings.Count(string(text), "\n")
			files = append(files, file{strings.TrimPrefix(p.ImportPath, module) + "/" + name, n})
			if n > limit {
				t.Errorf("%s/%s has %d lines: what is the second idea in it?", p.ImportPath, name, n)
			}
		}
	}
	slices.SortFunc(files, func(a, b file) int { return b.lines - a.lines })
	var list strings.Builder
	for _, f := range files[:min(10, len(files))] {
		fmt.Fprintf(&list, "\n%6d %s", f.lines, f.name)
	}
	t.Log(list.String())
}
