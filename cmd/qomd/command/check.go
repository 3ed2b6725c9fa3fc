package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/config"
)

func newCheckCommand() *cobra.Command {
	var o serveOptions
	var print bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Tell what is wrong with a configuration, without booting it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			cfg, err := o.load()
			if err == nil {
				err = config.Check(cfg)
			}
			if err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				return exitStatus(1)
			}
			if print {
				_, err := cmd.OutOrStdout().Write(config.Describe(cfg))
				return err
			}
			noun := "machines"
			if len(cfg.Machines) == 1 {
				noun = "machine"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d %s, no mistakes found\n", o.file, len(cfg.Machines), noun)
			return nil
		},
	}
	o.addFlags(cmd)
	cmd.Flags().BoolVar(&print, "print", false, "print the description that would be booted")
	return cmd
}
