package capture

import (
	"context"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/catalog/build"
)

// Options say how to capture. The zero value captures everything, silently.
type Options struct {
	// NoPlug leaves out the observation of plugged devices, by far the
	// longest part: what buses, PCI functions and hot-plug look like.
	NoPlug bool
	// Only names the device types to plug; nil: all.
	Only []string
	// Progress is told about each piece of work that is done; nil: nobody is.
	Progress func(Progress)
	// Remark is told about what could not be found out; nil: nobody is.
	Remark func(string)
}

// Progress tells how far a capture is.
type Progress struct {
	Step        string // "types", "devices", ...
	Done, Total int    // pieces of the step
}

// ErrCommand means that there is no program to run.
var ErrCommand = errors.New("no command to capture from")

// capture is one run.
type capture struct {
	ctx     context.Context
	command []string
	opts    Options
	source  *build.Source
	qemu    *qemu  // on machine none; nil: it has died
	modules bool   // types are asked for: it has to load its modules, as listing all types does
	accel   string // for machines with devices
}

// Run captures a catalog from the QEMU that the command starts. The command may
// have arguments; those that ask the questions come behind them.
func Run(ctx context.Context, command []string, opts Options) (*build.Source, error) {
	if len(command) == 0 {
		return nil, ErrCommand
	}
	if opts.Progress == nil {
		opts.Progress = func(Progress) {}
	}
	if opts.Remark == nil {
		opts.Remark = func(string) {}
	}
	c := &capture{ctx: ctx, command: command, opts: opts, source: &build.Source{}}
	defer func() { c.qemu.stop() }()
	for _, step := range []func() error{c.itself, c.options, c.types, c.machines, c.cpuModels, c.cpuSlots, c.devices} {
		if err := step(); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, fmt.Errorf("capture %s: %w", command[0], err)
		}
	}
	return c.source, nil
}

// each does something for each of a list, and tells how far it is.
func each[T any](c *capture, step string, list []T, do func(T) error) error {
	for i, item := range list {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		c.opts.Progress(Progress{Step: step, Done: i, Total: len(list)})
		if err := do(item); err != nil {
			return err
		}
	}
	c.opts.Progress(Progress{Step: step, Done: len(list), Total: len(list)})
	return nil
}
