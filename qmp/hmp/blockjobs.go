package hmp

import (
	"errors"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// blockJobRows are the commands on block jobs, on snapshots of drives, and on
// the NBD server.
func blockJobRows() []*command {
	return []*command{
		{names: "block_job_cancel", args: "force:-f,device:B", params: "[-f] device", qmp: "block-job-cancel",
			help: "cancel a block job; -f: now, even where it would first bring its target up to date",
			run:  forward("block-job-cancel", "device", "force")},
		{names: "block_job_complete", args: "device:B", params: "device", help: "let a block job that is ready end",
			qmp: "block-job-complete", run: forward("block-job-complete", "device")},
		{names: "block_job_pause", args: "device:B", params: "device", help: "pause a block job",
			qmp: "block-job-pause", run: forward("block-job-pause", "device")},
		{names: "block_job_resume", args: "device:B", params: "device", help: "go on with a block job",
			qmp: "block-job-resume", run: forward("block-job-resume", "device")},
		{names: "block_job_set_speed", args: "device:B,speed:o", params: "device speed", help: "limit the speed of a block job",
			qmp: "block-job-set-speed", run: forward("block-job-set-speed", "device", "speed")},
		{names: "block_stream", args: "device:B,speed:o?,base:s?", params: "device [speed [base]]", qmp: "block-stream",
			help: "copy what is behind an image into it",
			run: func(r *run) error {
				return r.ask("block-stream", append(r.members("job-id=device", "device", "speed", "base"), with("on-error", "report"))...)
			}},
		{names: "drive_mirror", args: "reuse:-n,full:-f,device:B,target:s,format:s?", params: "[-n] [-f] device target [format]",
			qmp: "drive-mirror", help: "copy a drive, and what is written to it from now on; -n: into a file that is there; " +
				"-f: what is behind it too", run: copyDrive("drive-mirror")},
		{names: "drive_backup", args: "reuse:-n,full:-f,compress:-c,device:B,target:s,format:s?", qmp: "drive-backup",
			params: "[-n] [-f] [-c] device target [format]", help: "copy a drive as it is now; -n: into a file that is there; " +
				"-f: what is behind it too; -c: compressed", run: copyDrive("drive-backup")},
		{names: "snapshot_blkdev", args: "reuse:-n,device:B,snapshot-file:s?,format:s?", qmp: "blockdev-snapshot-sync",
			params: "[-n] device [new-image-file] [format]", help: "put a new image before a drive's; -n: one that is there",
			run: snapshot},
		{names: "snapshot_blkdev_internal", args: "device:B,name:s", params: "device name", qmp: "blockdev-snapshot-internal-sync",
			help: "make a snapshot within an image", run: forward("blockdev-snapshot-internal-sync", "device", "name")},
		{names: "snapshot_delete_blkdev_internal", args: "device:B,name:s,id:s?", params: "device name [id]",
			qmp: "blockdev-snapshot-delete-internal-sync", help: "delete a snapshot within an image",
			run: forward("blockdev-snapshot-delete-internal-sync", "device", "name", "id")},
		{names: "commit", args: "device:B", params: "device|all", qmp: "block-commit", bare: true,
			help: "write what a drive's layer has into the image behind it, or that of all drives", run: commit},
		{names: "nbd_server_start", args: "all:-a,writable:-w,uri:s", params: "nbd_server_start [-a] [-w] host:port", qmp: "nbd-server-start",
			help: "serve block devices to others; -a: all of them; -w: to be written too", run: nbdStart},
		{names: "nbd_server_add", args: "writable:-w,device:B,name:s?", params: "nbd_server_add [-w] device [name]", qmp: "nbd-server-add",
			help: "serve a block device; -w: to be written too", run: forward("nbd-server-add", "device", "name", "writable")},
		{names: "nbd_server_remove", args: "force:-f,name:s", params: "nbd_server_remove [-f] name", qmp: "nbd-server-remove",
			help: "serve a block device no longer; -f: even to those who use it", run: nbdRemove},
		{names: "nbd_server_stop", params: "nbd_server_stop", help: "serve no block devices any more", qmp: "nbd-server-stop", run: forward("nbd-server-stop")},
	}
}

// copyDrive returns what runs a job that copies a drive into a file.
func copyDrive(command string) func(*run) error {
	return func(r *run) error {
		args := append(r.members("device", "target", "format"), with("sync", "top"), with("mode", r.mode()))
		if r.args.flag("full") {
			args[len(args)-2] = with("sync", "full")
		}
		if r.args.flag("compress") {
			args = append(args, with("compress", true))
		}
		return r.ask(command, args...)
	}
}

// mode says whether an image is made or there already.
func (r *run) mode() string {
	if r.args.flag("reuse") {
		return "existing"
	}
	return "absolute-paths"
}

// commit takes long.
func commit(r *run) error {
	list, err := r.h.m.Blocks.Merges(r.args.text("device"))
	if err != nil {
		return err
	}
	return r.long(func(locked bool) error {
		var err error
		for _, m := range list {
			if err = m.Work(); err != nil {
				break
			}
		}
		done := func() {
			for _, m := range list {
				m.Done()
			}
		}
		if locked {
			done()
		} else {
			r.h.m.Do(done)
		}
		return err
	})
}

func snapshot(r *run) error {
	if !r.has("snapshot-file") {
		return errors.New("Parameter 'snapshot-file' is missing")
	}
	return r.ask("blockdev-snapshot-sync", append(r.members("device", "snapshot-file", "format"), with("mode", r.mode()))...)
}

func nbdStart(r *run) error {
	if r.args.flag("writable") && !r.args.flag("all") {
		return errors.New("-w only valid together with -a")
	}
	addr, err := socketAddress(r.args.text("uri"))
	if err == nil {
		err = r.ask("nbd-server-start", with("addr", addr))
	}
	if err != nil || !r.args.flag("all") {
		return err
	}
	drives, err := r.list("query-block")
	for _, d := range drives {
		if err == nil && d.Has("inserted") && text(d, "device") != "" {
			err = r.ask("nbd-server-add", with("device", text(d, "device")), with("writable", r.args.flag("writable")))
		}
	}
	if err != nil {
		r.ask("nbd-server-stop")
	}
	return err
}

// socketAddress reads an address as QEMU's SocketAddressLegacy: "unix:PATH",
// "fd:NAME", "vsock:CID:PORT" or "[tcp:]HOST:PORT".
func socketAddress(uri string) (*qjson.Object, error) {
	address := func(kind string, members ...qjson.Member) (*qjson.Object, error) {
		return qjson.NewObject(with("type", kind), with("data", qjson.NewObject(members...))), nil
	}
	kind, rest, _ := strings.Cut(uri, ":")
	switch kind {
	case "unix":
		return address("unix", with("path", rest))
	case "fd":
		return address("fd", with("str", rest))
	case "vsock":
		cid, port, _ := strings.Cut(rest, ":")
		return address("vsock", with("cid", cid), with("port", port))
	case "tcp":
		uri = rest
	}
	i := strings.LastIndexByte(uri, ':')
	if i < 0 {
		return nil, errors.New("error parsing address '" + uri + "'")
	}
	host, port := strings.Trim(uri[:i], "[]"), uri[i+1:]
	return address("inet", with("host", host), with("port", port))
}

func nbdRemove(r *run) error {
	args := r.members("name")
	if r.args.flag("force") {
		args = append(args, with("mode", "hard"))
	}
	return r.ask("nbd-server-remove", args...)
}
