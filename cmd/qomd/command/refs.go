package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/client"
)

// refsTime is how long a machine may take to answer.
const refsTime = 10 * time.Second

func newRefsCommand() *cobra.Command {
	var socket string
	var dot bool
	cmd := &cobra.Command{
		Use:   "refs [PATH]",
		Short: "Tell who holds an object, or why an unplug is not complete",
		Long: `refs asks a running machine who holds what. Without PATH it lists the devices
that were asked to leave, and everything that has left the tree and is still
held. PATH is an object's, such as /machine/peripheral/x0, or the id of a device.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := ""
			if len(args) == 1 {
				path = args[0]
			}
			if socket == "" {
				var err error
				if socket, err = onlySocket(config.RuntimeDir()); err != nil {
					return err
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), refsTime)
			defer cancel()
			return refs(ctx, cmd.OutOrStdout(), socket, path, dot)
		},
	}
	cmd.Flags().StringVar(&socket, "socket", "", "QMP socket of the machine; the only one of the runtime folder without it")
	cmd.Flags().BoolVar(&dot, "dot", false, "print a graph for Graphviz")
	return cmd
}

// onlySocket returns the QMP socket of a folder that has one.
func onlySocket(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	var found []string
	for _, e := range entries {
		if e.Type()&os.ModeSocket != 0 {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no machine listens in %s; name its socket with --socket", dir)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("choose one with --socket: %s", strings.Join(found, ", "))
}

// refs asks the machine and prints.
func refs(ctx context.Context, w io.Writer, socket, path string, dot bool) error {
	c, err := client.Dial(ctx, "unix", socket, client.Config{})
	if err != nil {
		return err
	}
	defer c.Disconnect()
	var list []lifetime.Storage
	if path == "" {
		err = c.Execute(ctx, "x-query-draining", nil, &list)
	} else {
		list = make([]lifetime.Storage, 1)
		err = c.Execute(ctx, "x-query-storage", map[string]any{"path": path}, &list[0])
	}
	var missing *qmp.Error
	if errors.As(err, &missing) && missing.Class == qmp.CommandNotFound {
		return fmt.Errorf("%s is not a machine of qomd: %w", socket, err)
	}
	if err != nil {
		return err
	}
	if dot {
		lifetime.WriteDot(w, list)
		return nil
	}
	if path != "" {
		lifetime.Write(w, list)
		return nil
	}
	var status struct {
		Model      string
		Violations int
		Last       string `json:"last-violation"`
		Unplugging []lifetime.Unplug
	}
	if err := c.Execute(ctx, "x-query-lifetime", nil, &status); err != nil {
		return err
	}
	lifetime.WriteUnplugs(w, status.Unplugging)
	lifetime.Write(w, list)
	if len(list)+len(status.Unplugging) == 0 {
		fmt.Fprintln(w, "nothing is leaving")
	}
	if status.Violations > 0 {
		fmt.Fprintf(w, "rules of lifetime were broken %d times (%s), at last: %s\n", status.Violations, status.Model, status.Last)
	}
	return nil
}
