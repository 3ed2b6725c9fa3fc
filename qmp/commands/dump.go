package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/dump"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp"
)

// dump registers qapi/dump.json. Of the formats, lzo and snappy are refused as
// by a QEMU that was built without them, as Debian's is.
func (c *Commands) dump() {
	d := &dumper{c: c, result: dumpResult{Status: "none"}}
	qmp.Register(c.set, "dump-guest-memory", 0, d.dump)
	qmp.Register(c.set, "query-dump", 0, func(*qmp.Call, none) (dumpResult, error) { return d.result, nil })
	qmp.Register(c.set, "query-dump-guest-memory-capability", 0, func(*qmp.Call, none) (dumpFormats, error) {
		return dumpFormats{d.formats()}, nil
	})
}

// Formats of dumps; those that begin with rawPrefix are not flattened.
const (
	formatELF   = "elf"
	formatZlib  = "kdump-zlib"
	rawPrefix   = "kdump-raw-"
	formatRaw   = rawPrefix + "zlib"
	formatWin   = "win-dmp"
	kdumpPrefix = "kdump-"
)

// formats are those that query-dump-guest-memory-capability tells. A QEMU that
// does not know kdump-raw-zlib yet tells win-dmp whether the guest can be
// dumped so or not.
func (d *dumper) formats() []string {
	if slices.Contains(d.c.schema.Choices("dump-guest-memory", "format"), formatRaw) {
		return []string{formatELF, formatZlib, formatRaw}
	}
	return []string{formatELF, formatZlib, formatWin}
}

type dumpFormats struct {
	Formats []string `json:"formats"`
}

// dumpResult is QEMU's DumpQueryResult.
type dumpResult struct {
	Status    string `json:"status"`
	Completed uint64 `json:"completed"`
	Total     uint64 `json:"total"`
}

type dumpArgs struct {
	Paging   bool    `json:"paging"` // no guest has turned it on: the same without
	Protocol string  `json:"protocol"`
	Detach   bool    `json:"detach"`
	Begin    *uint64 `json:"begin"`
	Length   *uint64 `json:"length"`
	Format   string  `json:"format"`
}

// dumper is the machine's dump: one at a time. The machine's lock guards it.
type dumper struct {
	c      *Commands
	result dumpResult
	resume bool // the machine ran before
}

func (d *dumper) dump(call *qmp.Call, a dumpArgs) (none, error) {
	c := d.c
	if err := d.refuse(a); err != nil {
		return none{}, err
	}
	f, err := d.open(a.Protocol)
	if err != nil {
		return none{}, err
	}
	if _, err := f.Seek(0, io.SeekCurrent); err != nil && strings.HasPrefix(a.Format, rawPrefix) {
		f.Close()
		return none{}, errors.New("kdump-raw formats require a seekable file")
	}
	d.resume = c.m.Running()
	c.m.Stop()
	blocks := c.m.RAMBlocks()
	switch {
	case a.Length != nil && *a.Length == 0:
		err = errors.New("parameter 'length' expects a non-zero size")
	case a.Length != nil:
		blocks = dump.Clip(blocks, *a.Begin, *a.Length)
	}
	if err == nil && len(blocks) == 0 {
		err = errors.New("dump: no guest memory to dump")
	}
	if err != nil {
		f.Close()
		d.result = dumpResult{Status: "failed"}
		d.goOn()
		return none{}, err
	}
	d.result = dumpResult{Status: "active", Total: dump.Total(blocks)}
	if a.Detach {
		c.m.Background(func() {
			err := d.write(context.Background(), f, a.Format, blocks, c.m.Do)
			c.m.Do(func() { d.finish(err) })
		})
		return none{}, nil
	}
	return qmp.Aside(call, func(ctx context.Context) {
		err = d.write(ctx, f, a.Format, blocks, c.locker(call))
	}, func() (none, error) {
		d.finish(err)
		return none{}, err
	})
}

// refuse checks the arguments in QEMU's order.
func (d *dumper) refuse(a dumpArgs) error {
	elf := a.Format == "" || a.Format == formatELF
	switch {
	case d.c.m.State() == machine.InMigrate:
		return errors.New("Dump not allowed during incoming migration.")
	case d.result.Status == "active":
		return errors.New("There is a dump in process, please wait.")
	case !elf && (a.Paging || a.Begin != nil || a.Length != nil):
		return errors.New("kdump-compressed format doesn't support paging or filter")
	case a.Begin != nil && a.Length == nil:
		return errors.New("Parameter 'length' is missing")
	case a.Begin == nil && a.Length != nil:
		return errors.New("Parameter 'begin' is missing")
	case strings.HasPrefix(a.Format, kdumpPrefix) && a.Format != formatZlib && a.Format != formatRaw:
		return fmt.Errorf("%s is not available now", strings.Replace(a.Format, rawPrefix, kdumpPrefix, 1))
	case a.Format == formatWin && !slices.Contains(d.formats(), formatWin):
		return errors.New("win-dump: no vmcoreinfo note from the guest")
	}
	return nil
}

// open opens what the protocol names.
func (d *dumper) open(protocol string) (*os.File, error) {
	if name, ok := strings.CutPrefix(protocol, "fd:"); ok {
		return d.c.m.Files.TakeNamed(name)
	}
	name, ok := strings.CutPrefix(protocol, "file:")
	if !ok {
		return nil, errors.New("parameter 'protocol' must start with 'file:' or 'fd:'")
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o400)
	if err != nil {
		what := "create"
		if d.c.m.Env().Ways.DumpOpens {
			what = "open"
		}
		return nil, fmt.Errorf("Could not %s '%s': %s", what, name, object.Strerror(err))
	}
	return f, nil
}

// write makes the file.
func (d *dumper) write(ctx context.Context, f *os.File, format string, blocks []dump.Block, locked func(func())) error {
	var cpus []dump.CPU
	locked(func() { cpus = d.c.m.DumpedCPUs() })
	read := d.c.memoryReader(ctx, locked, func(memory.Result) error { return nil })
	wrote := func(n uint64) { locked(func() { d.result.Completed = n }) }
	kdump := func(w io.WriterAt) error { return dump.WriteKdump(w, blocks, cpus, read, wrote) }
	var err error
	switch format {
	case formatRaw:
		err = kdump(f)
	case formatZlib:
		err = dump.WriteFlattened(f, kdump)
	case formatWin: // where it is not refused before; no guest leaves such a note
		err = errors.New("win-dump: invalid vmcoreinfo note size")
	default:
		err = dump.WriteELF(f, blocks, cpus, read, wrote)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if failed, ok := errors.AsType[*dump.Error](err); ok && format != formatRaw && format != formatZlib {
		return fmt.Errorf("dump: %s: %s", failed.Stage, object.Strerror(failed.Err))
	} else if ok {
		return fmt.Errorf("dump: %s", failed.Stage)
	}
	return err
}

// dumpCompleted is the data of DUMP_COMPLETED.
type dumpCompleted struct {
	Result dumpResult `json:"result"`
	Error  string     `json:"error,omitempty"`
}

// finish tells everybody how the dump went.
func (d *dumper) finish(err error) {
	e := dumpCompleted{}
	d.result.Status = "completed"
	if err != nil {
		d.result.Status, e.Error = "failed", err.Error()
	}
	e.Result = d.result
	d.c.m.Env().Emit("DUMP_COMPLETED", e)
	d.goOn()
}

// goOn lets the machine run on if it did before.
func (d *dumper) goOn() {
	if d.resume && d.c.m.State() == machine.Paused {
		d.c.m.Cont()
	}
}
