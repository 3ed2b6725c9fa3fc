package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/verify"
)

// verifyOptions are the flags of the command.
type verifyOptions struct {
	config, mutant, replay string
	list                   bool
	preemptions, workers   int
}

// shortestTime is how long to look for a shorter counterexample than the one
// that a search met.
const shortestTime = 30 * time.Second

func newVerifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Explore every interleaving of the object core, and check the rules of lifetime",
		Long: `verify runs the object core of this program, and its reclaimer, under a scheduler that tries every
interleaving of a few threads on a few objects, and checks the rules of lifetime
in every state. Without flags it explores all configurations.

--mutant makes the core commit a mistake and prints the shortest schedule that
does harm, as a script for --replay.

The exit status is 1 when a rule was broken, also by a mutant.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			switch {
			case o.list:
				return listVerify(cmd.OutOrStdout())
			case o.replay != "":
				return replay(cmd.OutOrStdout(), o.replay)
			case o.mutant != "":
				return o.runMutant(ctx, cmd.OutOrStdout())
			}
			return o.runSuite(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "explore this configuration only")
	f.BoolVar(&o.list, "list", false, "list the configurations and the mutants")
	f.StringVar(&o.mutant, "mutant", "", "make this mistake, and print the shortest counterexample")
	f.StringVar(&o.replay, "replay", "", "run the counterexample in this file again")
	f.IntVar(&o.preemptions, "preemptions", -1, "interrupt threads this often at most; negative: without bound, exhaustive")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "schedules to run at a time")
	return cmd
}

// reclaimer is the program's own, for the explorer.
type reclaimer struct{ *memory.System }

func newReclaimer(tree *qom.Tree, wake func()) verify.Reclaimer {
	sys := memory.NewSystem(tree)
	sys.Reclaimer.Wake = wake
	return reclaimer{sys}
}

func (r reclaimer) Retire(what string, fn func()) { r.Reclaimer.Retire(what, fn) }
func (r reclaimer) Pin() (unpin func())           { return r.System.Pin().Unpin }
func (r reclaimer) Run() bool                     { return r.Reclaimer.Run() }
func (r reclaimer) Len() int                      { return r.Reclaimer.Len() }

// listVerify prints what there is to explore.
func listVerify(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "CONFIGURATION\t")
	for _, c := range verify.Configs() {
		fmt.Fprintf(w, "%s\t%s\n", c.Name, c.About)
	}
	fmt.Fprintln(w, "\nMUTANT\t")
	for _, m := range verify.Mutants() {
		fmt.Fprintf(w, "%s\t%s\n", m.Name, m.About)
	}
	return w.Flush()
}

// replay runs a script again.
func replay(out io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := verify.ParseCounterexample(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	got, err := verify.Replay(c, newReclaimer)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if got == "" {
		fmt.Fprintf(out, "%s: %d steps, no violation\n", file, len(c.Steps))
		return nil
	}
	fmt.Fprintf(out, "%s: %d steps, violation: %s\n", file, len(c.Steps), got)
	return exitStatus(1)
}

// runMutant looks for the shortest counterexample of a mistake.
func (o *verifyOptions) runMutant(ctx context.Context, out io.Writer) error {
	m, err := verify.FindMutant(o.mutant)
	if err != nil {
		return err
	}
	configs := m.Configs
	if o.config != "" {
		configs = []string{o.config}
	}
	for _, name := range configs {
		cfg, err := verify.ConfigByName(name)
		if err != nil {
			return err
		}
		res, err := verify.Explore(ctx, cfg, verify.Options{Workers: o.workers, Preemptions: o.preemptions, Mutant: m.Name, Reclaimer: newReclaimer})
		if res == nil {
			return err
		}
		if res.Counterexample == nil {
			continue
		}
		return o.report(ctx, out, cfg, res.Counterexample)
	}
	fmt.Fprintln(out, "no violation")
	return nil
}

// report prints a counterexample, the shortest if it is found in time.
func (o *verifyOptions) report(ctx context.Context, out io.Writer, cfg *verify.Config, c *verify.Counterexample) error {
	ctx, cancel := context.WithTimeout(ctx, shortestTime)
	defer cancel()
	shorter, err := verify.Shortest(ctx, cfg, verify.Options{Mutant: o.mutant, Reclaimer: newReclaimer}, len(c.Schedule))
	switch {
	case shorter != nil:
		c = shorter
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintln(out, "# There may be shorter ones; the search for them took too long.")
	}
	fmt.Fprintf(out, "# %d steps\n", len(c.Steps))
	if _, err := c.WriteTo(out); err != nil {
		return err
	}
	return exitStatus(1)
}

// searched says how far a search is.
func searched(s verify.Stats) string {
	return fmt.Sprintf("%s: %d states, %d transitions, depth %d, %.0f states/s",
		s.Config, s.States, s.Transitions, s.Depth, s.PerSecond())
}

// runSuite explores the configurations and prints a table of them.
func (o *verifyOptions) runSuite(ctx context.Context, out, progress io.Writer) error {
	configs := verify.Configs()
	if o.config != "" {
		c, err := verify.ConfigByName(o.config)
		if err != nil {
			return err
		}
		configs = []verify.Config{*c}
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "CONFIGURATION\tSTATES\tTRANSITIONS\tDEPTH\tRESULT")
	var total verify.Stats
	line := newProgressLine(progress)
	var broken *verify.Counterexample
	var in *verify.Config
	for i := range configs {
		res, err := verify.Explore(ctx, &configs[i], verify.Options{
			Workers: o.workers, Preemptions: o.preemptions, Progress: func(s verify.Stats) { line.show(searched(s)) }, Reclaimer: newReclaimer,
		})
		line.end()
		if err != nil {
			return err
		}
		result := "no violation"
		switch {
		case res.Counterexample != nil:
			result = "violation: " + res.Counterexample.Violation
			broken, in = res.Counterexample, &configs[i]
		case len(res.Leaks) > 0:
			result = fmt.Sprintf("no violation; leaks as expected: %v", res.Leaks)
		case len(configs[i].Expect) > 0:
			result = fmt.Sprintf("refused as expected: %v", configs[i].Expect)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", res.Config, res.States, res.Transitions, res.Depth, result)
		total.States += res.States
		total.Transitions += res.Transitions
		total.Depth = max(total.Depth, res.Depth)
		total.Elapsed += res.Elapsed
	}
	result := "no violation"
	if broken != nil {
		result = "violation"
	}
	fmt.Fprintf(w, "total\t%d\t%d\t%d\t%s\n", total.States, total.Transitions, total.Depth, result)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(progress, "%.1f s, %.0f states/s\n", total.Elapsed.Seconds(), total.PerSecond())
	if o.preemptions >= 0 {
		fmt.Fprintf(out, "not exhaustive: at most %d preemptions\n", o.preemptions)
	}
	if broken != nil {
		return o.report(ctx, out, in, broken)
	}
	return nil
}
