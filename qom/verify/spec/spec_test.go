package spec

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// check has spin explore the model with a macro defined, and returns the
// number of errors and of states.
func check(t *testing.T, macro string) (errors, states string) {
	t.Helper()
	model, err := filepath.Abs("storage.pml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	args := []string{"-a", model}
	if macro != "" {
		args = append([]string{"-D" + macro}, args...)
	}
	run("spin", args...)
	run("gcc", "-w", "-O1", "-DSAFETY", "-o", "pan", "pan.c")
	out := run("./pan")
	m := regexp.MustCompile(`errors: (\d+)\n`).FindStringSubmatch(out)
	n := regexp.MustCompile(`(\d+) states, stored`).FindStringSubmatch(out)
	if m == nil || n == nil || strings.Contains(out, "max search depth too small") {
		t.Fatalf("spin did not finish:\n%s", out)
	}
	return m[1], n[1]
}

// Spin finds no error in the protocol, and one in each mutant of it.
func TestSpin(t *testing.T) {
	for _, tool := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	for _, tc := range []struct{ macro, want string }{
		{"", "0"},
		{"CLASSIC", "1"}, {"FREE_AT_ZERO", "1"}, {"STORAGE_FIRST", "1"}, {"NO_CHILD_REF", "1"},
		{"WRONG_COUNTER", "1"}, {"FINALIZE_AT_ZERO", "1"}, {"CHILDREN_ONLY", "1"},
	} {
		t.Run("protocol"+tc.macro, func(t *testing.T) {
			t.Parallel()
			errors, states := check(t, tc.macro)
			t.Logf("%s states, %s errors", states, errors)
			if errors != tc.want {
				t.Errorf("%s errors, want %s", errors, tc.want)
			}
		})
	}
}
