package libvirttest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// contractTest is a test that CONTRACT.md names.
var contractTest = regexp.MustCompile("`(?:([a-z][\\w/-]*)\\.)?(Test\\w+)(?:/([^`]+))?`")

// Every line of the tables in CONTRACT.md names tests, and there are such tests.
func TestContract(t *testing.T) {
	text, err := os.ReadFile("CONTRACT.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		last := strings.TrimSpace(cells[len(cells)-1])
		if len(cells) < 2 || last == "held by" || strings.Trim(last, "- ") == "" {
			continue
		}
		named := contractTest.FindAllStringSubmatch(last, -1)
		if len(named) == 0 {
			t.Errorf("no test holds: %s", line)
		}
		for _, n := range named {
			if !testExists(t, n[1], n[2]) || n[3] != "" && !partExists(n[2], n[3]) {
				t.Errorf("there is no %s, said to hold: %s", n[0], line)
			}
		}
	}
}

// testExists looks for a test in the package of a folder; empty: in this one.
func testExists(t *testing.T, folder, name string) bool {
	t.Helper()
	dir := "."
	if folder != "" {
		dir = filepath.Join("../..", folder)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "\nfunc "+name+"(t *testing.T")
	})
}

// partExists looks for a part of a test.
func partExists(test, part string) bool {
	switch test {
	case "TestHotplug":
		return slices.ContainsFunc(hotplugs, func(h hotplug) bool { return h.name == part })
	case "TestEventAndReply":
		return slices.ContainsFunc(graces, func(g grace) bool { return g.name == part })
	}
	for _, pattern := range []string{
		"../qomd-system-x86_64/testdata/scripts/" + part + ".txtar",
		"../qomd-system-x86_64/testdata/recorded/" + strings.TrimPrefix(part, "all/") + ".jsonl",
		"../../qmp/transcript/testdata/*/" + strings.TrimPrefix(part, "all/") + ".jsonl",
		"../../examples/scenarios/" + part + ".yaml",
	} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
