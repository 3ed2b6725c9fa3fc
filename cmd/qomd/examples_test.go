package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/qmptest"
)

// Every example boots, each of its machines, and answers. Their sockets go to
// the test's own folder.
func TestExamplesBoot(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if err := os.Mkdir(filepath.Join(dir, "qomd"), 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../examples/*.*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 7 {
		t.Fatalf("only %d examples", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cfg, err := config.Load(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := config.Check(cfg); err != nil {
				t.Fatal(err)
			}
			for i := range cfg.Machines {
				m := cfg.Machines[i]
				for j := range m.Chardevs {
					if s := m.Chardevs[j].Socket; s != nil && filepath.Dir(s.Path) != filepath.Join(dir, "qomd") {
						s.Path = filepath.Join(dir, filepath.Base(s.Path))
					}
				}
				c := qmptest.Start(t, qmptest.Config(m)).Client()
				var status struct{ Status string }
				c.Must("query-status", nil, &status)
				if status.Status == "" {
					t.Errorf("%s has no status", m.Name)
				}
			}
		})
	}
}
