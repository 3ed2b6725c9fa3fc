package commands

import (
	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// blockJobs registers the commands that start block jobs outside of
// transactions, and those that look into the graph or change it.
func (c *Commands) blockJobs() {
	qmp.Register(c.set, "blockdev-create", 0, c.blockdevCreate)
	qmp.Register(c.set, "x-blockdev-amend", 0, c.amend)
	qmp.Register(c.set, "blockdev-mirror", 0, c.mirror)
	qmp.Register(c.set, "drive-mirror", 0, c.driveMirror)
	qmp.Register(c.set, "block-commit", 0, c.blockCommit)
	qmp.Register(c.set, "block-stream", 0, c.blockStream)
	qmp.Register(c.set, "change-backing-file", 0, c.changeBackingFile)
	qmp.Register(c.set, "x-blockdev-change", 0, c.changeChild)
	qmp.Register(c.set, "x-blockdev-set-iothread", 0, c.setIOThread)
	qmp.Register(c.set, "x-debug-query-block-graph", 0, func(*qmp.Call, none) (block.GraphInfo, error) { return c.m.Blocks.Debug(), nil })
	qmp.Register(c.set, "x-debug-block-dirty-bitmap-sha256", 0, c.bitmapHash)
}

// newJobArgs are the arguments of all commands that start block jobs.
type newJobArgs struct {
	ID           string `json:"job-id"`
	Device       string `json:"device"`
	Speed        int64  `json:"speed"` // bytes per second
	Filter       string `json:"filter-node-name"`
	AutoFinalize *bool  `json:"auto-finalize"`
	AutoDismiss  *bool  `json:"auto-dismiss"`
}

func (a newJobArgs) options() block.JobOptions {
	return block.JobOptions{ID: a.ID, Speed: a.Speed, AutoFinalize: a.AutoFinalize, AutoDismiss: a.AutoDismiss}
}

type createArgs struct {
	ID      string        `json:"job-id"`
	Options *qjson.Object `json:"options"`
}

func (c *Commands) blockdevCreate(_ *qmp.Call, a createArgs) (none, error) {
	return none{}, c.m.Blocks.Create(a.ID, a.Options)
}

type amendArgs struct {
	createArgs
	Node string `json:"node-name"`
}

func (c *Commands) amend(_ *qmp.Call, a amendArgs) (none, error) {
	return none{}, c.m.Blocks.Amend(a.ID, a.Node, a.Options)
}

// copyArgs are the arguments of mirrors and backups.
type copyArgs struct {
	newJobArgs
	Target   string        `json:"target"`
	Sync     string        `json:"sync"`
	OnSource block.OnError `json:"on-source-error"`
	OnTarget block.OnError `json:"on-target-error"`
	Format   string        `json:"format"` // of a file, as the next two
	NodeName string        `json:"node-name"`
	Mode     string        `json:"mode"`
}

func (a copyArgs) drive() block.DriveTarget {
	return block.DriveTarget{File: a.Target, Format: a.Format, NodeName: a.NodeName, Existing: a.Mode == "existing"}
}

type mirrorArgs struct {
	copyArgs
	Replaces    string `json:"replaces"`
	Granularity *int64 `json:"granularity"`
	BufSize     int64  `json:"buf-size"` // a hint that is not needed
	CopyMode    string `json:"copy-mode"`
	Zeroed      bool   `json:"target-is-zero"`
}

func (a mirrorArgs) options() block.MirrorOptions {
	return block.MirrorOptions{
		JobOptions: a.copyArgs.options(), Replaces: a.Replaces, Sync: a.Sync, Granularity: a.Granularity, BufSize: a.BufSize, Filter: a.Filter,
		OnSource: a.OnSource, OnTarget: a.OnTarget, Blocking: a.CopyMode == "write-blocking", Zeroed: a.Zeroed,
	}
}

func (c *Commands) mirror(_ *qmp.Call, a mirrorArgs) (none, error) {
	return none{}, c.m.Blocks.Mirror(a.Device, a.Target, a.options())
}

func (c *Commands) driveMirror(_ *qmp.Call, a mirrorArgs) (none, error) {
	return none{}, c.m.Blocks.DriveMirror(a.Device, a.drive(), a.options())
}

type backupArgs struct {
	copyArgs
	Bitmap     string `json:"bitmap"`
	BitmapMode string `json:"bitmap-mode"`
	Compress   bool   `json:"compress"`
	OnCBW      string `json:"on-cbw-error"`
}

// backup is both blockdev-backup and drive-backup; only the latter has a mode
// or a format, and its target is a file.
func (c *Commands) backup(drive bool) action {
	return func(args *qjson.Object, txn *job.Txn) (block.Action, error) {
		var a backupArgs
		if err := qjson.Unmarshal(args, &a); err != nil {
			return block.Action{}, err
		}
		o := block.BackupOptions{
			JobOptions: a.options(), Sync: a.Sync, Bitmap: a.Bitmap, BitmapMode: a.BitmapMode, Compress: a.Compress,
			Filter: a.Filter, OnSource: a.OnSource, OnTarget: a.OnTarget, OnCBW: a.OnCBW, Txn: txn,
		}
		if drive {
			return c.m.Blocks.DriveBackup(a.Device, a.drive(), o)
		}
		return c.m.Blocks.Backup(a.Device, a.Target, o)
	}
}

// layerArgs are the arguments of jobs on chains of layers.
type layerArgs struct {
	newJobArgs
	Base     string        `json:"base"`
	BaseNode string        `json:"base-node"`
	Top      string        `json:"top"`
	TopNode  string        `json:"top-node"`
	Bottom   string        `json:"bottom"`
	Backing  *string       `json:"backing-file"`
	OnError  block.OnError `json:"on-error"`
}

func (c *Commands) blockCommit(_ *qmp.Call, a layerArgs) (none, error) {
	err := c.m.Blocks.Commit(a.Device, block.CommitOptions{
		JobOptions: a.options(), Top: a.Top, TopNode: a.TopNode, Base: a.Base, BaseNode: a.BaseNode,
		Backing: a.Backing, Filter: a.Filter, OnError: a.OnError,
	})
	if block.DeviceNotFound(err) {
		return none{}, qmp.Errorf(qmp.DeviceNotFound, "%s", err.Error())
	}
	return none{}, err
}

func (c *Commands) blockStream(_ *qmp.Call, a layerArgs) (none, error) {
	return none{}, c.m.Blocks.Stream(a.Device, block.StreamOptions{
		JobOptions: a.options(), Base: a.Base, BaseNode: a.BaseNode, Bottom: a.Bottom,
		Backing: a.Backing, Filter: a.Filter, OnError: a.OnError,
	})
}

type backingArgs struct {
	Device  string `json:"device"`
	Image   string `json:"image-node-name"`
	Backing string `json:"backing-file"`
}

func (c *Commands) changeBackingFile(_ *qmp.Call, a backingArgs) (none, error) {
	return none{}, c.m.Blocks.ChangeBackingFile(a.Device, a.Image, a.Backing)
}

type changeChildArgs struct {
	Parent string `json:"parent"`
	Child  string `json:"child"`
	Node   string `json:"node"`
}

func (c *Commands) changeChild(_ *qmp.Call, a changeChildArgs) (none, error) {
	return none{}, c.m.Blocks.ChangeChild(a.Parent, a.Child, a.Node)
}

type bitmapHash struct {
	Hash string `json:"sha256"`
}

func (c *Commands) bitmapHash(_ *qmp.Call, a bitmapArgs) (bitmapHash, error) {
	sum, err := c.m.Blocks.BitmapHash(a.Node, a.Name)
	return bitmapHash{sum}, err
}

type setIOThreadArgs struct {
	Node   string  `json:"node-name"`
	Thread *string `json:"iothread"` // nil: the main loop
	Force  bool    `json:"force"`
}

func (c *Commands) setIOThread(_ *qmp.Call, a setIOThreadArgs) (none, error) {
	return none{}, c.m.Blocks.SetIOThread(a.Node, a.Thread, a.Force)
}
