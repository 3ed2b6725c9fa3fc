package block

import (
	"errors"

	"github.com/qomd/qomd/qmp/qjson"
)

// DriveTarget is the file that drive-mirror and drive-backup copy to.
type DriveTarget struct {
	File     string
	Format   string // empty: the source's, or found by looking for one that exists
	NodeName string
	Existing bool
}

// DriveMirror starts a mirror of a node to a file.
func (g *Graph) DriveMirror(device string, t DriveTarget, o MirrorOptions) error {
	source, err := g.rootNode(device)
	if err != nil {
		return err
	}
	if err := source.busyFor(opOther); err != nil {
		return err
	}
	if o.Replaces != "" && t.NodeName == "" {
		return errors.New("a node-name must be provided when replacing a named node of the graph")
	}
	behind := source.unfiltered().behind()
	if behind == nil && o.Sync == "top" {
		o.Sync = "full"
	}
	if o.Sync == "none" {
		behind = source
	} else if o.Sync == "full" {
		behind = nil
	}
	target, err := g.openTarget(source, t, behind)
	if err != nil {
		return err
	}
	err = g.mirror(source, target, o, func() error {
		if behind == nil || behind == source || target.header == nil || target.edge("backing") != nil {
			return nil
		}
		return g.setBacking(target, behind)
	})
	g.release(target)
	return err
}

// DriveBackup makes a backup of a node to a file.
func (g *Graph) DriveBackup(device string, t DriveTarget, o BackupOptions) (Action, error) {
	source, err := g.findReference(device)
	if err != nil {
		return Action{}, err
	}
	g.pulse(source)
	if err := source.busyFor(opBackup); err != nil {
		return Action{}, err
	}
	var behind *Node
	switch o.Sync {
	case "top":
		if behind = source.unfiltered().behind(); behind == nil {
			o.Sync = "full"
		}
	case "none":
		behind = source
	}
	target, err := g.openTarget(source, t, behind)
	if err != nil {
		return Action{}, err
	}
	if o.Sync == "none" && target.header != nil {
		if err := g.setBacking(target, source); err != nil {
			g.release(target)
			return Action{}, err
		}
	}
	a, err := g.backup(source, target, o)
	g.release(target)
	return a, err
}

// openTarget makes the file of a target, unless it exists, and opens it.
func (g *Graph) openTarget(source *Node, t DriveTarget, behind *Node) (*Node, error) {
	if t.Format == "" && !t.Existing {
		t.Format = source.driver
	}
	if !t.Existing {
		if err := g.makeImage(t.File, t.Format, source.Size(), behind); err != nil {
			return nil, err
		}
	}
	o := qjson.NewObject()
	if t.Format != "" {
		o.Set("driver", t.Format)
	}
	if t.NodeName != "" {
		o.Set("node-name", t.NodeName)
	}
	opts, _, err := g.fileOptions(t.File, o)
	if err != nil {
		return nil, err
	}
	if driver, _ := text(opts, "driver"); driver == "qcow2" {
		opts.Set("backing", nil)
	}
	return g.open(opts, inherited{cache: source.cache})
}
