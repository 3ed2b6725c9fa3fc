//go:build linux

package net

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRunScript runs scripts with the name of an interface; the status of one that
// fails is told as wait(2) has it.
func TestRunScript(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "up")
	seen := filepath.Join(dir, "seen")
	for _, c := range []struct{ text, want string }{
		{"#!/bin/sh\nprintf %s \"$1\" >" + seen + "\n", ""},
		{"#!/bin/sh\nexit 3\n", "network script " + script + " failed with status 768"},
		{"no interpreter", "network script " + script + " failed with status 256"},
	} {
		if err := os.WriteFile(script, []byte(c.text), 0o700); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := runScript(script, "tap7"); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
	if name, err := os.ReadFile(seen); err != nil || string(name) != "tap7" {
		t.Errorf("the script was told %q, %v", name, err)
	}
	for _, none := range []string{"", "no"} {
		if err := runScript(none, "tap7"); err != nil {
			t.Error(err)
		}
	}
}
