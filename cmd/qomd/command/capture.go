package command

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
	"github.com/qomd/qomd/qmp/capture"
)

func newCaptureCommand() *cobra.Command {
	var out string
	var opts capture.Options
	var verbose bool
	cmd := &cobra.Command{
		Use:   "capture -o FILE -- QEMU [ARGS]",
		Short: "Make a catalog from a QEMU binary",
		Long: `capture asks a QEMU what it is and writes the answers to FILE: types and their
properties, machines, CPU models, commands, events, options. With
"--catalog FILE" qomd and qomd-system-x86_64 are that QEMU afterwards.

It takes some minutes, most of them for plugging every device once; no guest
code runs. With --no-plug a catalog is ready in half a minute, and says less
about devices: PCI identities, buses and USB speeds are those of the nearest
ancestor then.`,
		Example: "  qomd capture -o mine.cat -- qemu-system-x86_64\n  qomd --catalog mine.cat machine.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			line := newProgressLine(cmd.ErrOrStderr())
			opts.Progress = func(p capture.Progress) {
				line.show(fmt.Sprintf("%s: %d of %d", p.Step, p.Done, p.Total))
			}
			if verbose {
				opts.Remark = line.say
			}
			if out == "" {
				return errors.New("where to? name a file with -o")
			}
			// A file that cannot be written is better known before than after.
			if info, err := os.Stat(filepath.Dir(out)); err != nil {
				return err
			} else if !info.IsDir() {
				return fmt.Errorf("%s is not a folder", filepath.Dir(out))
			}
			source, err := capture.Run(ctx, args, opts)
			line.end()
			if err != nil {
				return err
			}
			return writeCatalog(cmd, out, source)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "", "catalog file to write")
	f.BoolVar(&opts.NoPlug, "no-plug", false, "do not plug devices to see what they look like")
	f.BoolVarP(&verbose, "verbose", "v", false, "say what could not be found out, and why")
	return cmd
}

// writeCatalog packs what was captured. It writes nothing unless the packed
// catalog, opened again, says exactly what was captured.
func writeCatalog(cmd *cobra.Command, file string, s *build.Source) error {
	data, err := s.Encode()
	if err != nil {
		return err
	}
	c, err := catalog.Open(file, data)
	if err == nil {
		err = s.Verify(c)
	}
	if err != nil {
		return fmt.Errorf("the packed catalog is not what was captured: %w", err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return err
	}
	v := s.Version
	fmt.Fprintf(cmd.OutOrStdout(), "%s: QEMU %d.%d.%d, %d types, %d machines, %d commands, %d bytes\n",
		file, v.Major, v.Minor, v.Micro, len(s.Types), len(s.Machines), len(s.Commands), len(data))
	return nil
}
