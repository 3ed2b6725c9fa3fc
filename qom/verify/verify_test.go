package verify

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	long   = flag.Bool("long", false, "explore the large configurations too")
	update = flag.Bool("update", false, "write the counterexamples in testdata anew")
)

func explore(t *testing.T, cfg *Config, opts Options) *Result {
	t.Helper()
	if opts.Workers == 0 {
		opts.Workers = 2
	}
	res, err := Explore(context.Background(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func text(t *testing.T, c *Counterexample) string {
	t.Helper()
	var b strings.Builder
	if _, err := c.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every configuration keeps all rules in every interleaving.
func TestConfigs(t *testing.T) {
	for _, cfg := range Configs() {
		t.Run(cfg.Name, func(t *testing.T) {
			if cfg.Large && !*long {
				t.Skip("large: run with -long")
			}
			res := explore(t, &cfg, Options{Preemptions: -1})
			t.Logf("%d states, %d transitions, %d runs, depth %d, %.0f states/s", res.States, res.Transitions, res.Runs, res.Depth, res.PerSecond())
			if c := res.Counterexample; c != nil {
				t.Errorf("violation:\n%s", text(t, c))
			}
			if len(res.Leaks) != len(cfg.Leak) {
				t.Errorf("leaks %v, want %v", res.Leaks, cfg.Leak)
			}
		})
	}
}

// slow are the configurations whose orders take seconds under the race detector.
var slow = []string{"two-children", "aggregate-two-children", "replug"}

// Leaving out equivalent orders loses no observable order of finalizers, frees
// and events, on configurations small enough to try them all.
func TestReduction(t *testing.T) {
	for _, cfg := range Configs() {
		if cfg.Large || cfg.Unlocked || slices.Contains(slow, cfg.Name) && !*long {
			continue
		}
		t.Run(cfg.Name, func(t *testing.T) {
			full := explore(t, &cfg, Options{Preemptions: -1, Full: true, Orders: true})
			less := explore(t, &cfg, Options{Preemptions: -1, Orders: true})
			t.Logf("%d orders, %d states and %d transitions of %d and %d", full.Ends, less.States, less.Transitions, full.States, full.Transitions)
			if less.Ends != full.Ends {
				t.Errorf("%d orders, without reduction %d", less.Ends, full.Ends)
			}
			if less.States > full.States {
				t.Errorf("%d states, without reduction %d", less.States, full.States)
			}
		})
	}
}

// Every mistake is found in the configurations named for it, with and without
// reduction, and the shortest counterexample is at most 20 steps long. It is
// kept in testdata, where it is the script that TestReplay runs.
func TestMutants(t *testing.T) {
	for _, m := range Mutants() {
		for _, name := range m.Configs {
			t.Run(m.Name+"/"+name, func(t *testing.T) {
				cfg, err := ConfigByName(name)
				if err != nil {
					t.Fatal(err)
				}
				for _, full := range []bool{false, true} {
					if res := explore(t, cfg, Options{Preemptions: -1, Full: full, Mutant: m.Name}); res.Counterexample == nil {
						t.Errorf("not found, full %v", full)
					}
				}
				c, err := Shortest(context.Background(), cfg, Options{Mutant: m.Name}, 20)
				if err != nil || c == nil {
					t.Fatalf("no counterexample of 20 steps: %v", err)
				}
				t.Logf("%d steps: %s", len(c.Steps), c.Violation)
				file := filepath.Join("testdata", m.Name+"-"+name+".txt")
				if *update {
					if err := os.WriteFile(file, []byte(text(t, c)), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got := text(t, c); got != string(want) {
					t.Errorf("counterexample\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// The scripts of counterexamples run again as they are written.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			c, err := ParseCounterexample(f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Replay(c, nil)
			if err != nil || got != c.Violation {
				t.Errorf("violation %q, %v; want %q", got, err, c.Violation)
			}
		})
	}
}

// A script that the core does not follow is told from one that it follows.
func TestReplayDiffers(t *testing.T) {
	for _, tc := range []struct{ script, want string }{
		{"", "no line 'config NAME'"},
		{"config none", "no configuration 'none'"},
		{"config trace-1\nmutant none", "no mutant 'none'"},
		{"config trace-1\nhello", "line 2: unknown word 'hello'"},
		{"config trace-1\nstep monitor", "line 2: want 'step THREAD ACTION | COUNTERS'"},
		{"config trace-1\nstart | P.ref 3", "at the start: counters P.ref 0"},
		{"config trace-1\nstep nobody lock | x", "step 1: no thread 'nobody'"},
		{"config trace-1\nstep monitor unref P | x", "step 1: monitor does 'lock', want 'unref P'"},
		{"config trace-1\nstep monitor lock | x", "step 1: counters P.ref 0"},
		{"config async-last\nstep main lock | x", "step 1: main cannot go on"},
	} {
		c, err := ParseCounterexample(strings.NewReader(tc.script))
		if err == nil {
			_, err = Replay(c, nil)
		}
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %s", tc.script, err, tc.want)
		}
	}
}

// A bound on preemptions sees fewer states, and more with each one allowed.
func TestPreemptions(t *testing.T) {
	cfg, err := ConfigByName("array-unlocked")
	if err != nil {
		t.Fatal(err)
	}
	var states []int64
	for n := range 4 {
		res := explore(t, cfg, Options{Preemptions: n})
		if res.Counterexample != nil {
			t.Errorf("%d preemptions: %s", n, res.Counterexample.Violation)
		}
		states = append(states, res.States)
	}
	if !slices.IsSorted(states) || states[0] == states[3] {
		t.Errorf("states with 0 to 3 preemptions: %v", states)
	}
}

// A search ends when its context does.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cfg, err := ConfigByName("two-controllers")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Explore(ctx, cfg, Options{Preemptions: -1}); err != context.Canceled {
		t.Errorf("%v", err)
	}
}
