package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/qomd/qomd/cmd/qomd/command"
)

func run(args ...string) (status int, out, errOut string) {
	var o, e bytes.Buffer
	status = command.Main(args, &o, &e)
	return status, o.String(), e.String()
}

// A configuration is explored and told in a table.
func TestVerify(t *testing.T) {
	status, out, errOut := run("verify", "--config", "link-to-parent", "--workers", "1")
	out = regexp.MustCompile(` +`).ReplaceAllString(out, " ")
	want := `CONFIGURATION STATES TRANSITIONS DEPTH RESULT
link-to-parent 16 16 8 no violation; leaks as expected: [P (link /P/C.link0) C (child of P)]
total 16 16 8 no violation
`
	if status != 0 || out != want || !strings.Contains(errOut, "states/s") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	// A reader and the program's own reclaimer.
	if status, out, _ := run("verify", "--config", "reader"); status != 0 || !strings.Contains(out, "no violation") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, out, _ := run("verify", "--config", "array-unlocked", "--preemptions", "1"); status != 0 || !strings.Contains(out, "not exhaustive") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// The list names configurations and mutants.
func TestVerifyList(t *testing.T) {
	status, out, _ := run("verify", "--list")
	for _, name := range []string{"two-controllers", "berrange", "free-at-zero"} {
		if !strings.Contains(out, name) {
			t.Errorf("%s is not listed", name)
		}
	}
	if status != 0 {
		t.Errorf("status %d", status)
	}
}

// What --mutant prints is a script for --replay.
func TestVerifyMutant(t *testing.T) {
	status, script, _ := run("verify", "--mutant", "berrange")
	if status != 1 || !strings.Contains(script, "violation storage of P: storage freed before P was finalized") {
		t.Errorf("status %d\n%s", status, script)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, out, errOut := run("verify", "--replay", file); status != 1 || !strings.Contains(out, "7 steps, violation: storage of P") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	if status, out, _ := run("verify", "--mutant", "no-queue", "--config", "trace-1"); status != 0 || out != "no violation\n" {
		t.Errorf("status %d\n%s", status, out)
	}
}

// Names that do not exist are told.
func TestVerifyMistakes(t *testing.T) {
	for _, args := range [][]string{
		{"verify", "--config", "none"}, {"verify", "--mutant", "none"},
		{"verify", "--mutant", "classic", "--config", "none"}, {"verify", "--replay", "/none"},
	} {
		if status, _, errOut := run(args...); status != 1 || !strings.HasPrefix(errOut, "qomd: ") {
			t.Errorf("%q: status %d, %s", args, status, errOut)
		}
	}
}
