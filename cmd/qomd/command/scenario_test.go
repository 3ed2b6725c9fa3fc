package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenario runs a story that goes as told, and one that does not.
func TestScenario(t *testing.T) {
	dir := t.TempDir()
	const head = "name: a story\nmachine: {type: q35, nodefaults: true}\nsteps:\n"
	good, bad, record := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml"), filepath.Join(dir, "record")
	for file, steps := range map[string]string{
		good: "  - qmp: query-status\n    returns: {status: running}\n",
		bad:  "  - qmp: query-status\n    returns: {status: paused}\n",
	} {
		if err := os.WriteFile(file, []byte(head+steps), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, errOut bytes.Buffer
	if status := Main([]string{"scenario", "-v", "--seed", "5", "--record", record, good}, &out, &errOut); status != 0 {
		t.Errorf("status %d\n%s%s", status, &out, &errOut)
	}
	for _, want := range []string{"ok    " + good, "1: query-status (line 4)", "1 passed, 0 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	text, err := os.ReadFile(record)
	if err != nil || !strings.Contains(string(text), `-> {"execute": "query-status"}`) {
		t.Errorf("the record is %q, %v", text, err)
	}
	out.Reset()
	if status := Main([]string{"scenario", good, bad}, &out, &errOut); status != 1 {
		t.Errorf("status %d for a story that fails", status)
	}
	if !strings.Contains(out.String(), "FAIL  "+bad) || !strings.Contains(errOut.String(), bad+":4: after query-status: answer differs") {
		t.Errorf("%s%s", &out, &errOut)
	}
}
