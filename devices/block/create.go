package block

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/qomd/qomd/devices/block/qcow2"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/qmp/qjson"
)

// Create starts a job that makes an image, as blockdev-create does. Such a job
// waits for job-dismiss.
func (g *Graph) Create(id string, o *qjson.Object) error {
	driver, _ := text(o, "driver")
	var make func() error
	var node *Node
	switch driver {
	case "file":
		make = func() error { return createFile(o) }
	case "qcow2":
		make = func() error { return g.createQcow2(o, node) }
	default:
		if d := driverOf(driver); d == nil || d.internal {
			return fmt.Errorf("Block driver '%s' not found or not supported", driver)
		}
		return errors.New("Driver does not support blockdev-create")
	}
	j, err := g.opts.Jobs.New(job.Spec{
		ID: id, Type: "create", ManualDismiss: true,
		Run: func(j *job.Job) (err error) {
			j.SetTotal(1)
			if ref, named := text(o, "file"); named {
				j.Do(func() { node, err = g.findReference(ref) })
			}
			if err == nil {
				err = make()
			}
			j.Advance(1)
			return err
		},
	})
	if err != nil {
		return err
	}
	j.Start()
	return nil
}

// createFile makes a file of a size on the host.
func createFile(o *qjson.Object) error {
	name, _ := text(o, "filename")
	bytes, _, err := size(o, "size")
	if err != nil {
		return err
	}
	preallocation, _ := text(o, "preallocation")
	if preallocation == "metadata" {
		return fmt.Errorf("Unsupported preallocation mode '%s'", preallocation)
	}
	name = strings.TrimPrefix(name, "file:")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("Could not create '%s': %s", name, reason(err))
	}
	defer f.Close()
	img := &fileImage{name: name, hostFile: hostFile{locking: true}}
	img.f.Store(f)
	if err := img.lock(permWrite|permResize, permAll&^(permRead|permWrite|permResize)); err != nil {
		return fmt.Errorf("%w\nIs another process using the image [%s]?", err, name)
	}
	if err = f.Truncate(0); err == nil {
		err = f.Truncate(bytes)
	}
	if err == nil && (preallocation == "falloc" || preallocation == "full") && bytes > 0 {
		err = allocate(f, bytes)
	}
	if err != nil {
		return fmt.Errorf("Could not resize file: %s", reason(err))
	}
	return nil
}

// createQcow2 formats a node. It is for Run.
func (g *Graph) createQcow2(o *qjson.Object, n *Node) error {
	q, err := qcow2Options(o)
	if err != nil {
		return err
	}
	if n == nil {
		return errors.New("The file of a new image must be named by its node")
	}
	var b *Backend
	g.opts.Do(func() {
		b = g.newBackend("")
		b.insert(n)
		err = b.grant(permWrite|permResize, permAll)
	})
	defer g.opts.Do(func() { b.drop() })
	if err != nil {
		return err
	}
	return qcow2.Create(imageFile{b.root}, q)
}

// qcow2Options reads what kind of image is wanted.
func qcow2Options(o *qjson.Object) (q qcow2.Options, err error) {
	if q.Size, _, err = size(o, "size"); err != nil {
		return q, err
	}
	if q.ClusterSize, _, err = size(o, "cluster-size"); err != nil {
		return q, err
	}
	bits, _, err := size(o, "refcount-bits")
	if err != nil {
		return q, err
	}
	q.RefcountBits = int(bits)
	q.Backing, _ = text(o, "backing-file")
	q.BackingFormat, _ = text(o, "backing-fmt")
	if q.Lazy, err = boolean(o, "lazy-refcounts", false); err != nil {
		return q, err
	}
	if v, _ := text(o, "version"); v == "v2" {
		q.Version = 2
	}
	compression, _ := text(o, "compression-type")
	q.Zstd = compression == "zstd"
	extended, err := boolean(o, "extended-l2", false)
	preallocation, _ := text(o, "preallocation")
	switch {
	case err != nil:
		return q, err
	case q.BackingFormat != "" && q.Backing == "":
		return q, errors.New("Backing format cannot be used without backing file")
	case extended || o.Has("data-file") || o.Has("encrypt"):
		return q, errors.New("Extended L2 entries, data files and encryption are not supported")
	case preallocation != "" && preallocation != "off":
		return q, fmt.Errorf("Preallocation mode '%s' is not supported", preallocation)
	}
	return q, nil
}
