package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recordedLine is a command line that QEMU refuses.
type recordedLine struct {
	Args   []string `json:"args"`
	Status int      `json:"status"`
	Stderr string   `json:"stderr"`
}

// lineFiles are what the recorded command lines found in their folder.
var lineFiles = map[string]int64{"disk.img": 1 << 20, "floppy.img": 1474560, "flash.img": 256 << 10, "rom.bin": 4096, "table.aml": 36, "empty": 0}

// TestLinesLikeQEMU holds what the program says of command lines that cannot be
// used, and its status, to what QEMU printed: 11.1.3, and 7.2.22 for those with
// its catalog.
func TestLinesLikeQEMU(t *testing.T) {
	var lines []recordedLine
	for _, name := range []string{"lines.json", "lines-7.2.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		var list []recordedLine
		if err := json.Unmarshal(data, &list); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, list...)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	leash := newLeash(t)
	for _, line := range lines {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), endLimit)
			defer cancel()
			cmd := exec.CommandContext(ctx, self, line.Args...)
			cmd.Env = append(os.Environ(), leash)
			cmd.Dir, cmd.Stderr = lineFolder(t), &stderr
			cmd.Run() // its status is looked at
			said := strings.ReplaceAll(stderr.String(), "qomd-system-x86_64:", "qemu-system-x86_64:")
			got := recordedLine{line.Args, cmd.ProcessState.ExitCode(), said}
			if diff := cmp.Diff(line, got); diff != "" {
				t.Errorf("-QEMU +here:\n%s", diff)
			}
		})
	}
}

// lineFolder makes the folder that a command line is used in.
func lineFolder(t *testing.T) string {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, size := range lineFiles {
		f, err := os.Create(filepath.Join(dir, name))
		if err == nil {
			err = f.Truncate(size)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return dir
}
