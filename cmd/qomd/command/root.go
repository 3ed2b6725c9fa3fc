package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Main runs the command line and returns the exit status of the process.
func Main(args []string, out, errOut io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.Execute(); err != nil {
		var status exitStatus
		if errors.As(err, &status) {
			return int(status)
		}
		fmt.Fprintln(errOut, "qomd:", err)
		return 1
	}
	return 0
}

// exitStatus ends the process with a status; what was wrong has been said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func newRootCommand() *cobra.Command {
	var o serveOptions
	root := &cobra.Command{
		Use:   "qomd [FILE]",
		Short: "QEMU's monitor without the virtual machine",
		Long: `qomd boots the machines that FILE describes and serves QEMU's machine protocol
(QMP) on their sockets. FILE may be in $QOMD_CONFIG as well; without either it
boots an example machine.

FILE is YAML, TOML or JSON, or QEMU's -readconfig format if its name ends in
.cfg. See the folder examples.`,
		Args:          cobra.MaximumNArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.file = args[0]
			}
			return serve(cmd, o)
		},
	}
	o.addFlags(root)
	root.AddCommand(newCheckCommand(), newScenarioCommand(), newRefsCommand(), newVerifyCommand(), newCaptureCommand(), newVersionCommand())
	return root
}
