package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp/transcript"
)

// TestAcceptance03SeedTranscripts plays the case of the thread through monitor
// and register socket: a request whose buffer is another device's BAR is in
// flight while that device is ejected. The end of edu, which owns its BAR, and of
// qemu-xhci, whose embedded core does, is told when the request ends, the core
// before the controller; in between the ledger names the mapping. The recordings
// are of this program; see examples/seed for what QEMU does.
func TestAcceptance03SeedTranscripts(t *testing.T) {
	list, err := transcript.LoadDir("testdata/seed")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 {
		t.Fatalf("%d recordings, want 2", len(list))
	}
	for _, tr := range list {
		t.Run(strings.TrimSuffix(filepath.Base(tr.File), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			if err := play(t, tr, messageLimit); err != nil {
				t.Error(err)
			}
		})
	}
}
