package scenario_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qmp/scenario"
)

var (
	update = flag.Bool("update", false, "rewrite the golden records of the stories")
	times  = flag.Int("times", 2, "how often each story is told, with the same bytes every time")
)

// stories is where the stories of the issue are.
const stories = "../../examples/scenarios"

// limit is how long all stories may take together. It has room for a computer
// that is busy with other things, and for the race detector.
const limit = 2 * time.Second

// TestStories tells every story, more than once: the clients must receive the
// same bytes each time, and the record must be the golden one.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(stories, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories in %s: %v", stories, err)
	}
	var shared daemon.Shared
	var once time.Duration
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			var first []byte
			for i := range *times {
				var record bytes.Buffer
				began := time.Now()
				res, err := scenario.Run(s, scenario.Options{Shared: &shared, Record: &record})
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					once += time.Since(began)
					first = res.Bytes
					compareGolden(t, name, record.Bytes())
					continue
				}
				if diff := cmp.Diff(string(first), string(res.Bytes)); diff != "" {
					t.Fatalf("told again, the clients received something else (-first +now):\n%s", diff)
				}
			}
		})
	}
	t.Logf("%d stories took %v together", len(files), once)
	if once > limit && !raceEnabled {
		t.Errorf("the stories took %v together, more than %v", once, limit)
	}
}

// volatile is what changes with every change of the program: lines of its source
// and the numbers of its objects and of the process.
var volatile = regexp.MustCompile(`\w+\.go:\d+|"generation": \d+|"thread-id": \d{2,}`)

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = volatile.ReplaceAll(got, []byte("..."))
	golden := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("record (-golden +now):\n%s", diff)
	}
}

// TestStoriesNameWhoWasHurt keeps the stories worth reading.
func TestStoriesNameWhoWasHurt(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(stories, "*.yaml"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# ") || !strings.Contains(string(text), "\n# Hurt: ") {
			t.Errorf("%s does not say who was hurt", file)
		}
	}
}
