package command

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/devices/catalog"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and the QEMU versions it can be",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version := "(devel)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			fmt.Fprintln(cmd.OutOrStdout(), "qomd", version)
			for _, name := range catalog.Names() {
				cat, err := catalog.Load(name)
				if err != nil {
					return err
				}
				v := cat.Version()
				fmt.Fprintf(cmd.OutOrStdout(), "%s: QEMU %d.%d.%d, %d types\n", name, v.Major, v.Minor, v.Micro, cat.NumTypes())
			}
			return nil
		},
	}
}
