package hmp

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompleteFiles: a file's name is completed where a command wants one, after
// flags that were not typed, and a folder's gets a slash.
func TestCompleteFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "picture"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  string
		words []string
		want  []string
	}{
		{"filename:F,format:-fs,device:s?", []string{"screendump", dir + "/pi"}, []string{dir + "/picture"}},
		{"paging:-p,detach:-d,filename:F", []string{"dump-guest-memory", dir + "/"}, []string{dir + "/folder/", dir + "/picture"}},
		{"name:s", []string{"getfd", dir + "/pi"}, nil},
		{"paging:-p,filename:F", []string{"x", "-p", "-q", dir + "/f"}, []string{dir + "/folder/"}},
	} {
		var got completer
		got.byKind(c.args, c.words)
		if diff := cmp.Diff(c.want, got.list); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.words, diff)
		}
	}
}
