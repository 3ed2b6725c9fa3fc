package block

import (
	"errors"

	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/qmp/qjson"
)

// Amend starts a job that changes options of an image, as x-blockdev-amend does.
// Those of encryption are all that can be changed, and no image here is encrypted.
func (g *Graph) Amend(id, node string, o *qjson.Object) error {
	n, err := g.Find("", node)
	if err != nil {
		return err
	}
	driver, _ := text(o, "driver")
	switch {
	case driver != n.driver:
		return errors.New("x-blockdev-amend doesn't support changing the block driver")
	case driver != "qcow2":
		return errors.New("Driver does not support x-blockdev-amend")
	}
	j, err := g.opts.Jobs.New(job.Spec{
		ID: id, Type: "amend", ManualDismiss: true, Short: true,
		Run: func(j *job.Job) error {
			j.SetTotal(1)
			j.Advance(1)
			if o.Has("encrypt") {
				return errors.New("image is not encrypted, can't amend")
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	j.Start()
	return nil
}
