package logging_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/cmd/logging"
	"github.com/qomd/qomd/config"
)

// logged returns what a logger of the configuration writes to a file that
// stands for stderr.
func logged(t *testing.T, c config.Log) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log, closer, err := logging.New(c, f)
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("detail")
	log.With("machine", "m0").Info("device removed", "path", "/machine/peripheral/x0")
	log.Warn("careful")
	if closer != nil {
		closer.Close()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		log  config.Log
		want []string // the start of each line, without the time
	}{
		{"not a terminal", config.Log{}, []string{`"msg":"device removed"`, `"msg":"careful"`}},
		{"json", config.Log{Format: "json", Level: "debug"}, []string{`"msg":"detail"`, `"msg":"device removed"`, `"msg":"careful"`}},
		{"text", config.Log{Format: "text", Level: "warning"}, []string{`msg=careful`}},
		{"auto", config.Log{Format: "auto", Level: "error"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(strings.TrimSpace(logged(t, tt.log)), "\n")
			if len(tt.want) == 0 && lines[0] == "" {
				return
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("got %d lines: %q", len(lines), lines)
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d: got %s, want %s in it", i, lines[i], want)
				}
			}
		})
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	var line map[string]string
	first, _, _ := strings.Cut(logged(t, config.Log{Format: "json"}), "\n")
	if err := json.Unmarshal([]byte(first), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"level": "info", "machine": "m0", "msg": "device removed", "path": "/machine/peripheral/x0",
	} {
		if line[key] != want {
			t.Errorf("%s is %q, want %q", key, line[key], want)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if text := logged(t, config.Log{File: path}); text != "" {
		t.Errorf("stderr has %q", text)
	}
	logged(t, config.Log{File: path})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "device removed"); n != 2 {
		t.Errorf("the file has the line %d times: it has to grow", n)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []config.Log{{Level: "loud"}, {Format: "xml"}, {File: "/nowhere/at/all"}} {
		if _, _, err := logging.New(c, os.Stderr); err == nil || !strings.HasPrefix(err.Error(), "log: ") {
			t.Errorf("%+v gave %v", c, err)
		}
	}
}

func TestMisfits(t *testing.T) {
	for value, want := range map[string]bool{"": false, "1": true} {
		t.Setenv(logging.StrictEnv, value)
		if got := logging.Misfits() != nil; got != want {
			t.Errorf("%s=%q: acts: %t", logging.StrictEnv, value, got)
		}
	}
}
