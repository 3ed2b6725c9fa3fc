package command

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qmp/scenario"
)

// scenarioOptions are the flags of qomd scenario.
type scenarioOptions struct {
	seed    uint64
	record  string
	verbose bool
}

func newScenarioCommand() *cobra.Command {
	var o scenarioOptions
	cmd := &cobra.Command{
		Use:   "scenario FILE...",
		Short: "Tell stories about machines and compare what is to be seen",
		Long: `Each FILE describes a machine and steps: what a client says, what the guest
does, how much time passes, what goes wrong. After each step the events, the
tree of devices, the PCI bus and the backends in use must be what the file says,
and must not contradict each other. Time is virtual: hours pass at once.

The exit status is 1 when a story does not go as told.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			var seed *uint64
			if cmd.Flags().Changed("seed") {
				seed = &o.seed
			}
			return runScenarios(cmd, files, o, seed)
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.seed, "seed", 0, "seed of the guest's chance, in place of the story's own")
	f.StringVar(&o.record, "record", "", "write what clients and machines say to each other to this file, - for standard output")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print every step, and what the machine logs")
	return cmd
}

func runScenarios(cmd *cobra.Command, files []string, o scenarioOptions, seed *uint64) error {
	out, errOut := cmd.OutOrStdout(), cmd.ErrOrStderr()
	record, closeRecord, err := openRecord(o.record, out)
	if err != nil {
		return err
	}
	var shared daemon.Shared
	failed := 0
	for _, file := range files {
		opts := scenario.Options{Seed: seed, Shared: &shared, Record: record}
		if o.verbose {
			opts.Log = slog.New(slog.NewTextHandler(errOut, nil))
			opts.Step = func(n int, s *scenario.Step) { fmt.Fprintf(out, "  %d: %s (line %d)\n", n, s, s.Line) }
		}
		began := time.Now()
		steps, err := runScenario(file, opts)
		took := time.Since(began).Round(time.Millisecond)
		if err != nil {
			failed++
			fmt.Fprintf(out, "FAIL  %s\n", file)
			fmt.Fprintln(errOut, err)
			continue
		}
		fmt.Fprintf(out, "ok    %s  %d steps, %v\n", file, steps, took)
	}
	if err := closeRecord(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", len(files)-failed, failed)
	if failed > 0 {
		return exitStatus(1)
	}
	return nil
}

func runScenario(file string, o scenario.Options) (steps int, err error) {
	s, err := scenario.Load(file)
	if err != nil {
		return 0, err
	}
	if o.Record != nil {
		fmt.Fprintf(o.Record, "# %s: %s\n", file, s.Name)
	}
	res, err := scenario.Run(s, o)
	return res.Steps, err
}

// openRecord opens the file of the record, if there is to be one.
func openRecord(path string, out io.Writer) (w io.Writer, closer func() error, err error) {
	switch path {
	case "":
		return nil, func() error { return nil }, nil
	case "-":
		return out, func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}
