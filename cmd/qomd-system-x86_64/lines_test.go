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

// recordedLine is a command line that QEMU 11.1.3 refuses.
type recordedLine struct {
	Args   []string `json:"args"`
	Status int      `json:"status"`
	Stderr string   `json:"stderr"`
}

// lineFiles are what the recorded command lines found in their folder.
var lineFiles = map[string]int64{"disk.img": 1 << 20, "floppy.img": 1474560, "flash.img": 256 << 10, "rom.bin": 4096, "table.aml": 36, "empty": 0}

// TestLinesLikeQEMU holds what the program says of command lines that cannot be
// used, and its status, to what QEMU 11.1.3 printed.
func TestLinesLikeQEMU(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "lines.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []recordedLine
	if err := json.Unmarshal(data, &lines); err != nil {
		t.Fatal(err)
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
