package machine_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

// blockModel is the picture of block nodes: who lies on whom, which device uses
// which, and what jobs do.
type blockModel struct {
	nodes   map[string]*blockNode
	devices map[string]string // id of a disk: its node
	medium  string            // in the drive "cd"
	jobs    map[string]*blockJob
	files   int // made so far
}

type blockNode struct {
	owned    bool   // by the monitor: it stays when nobody uses it
	below    string // the node that it lies on, empty for none
	backing  bool   // below is a backing node
	readOnly bool
}

// blockJob is a mirror that is ready, or a backup that waits for writes.
type blockJob struct{ kind, source, target string }

var (
	blockNames  = []string{"n0", "n1", "n2", "n3", "n4", "n5"}
	deviceNames = []string{"d0", "d1", "d2"}
	jobNames    = []string{"j0", "j1"}
)

func newBlockModel(r *random) model {
	r.do("", "device_add", qmptest.A{"driver": "scsi-cd", "id": "cd"})
	return &blockModel{nodes: map[string]*blockNode{}, devices: map[string]string{}, jobs: map[string]*blockJob{}}
}

func (m *blockModel) step(r *random) {
	steps := map[string]func(*random){
		"add null": m.addNull, "add file": m.addFile, "add raw": m.addRaw, "del": m.del, "reopen": m.reopen,
		"plug": m.plug, "unplug": m.unplug, "insert": m.insert, "eject": m.eject,
		"mirror": m.mirror, "backup": m.backup, "end job": m.endJob, "snapshot": m.snapshot, "commit": m.commit,
	}
	steps[r.pick("step", slices.Sorted(maps.Keys(steps))...)](r)
}

// taken is the error of a name that is in use, empty for none.
func (m *blockModel) taken(name string) string {
	if m.nodes[name] != nil {
		return fmt.Sprintf("Duplicate nodes with node-name='%s'", name)
	}
	return ""
}

// add runs blockdev-add, and keeps the node when that has to succeed.
func (m *blockModel) add(r *random, fails string, args qmptest.A, n *blockNode) {
	name := args["node-name"].(string)
	if fails == "" {
		fails = m.taken(name)
	}
	if r.do(fails, "blockdev-add", args); fails == "" {
		n.owned = true
		m.nodes[name] = n
	}
}

func (m *blockModel) addNull(r *random) {
	m.add(r, "", qmptest.A{"driver": "null-co", "node-name": r.pick("node", blockNames...), "size": 65536}, &blockNode{})
}

func (m *blockModel) addFile(r *random) {
	m.files++
	path := filepath.Join(r.dir, fmt.Sprint("file", m.files))
	if err := os.WriteFile(path, make([]byte, 65536), 0o600); err != nil {
		r.Fatal(err)
	}
	m.add(r, "", qmptest.A{"driver": "file", "node-name": r.pick("node", blockNames...), "filename": path}, &blockNode{})
}

func (m *blockModel) addRaw(r *random) {
	below, fails := r.pick("below", blockNames...), ""
	if m.nodes[below] == nil {
		fails = fmt.Sprintf("Cannot find device='%s' nor node-name='%s'", below, below)
	}
	m.add(r, fails, qmptest.A{"driver": "raw", "node-name": r.pick("node", blockNames...), "file": below}, &blockNode{below: below})
}

// attached returns the devices that use a node.
func (m *blockModel) attached(name string) (ids []string) {
	for id, node := range m.devices {
		if node == name {
			ids = append(ids, id)
		}
	}
	if m.medium == name {
		ids = append(ids, "cd")
	}
	return ids
}

// above returns the nodes that lie on a node.
func (m *blockModel) above(name string) (names []string) {
	for other, n := range m.nodes {
		if n.below == name {
			names = append(names, other)
		}
	}
	return names
}

// job returns the job that keeps a node, nil for none.
func (m *blockModel) job(name string) *blockJob {
	for _, j := range m.jobs {
		if j.target == name || j.source == name && j.kind == "mirror" {
			return j
		}
	}
	return nil
}

// source returns the backup that copies a node, nil for none: a filter lies on
// the node.
func (m *blockModel) source(name string) *blockJob {
	for _, j := range m.jobs {
		if j.source == name {
			return j
		}
	}
	return nil
}

// busy is the error of whoever wants to change a node, empty when he may.
func (m *blockModel) busy(name string) string {
	if j := m.job(name); j != nil {
		return fmt.Sprintf("Node '%s' is busy: block device is in use by block job: %s", name, j.kind)
	}
	for _, other := range m.above(name) {
		if m.nodes[other].backing {
			return fmt.Sprintf("Node '%s' is busy: node is used as backing hd of '%s'", name, other)
		}
	}
	return ""
}

func (m *blockModel) missing(name string) string {
	return fmt.Sprintf("Failed to find node with node-name='%s'", name)
}

func (m *blockModel) del(r *random) {
	name, fails := r.pick("node", blockNames...), ""
	n := m.nodes[name]
	busy := m.busy(name)
	filtered := m.source(name)
	switch {
	case n == nil:
		fails = m.missing(name)
	case len(m.attached(name)) > 0 && filtered == nil, m.mirrored(name):
		fails = fmt.Sprintf("Node %s is in use", name)
	case busy != "":
		fails = busy
	case !n.owned:
		fails = fmt.Sprintf("Node %s is not owned by the monitor", name)
	case len(m.above(name)) > 0 || filtered != nil:
		fails = fmt.Sprintf("Block device %s is in use", name)
	}
	if r.do(fails, "blockdev-del", qmptest.A{"node-name": name}); fails == "" {
		m.release(name)
	}
}

// mirrored reports whether a node is the target of a mirror.
func (m *blockModel) mirrored(name string) bool {
	j := m.job(name)
	return j != nil && j.kind == "mirror" && j.target == name
}

// release ends a node that the monitor does not own any more, if nobody uses
// it, and then those that it lay on.
func (m *blockModel) release(name string) {
	n := m.nodes[name]
	if n == nil || len(m.attached(name)) > 0 || len(m.above(name)) > 0 || m.source(name) != nil || m.job(name) != nil {
		return
	}
	delete(m.nodes, name)
	if below := m.nodes[n.below]; below != nil && !below.owned {
		m.release(n.below)
	}
}

// leaves reports whether a node is one that may be read-only at will: nobody
// uses it, and it lies on nothing.
func (m *blockModel) unused(name string) bool {
	return len(m.attached(name)) == 0 && len(m.above(name)) == 0 && m.job(name) == nil && m.source(name) == nil
}

func (m *blockModel) reopen(r *random) {
	name, fails := r.pick("node", blockNames...), ""
	n := m.nodes[name]
	if n == nil {
		fails = m.missing(name)
	} else if n.below != "" || !m.unused(name) || !m.isNull(r, name) {
		return
	}
	options := qmptest.A{"driver": "null-co", "node-name": name, "size": 65536}
	if n != nil {
		options["read-only"] = !n.readOnly
	}
	if r.do(fails, "blockdev-reopen", qmptest.A{"options": []qmptest.A{options}}); fails == "" {
		n.readOnly = !n.readOnly
	}
}

func (m *blockModel) isNull(r *random, name string) bool { return m.drivers(r)[name] == "null-co" }

func (m *blockModel) drivers(r *random) map[string]string {
	var nodes []struct {
		Name   string `json:"node-name"`
		Driver string `json:"drv"`
	}
	r.c.Must("query-named-block-nodes", qmptest.A{"flat": true}, &nodes)
	drivers := map[string]string{}
	for _, n := range nodes {
		drivers[n.Name] = n.Driver
	}
	return drivers
}

// under lists a node and all that it lies on.
func (m *blockModel) under(name string) (names []string) {
	for ; name != ""; name = m.nodes[name].below {
		names = append(names, name)
	}
	return names
}

// written reports whether somebody writes to a node, or to one that a
// writer to it would share it with: then nobody else can.
func (m *blockModel) written(name string) bool {
	writers := slices.Collect(maps.Values(m.devices))
	for _, j := range m.jobs {
		writers = append(writers, j.target)
	}
	for _, w := range writers {
		for n := w; n != "" && m.nodes[n] != nil; n = m.nodes[n].below {
			if slices.Contains(m.under(name), n) {
				return true
			}
		}
	}
	for _, n := range m.under(name) {
		if slices.Contains(m.under(m.medium), n) || m.source(n) != nil {
			return true
		}
	}
	return false
}

func (m *blockModel) plug(r *random) {
	id, name := r.pick("device", deviceNames...), r.pick("node", blockNames...)
	n, fails := m.nodes[name], ""
	switch {
	case m.devices[id] != "":
		fails = fmt.Sprintf("Duplicate device ID '%s'", id)
	case n == nil:
		fails = fmt.Sprintf("Property 'scsi-hd.drive' can't find value '%s'", name)
	case m.written(name) || len(m.above(name)) > 0 || m.readOnly(name):
		return // whether that goes is for the tests of permissions
	}
	if r.do(fails, "device_add", qmptest.A{"driver": "scsi-hd", "id": id, "drive": name}); fails == "" {
		m.devices[id] = name
	}
}

// readOnly reports whether a node or one that it lies on cannot be written.
func (m *blockModel) readOnly(name string) bool {
	return slices.ContainsFunc(m.under(name), func(n string) bool { return m.nodes[n].readOnly })
}

func (m *blockModel) unplug(r *random) {
	id := r.pick("device", deviceNames...)
	name := m.devices[id]
	if name == "" {
		r.do(fmt.Sprintf("Device '%s' not found", id), "device_del", qmptest.A{"id": id})
		return
	}
	r.do("", "device_del", qmptest.A{"id": id})
	r.await("DEVICE_DELETED", qmptest.A{"device": id})
	delete(m.devices, id)
	if n := m.nodes[name]; !n.owned {
		m.release(name)
	}
}

func (m *blockModel) insert(r *random) {
	name, fails := r.pick("node", blockNames...), ""
	r.do("", "blockdev-open-tray", qmptest.A{"id": "cd"})
	switch {
	case m.nodes[name] == nil:
		fails = fmt.Sprintf("Node '%s' not found", name)
	case len(m.attached(name)) > 0 && m.source(name) == nil || m.mirrored(name):
		fails = fmt.Sprintf("Node '%s' is already in use", name)
	case m.medium != "":
		fails = "There already is a medium in the device"
	case m.written(name) || len(m.above(name)) > 0:
		return
	}
	if r.do(fails, "blockdev-insert-medium", qmptest.A{"id": "cd", "node-name": name}); fails == "" {
		m.medium = name
	}
}

func (m *blockModel) eject(r *random) {
	r.do("", "eject", qmptest.A{"id": "cd"})
	name := m.medium
	m.medium = ""
	if n := m.nodes[name]; n != nil && !n.owned {
		m.release(name)
	}
}

// start starts a job that copies one node to another, when nothing but the
// names can be wrong, and returns its id.
func (m *blockModel) start(r *random, kind, command, sync string) (started string) {
	id, source, target := r.pick("job", jobNames...), r.pick("source", blockNames...), r.pick("target", blockNames...)
	fails := ""
	switch {
	case m.nodes[source] == nil:
		fails = fmt.Sprintf("Cannot find device='%s' nor node-name='%s'", source, source)
	case len(m.above(source)) > 0 || m.source(source) != nil || m.job(source) != nil || m.medium != "":
		return ""
	case m.nodes[target] == nil:
		fails = fmt.Sprintf("Cannot find device='%s' nor node-name='%s'", target, target)
	case source == target:
		if kind == "backup" {
			fails = "Source and target cannot be the same"
		} else {
			fails = "Can't mirror node into itself"
		}
	case m.jobs[id] != nil:
		if !m.unused(target) || m.written(target) || m.readOnly(target) || m.nodes[source].below != "" || m.nodes[target].below != "" {
			return ""
		}
		fails = fmt.Sprintf("Job ID '%s' already in use", id)
	case !m.unused(target) || m.written(target) || m.readOnly(target) || m.nodes[source].below != "" || m.nodes[target].below != "":
		return ""
	}
	r.do(fails, command, qmptest.A{"job-id": id, "device": source, "target": target, "sync": sync, "auto-dismiss": true})
	if fails != "" {
		return ""
	}
	m.jobs[id] = &blockJob{kind, source, target}
	return id
}

func (m *blockModel) mirror(r *random) {
	r.c.Events() // of jobs that were held for a moment
	if id := m.start(r, "mirror", "blockdev-mirror", "full"); id != "" {
		r.await("JOB_STATUS_CHANGE", qmptest.A{"id": id, "status": "ready"})
	}
}

func (m *blockModel) backup(r *random) { m.start(r, "backup", "blockdev-backup", "none") }

func (m *blockModel) endJob(r *random) {
	id, complete := r.pick("job", jobNames...), r.pick("how", "cancel", "complete") == "complete"
	j := m.jobs[id]
	verb := "job-cancel"
	if complete {
		verb = "job-complete"
	}
	switch {
	case j == nil:
		r.do("Job not found", verb, qmptest.A{"id": id})
		return
	case complete && j.kind == "backup":
		r.do(fmt.Sprintf("Job '%s' in state 'running' cannot accept command verb 'complete'", id), verb, qmptest.A{"id": id})
		return
	}
	r.do("", verb, qmptest.A{"id": id})
	r.await("JOB_STATUS_CHANGE", qmptest.A{"id": id, "status": "null"})
	delete(m.jobs, id)
	if complete { // the devices go over to the copy
		for device, node := range m.devices {
			if node == j.source {
				m.devices[device] = j.target
			}
		}
	}
	for _, name := range []string{j.source, j.target} {
		if n := m.nodes[name]; n != nil && !n.owned {
			m.release(name)
		}
	}
}

func (m *blockModel) snapshot(r *random) {
	device, name := r.pick("device", deviceNames...), r.pick("node", blockNames...)
	below := m.devices[device]
	if below == "" || m.source(below) != nil {
		return
	}
	m.files++
	args := qmptest.A{"node-name": below, "snapshot-node-name": name, "snapshot-file": filepath.Join(r.dir, fmt.Sprint("layer", m.files))}
	fails := m.busy(below)
	if fails == "" && m.nodes[name] != nil {
		fails = "New overlay node-name already in use"
	}
	if r.do(fails, "blockdev-snapshot-sync", args); fails != "" {
		return
	}
	for _, other := range m.above(below) {
		m.nodes[other].below = name
	}
	m.nodes[name] = &blockNode{below: below, backing: true}
	for id, node := range m.devices {
		if node == below {
			m.devices[id] = name
		}
	}
	m.nodes[below].readOnly = true
}

// commit commits the layer that a device uses, and gives the device what is
// below.
func (m *blockModel) commit(r *random) {
	device := r.pick("device", deviceNames...)
	top := m.devices[device]
	if top == "" || !m.nodes[top].backing || len(m.above(top)) > 0 || m.source(top) != nil || m.job(top) != nil {
		return
	}
	base := m.nodes[top].below
	r.c.Events()
	r.do("", "block-commit", qmptest.A{"job-id": "commit", "device": top, "base-node": base})
	r.await("JOB_STATUS_CHANGE", qmptest.A{"id": "commit", "status": "ready"})
	r.do("", "job-complete", qmptest.A{"id": "commit"})
	r.await("JOB_STATUS_CHANGE", qmptest.A{"id": "commit", "status": "null"})
	m.devices[device] = base
	m.nodes[base].readOnly = false
	m.release(top)
}

func (m *blockModel) compare(r *random) {
	r.Helper()
	var got []string
	for name := range m.drivers(r) {
		if name[0] != '#' {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(m.nodes)), got); diff != "" {
		r.Fatalf("nodes (-want +got):\n%s", diff)
	}
	var blocks []struct {
		Device   string `json:"qdev"`
		Inserted struct {
			Node string `json:"node-name"`
		}
	}
	r.c.Must("query-block", nil, &blocks)
	users := map[string]string{}
	for _, b := range blocks {
		users[b.Device] = b.Inserted.Node
	}
	want := maps.Clone(m.devices)
	want["cd"] = m.medium
	for id, node := range want {
		if j := m.source(node); j != nil && j.kind == "backup" {
			want[id] = users[id] // its filter, which has no name to know
		}
	}
	if diff := cmp.Diff(want, users); diff != "" {
		r.Fatalf("users (-want +got):\n%s", diff)
	}
	var jobs []struct{ ID string }
	r.c.Must("query-jobs", nil, &jobs)
	if len(jobs) != len(m.jobs) {
		r.Fatalf("jobs %v, want %v", jobs, m.jobs)
	}
}

func (m *blockModel) clear(r *random) {
	for id := range m.jobs {
		r.do("", "job-cancel", qmptest.A{"id": id})
		r.await("JOB_STATUS_CHANGE", qmptest.A{"id": id, "status": "null"})
	}
	m.jobs = map[string]*blockJob{}
	m.eject(r)
	for id, node := range m.devices {
		r.do("", "device_del", qmptest.A{"id": id})
		r.await("DEVICE_DELETED", qmptest.A{"device": id})
		delete(m.devices, id)
		if !m.nodes[node].owned {
			m.release(node)
		}
	}
	for len(m.nodes) > 0 {
		for name := range m.nodes {
			if len(m.above(name)) == 0 {
				r.do("", "blockdev-del", qmptest.A{"node-name": name})
				m.release(name)
				break
			}
		}
	}
}
