package hmp

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/machine"
)

// snapshotRows are the commands on snapshots of the whole machine.
func snapshotRows() []*command {
	return []*command{
		{names: "savevm", args: "name:s?", params: "tag", qmp: "snapshot-save",
			help: "keep the machine in its images; what has the tag already is replaced", run: snapshotWork((*machine.Snapshots).Save)},
		{names: "loadvm", args: "name:s", params: "tag", qmp: "snapshot-load",
			help: "make the machine what it was", run: snapshotWork((*machine.Snapshots).Load), complete: completeSnapshot},
		{names: "delvm", args: "name:s", params: "tag", qmp: "snapshot-delete",
			help: "delete what was kept of the machine", run: snapshotWork((*machine.Snapshots).Delete), complete: completeSnapshot},
	}
}

// snapshotTopics are the topics of "info" on them.
func snapshotTopics() []*command {
	return []*command{{names: "snapshots", help: "snapshots of the machine", qmp: "snapshot-save", bare: true, run: infoSnapshots}}
}

// snapshotWork returns what runs one of these commands, which take long.
func snapshotWork(work func(*machine.Snapshots, machine.SnapshotOptions, bool) error) func(*run) error {
	return func(r *run) error {
		o := machine.SnapshotOptions{Name: r.args.text("name"), Dated: !r.has("name"), Overwrite: true}
		return r.long(func(locked bool) error { return work(r.h.m.Snapshots, o, locked) })
	}
}

func completeSnapshot(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	for _, n := range c.h.m.Blocks.Nodes() {
		for _, s := range n.Snapshots() {
			c.propose(s.Name, words[1])
		}
	}
}

// infoSnapshots lists the snapshots that can be loaded, and then those that only
// some images have.
func infoSnapshots(r *run) error {
	nodes := r.h.m.Blocks.Written()
	i := slices.IndexFunc(nodes, (*block.Node).CanSnapshot)
	if i < 0 {
		_, err := block.StateKeeper(nil, nil)
		return err
	}
	if !slices.ContainsFunc(r.h.m.Blocks.Tops(), func(n *block.Node) bool { return len(n.Snapshots()) > 0 }) {
		r.printf("There is no snapshot available.\n")
		return nil
	}
	everywhere := func(s block.SnapshotInfo) bool {
		return !slices.ContainsFunc(nodes, func(n *block.Node) bool {
			return !slices.ContainsFunc(n.Snapshots(), func(o block.SnapshotInfo) bool { return o.Name == s.Name })
		})
	}
	var whole []block.SnapshotInfo
	for _, s := range nodes[i].Snapshots() {
		if everywhere(s) {
			s.ID = "--" // it may be another one in every image
			whole = append(whole, s)
		}
	}
	r.printf("List of snapshots present on all disks:\n")
	if len(whole) == 0 {
		r.printf("None\n")
	} else {
		r.snapshots(whole)
	}
	for _, n := range r.h.m.Blocks.Tops() {
		some := slices.DeleteFunc(n.Snapshots(), func(s block.SnapshotInfo) bool {
			return slices.ContainsFunc(whole, func(w block.SnapshotInfo) bool { return w.Name == s.Name })
		})
		if len(some) > 0 {
			r.printf("\nList of partial (non-loadable) snapshots on '%s':\n", n.Drive())
			r.snapshots(some)
		}
	}
	return nil
}

// snapshots prints a table of snapshots.
func (r *run) snapshots(list []block.SnapshotInfo) {
	const row = "%-7s %-16s %8s %19s %15s %10s\n"
	r.printf(row, "ID", "TAG", "VM_SIZE", "DATE", "VM_CLOCK", "ICOUNT")
	for _, s := range list {
		icount := "--"
		if s.ICount != nil {
			icount = fmt.Sprint(*s.ICount)
		}
		c := s.ClockSec
		r.printf(row, s.ID, s.Name, readableSize(s.StateSize), time.Unix(s.DateSec, 0).Format(time.DateTime),
			fmt.Sprintf("%04d:%02d:%02d.%03d", c/3600, c/60%60, c%60, s.ClockNsec/1e6), icount)
	}
}

// readableSize prints bytes with three digits and a unit.
func readableSize(n int64) string {
	_, exp := math.Frexp(float64(n) / (1000.0 / 1024))
	i := max(exp-1, 0) / 10
	return fmt.Sprintf("%.3g %sB", float64(n)/float64(int64(1)<<(10*i)), []string{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}[i])
}
