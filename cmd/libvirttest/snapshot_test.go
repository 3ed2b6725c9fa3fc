package libvirttest

import (
	"strings"
	"testing"
)

// A snapshot puts an overlay on a running domain's disk; committing it takes the
// overlay away again.
func TestSnapshotAndCommit(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("snapshot", "")
	base, overlay := c.root+"/files/snapshot.img", c.root+"/files/overlay.qcow2"
	c.run("snapshot-create-as snapshot s1 --disk-only --no-metadata --diskspec vda,file=%s", overlay)
	c.contains("domblklist snapshot", overlay)
	if nodes := c.names("snapshot", `{"execute":"query-named-block-nodes","arguments":{"flat":true}}`, "file"); !strings.Contains(strings.Join(nodes, " "), overlay) {
		t.Errorf("the overlay is not among %v", nodes)
	}
	c.run("blockcommit snapshot vda --active --pivot --wait")
	c.contains("domblklist snapshot", base)
	if nodes := c.names("snapshot", `{"execute":"query-named-block-nodes","arguments":{"flat":true}}`, "file"); strings.Contains(strings.Join(nodes, " "), overlay) {
		t.Errorf("the overlay is among %v", nodes)
	}
	c.heard("JOB_STATUS_CHANGE")
	if jobs := c.names("snapshot", `{"execute":"query-jobs"}`, "id"); len(jobs) > 0 {
		t.Errorf("jobs %v are left", jobs)
	}
}

// A disk is copied while the domain runs, and the domain goes on with the copy.
func TestBlockCopy(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("copy", "")
	target := c.root + "/files/copy.qcow2"
	c.run("blockcopy copy vda %s --format qcow2 --wait --pivot --transient-job", target)
	c.contains("domblklist copy", target)
}
