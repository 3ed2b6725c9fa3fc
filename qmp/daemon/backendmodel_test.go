package daemon_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// draw picks one of six names, so that some are taken and some are free.
func draw(rt *rapid.T, prefix string) string {
	return fmt.Sprintf("%s%d", prefix, rapid.IntRange(0, 5).Draw(rt, prefix))
}

func (b *bench) addChardev(rt *rapid.T) {
	id := draw(rt, "c")
	backend := map[string]map[string]any{
		"null": {}, "ringbuf": {"size": 4096}, "file": {"out": filepath.Join(b.dir, id+".out")},
		"socket": {"server": true, "wait": false, "addr": map[string]any{"type": "unix", "data": map[string]any{"path": filepath.Join(b.dir, id)}}},
	}
	typ := rapid.SampledFrom(slices.Sorted(maps.Keys(backend))).Draw(rt, "type")
	want := ""
	if _, taken := b.chardevs[id]; taken {
		want = fmt.Sprintf("Chardev with id '%s' already exists", id)
	} else {
		b.chardevs[id] = ""
	}
	b.run("chardev-add", map[string]any{"id": id, "backend": map[string]any{"type": typ, "data": backend[typ]}}, want)
}

func (b *bench) removeChardev(rt *rapid.T) {
	id := draw(rt, "c")
	want := ""
	switch by, ok := b.chardevs[id]; {
	case !ok:
		want = fmt.Sprintf("Chardev '%s' not found", id)
	case by != "":
		want = fmt.Sprintf("Chardev '%s' is busy", id)
	default:
		delete(b.chardevs, id)
	}
	b.run("chardev-remove", map[string]any{"id": id}, want)
}

func (b *bench) addNetdev(rt *rapid.T) {
	id := draw(rt, "n")
	args := rapid.SampledFrom([]map[string]any{
		{"type": "hubport", "hubid": 1},
		{"type": "stream", "server": true, "addr": map[string]any{"type": "unix", "path": filepath.Join(b.dir, id)}},
		{"type": "dgram", "local": map[string]any{"type": "inet", "host": "127.0.0.1", "port": "0"},
			"remote": map[string]any{"type": "inet", "host": "127.0.0.1", "port": "9"}},
	}).Draw(rt, "netdev")
	args = maps.Clone(args)
	args["id"] = id
	want := ""
	if _, taken := b.netdevs[id]; taken {
		want = fmt.Sprintf("Duplicate ID '%s'", id)
	} else {
		b.netdevs[id] = ""
	}
	b.run("netdev_add", args, want)
}

// delNetdev deletes netdevs that are in use, too: the device goes without.
func (b *bench) delNetdev(rt *rapid.T) {
	id := draw(rt, "n")
	want := ""
	if _, ok := b.netdevs[id]; !ok {
		want = fmt.Sprintf("Device '%s' not found", id)
	}
	delete(b.netdevs, id)
	maps.DeleteFunc(b.filters, func(_, netdev string) bool { return netdev == id })
	b.run("netdev_del", map[string]any{"id": id}, want)
}

// duplicateObject is the refusal of a second object of one name.
func (b *bench) duplicateObject(id string) string {
	if b.groups[id] || b.filters[id] != "" {
		return fmt.Sprintf("attempt to add duplicate property '%s' to object (type 'container')", id)
	}
	return ""
}

func (b *bench) addGroup(rt *rapid.T) {
	id := draw(rt, "o")
	want := b.duplicateObject(id)
	b.groups[id] = true
	b.run("object-add", map[string]any{"qom-type": "throttle-group", "id": id}, want)
}

func (b *bench) delGroup(rt *rapid.T) {
	id := draw(rt, "o")
	want := ""
	switch {
	case !b.groups[id]:
		want = fmt.Sprintf("object '%s' not found", id)
	case b.members(id):
		want = fmt.Sprintf("Cannot delete throttle group '%s' with active references", id)
	default:
		delete(b.groups, id)
	}
	b.run("object-del", map[string]any{"id": id}, want)
}

// members reports whether a throttle group has any.
func (b *bench) members(group string) bool {
	for _, n := range b.nodes {
		if n.group == group {
			return true
		}
	}
	return false
}

func (b *bench) addFilter(rt *rapid.T) {
	id, netdev := draw(rt, "f"), draw(rt, "n")
	want := b.duplicateObject(id)
	if _, ok := b.netdevs[netdev]; want == "" && !ok {
		want = "Parameter 'netdev' expects a network backend id"
	}
	if want == "" {
		b.filters[id] = netdev
	}
	b.run("object-add", map[string]any{"qom-type": "filter-buffer", "id": id, "netdev": netdev, "interval": 1000}, want)
}

func (b *bench) delFilter(rt *rapid.T) {
	id := draw(rt, "f")
	want := ""
	if b.filters[id] == "" {
		want = fmt.Sprintf("object '%s' not found", id)
	}
	delete(b.filters, id)
	b.run("object-del", map[string]any{"id": id}, want)
}

// duplicateNode is the refusal of a second node of one name.
func (b *bench) duplicateNode(id string) string {
	if b.nodes[id] != nil {
		return fmt.Sprintf("Duplicate nodes with node-name='%s'", id)
	}
	return ""
}

func (b *bench) addNode(rt *rapid.T) {
	id := draw(rt, "b")
	args := map[string]any{"driver": "null-co", "node-name": id}
	if rapid.Bool().Draw(rt, "file") {
		path := filepath.Join(b.dir, id+".img")
		if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
			rt.Fatal(err)
		}
		args["driver"], args["filename"] = "file", path
	}
	want := b.duplicateNode(id)
	if want == "" {
		b.nodes[id] = &blockNode{}
	}
	b.run("blockdev-add", args, want)
}

func (b *bench) addThrottle(rt *rapid.T) {
	id, child, group := draw(rt, "b"), draw(rt, "b"), draw(rt, "o")
	want := ""
	switch {
	case b.duplicateNode(id) != "" || id == child:
		rt.Skip("which mistake comes first is for recordings to say")
	case b.nodes[child] == nil:
		want = fmt.Sprintf("Cannot find device='%s' nor node-name='%[1]s'", child)
	case !b.groups[group]:
		want = fmt.Sprintf("Throttle group '%s' does not exist", group)
	default:
		b.nodes[id] = &blockNode{child: child, group: group}
		b.nodes[child].users = append(b.nodes[child].users, user{parent: id})
	}
	b.run("blockdev-add", map[string]any{"driver": "throttle", "node-name": id, "file": child, "throttle-group": group}, want)
}

func (b *bench) delNode(rt *rapid.T) {
	id := draw(rt, "b")
	n, want := b.nodes[id], ""
	switch {
	case n == nil:
		want = fmt.Sprintf("Failed to find node with node-name='%s'", id)
	case slices.ContainsFunc(n.users, func(u user) bool { return u.device != "" }):
		want = fmt.Sprintf("Node %s is in use", id)
	case len(n.users) > 0:
		want = fmt.Sprintf("Block device %s is in use", id)
	default:
		delete(b.nodes, id)
		b.leave(n.child, user{parent: id})
	}
	b.run("blockdev-del", map[string]any{"node-name": id}, want)
}

// leave ends somebody's use of a node.
func (b *bench) leave(id string, u user) {
	if n := b.nodes[id]; n != nil {
		n.users = slices.DeleteFunc(n.users, func(o user) bool { return o == u })
	}
}

// writes reports whether somebody who uses a node writes.
func (b *bench) writes(u user) bool {
	return u.device != "" || slices.ContainsFunc(b.nodes[u.parent].users, b.writes)
}

// describe is how QEMU calls the user of a node.
func (b *bench) describe(u user, node string) string {
	if u.parent != "" {
		return fmt.Sprintf("node '%s' (uses node '%s' as 'file' child)", u.parent, node)
	}
	return fmt.Sprintf("block device '%s' (uses node '%s' as 'root' child)", u.device, node)
}

// conflict is the refusal of a new writer: all who write through a node want to be
// the only ones. QEMU blames the one that came to the node last, which need not be
// the new one.
func (b *bench) conflict(node string, by user) string {
	for ; node != ""; by, node = (user{parent: node}), b.nodes[node].child {
		users := b.nodes[node].users
		for i, u := range users {
			if u == by || !b.writes(u) {
				continue
			}
			first, last := u, by
			if at := slices.Index(users, by); at >= 0 && at < i {
				first, last = by, u
			}
			return fmt.Sprintf("Permission conflict on node '%s': permissions 'write' are both required by %s and unshared by %s.",
				node, b.describe(first, node), b.describe(last, node))
		}
	}
	return ""
}

func (b *bench) addDevice(rt *rapid.T) {
	driver := rapid.SampledFrom(slices.Sorted(maps.Keys(kinds))).Draw(rt, "driver")
	k, id := kinds[driver], draw(rt, "d")
	backend := draw(rt, map[string]string{"chardev": "c", "netdev": "n", "drive": "b"}[k.prop])
	bus := k.bus
	if strings.Contains(bus, "%") {
		bus = fmt.Sprintf(bus, id[1:]) // every device has a port of its own
	}
	end := ""
	if k.end != "" {
		end = fmt.Sprintf(k.end, id)
	}
	want := b.mayUse(k.prop, k.owner, backend, end)
	if _, taken := b.devices[id]; taken {
		want = fmt.Sprintf("Duplicate device ID '%s'", id)
	}
	if want == "" {
		b.devices[id] = device{driver, backend}
		switch k.prop {
		case "chardev":
			b.chardevs[backend] = id
		case "netdev":
			b.netdevs[backend] = id
		case "drive":
			b.nodes[backend].users = append(b.nodes[backend].users, user{device: end})
		}
	}
	b.run("device_add", map[string]any{"driver": driver, "id": id, "bus": bus, k.prop: backend}, want)
}

// mayUse is the refusal of a backend, empty when the device may have it.
func (b *bench) mayUse(prop, owner, backend, end string) string {
	used, found := "", false
	switch prop {
	case "chardev":
		used, found = b.chardevs[backend]
	case "netdev":
		used, found = b.netdevs[backend]
	case "drive":
		if found = b.nodes[backend] != nil; found {
			return b.conflict(backend, user{device: end})
		}
	}
	switch {
	case !found:
		return fmt.Sprintf("Property '%s.%s' can't find value '%s'", owner, prop, backend)
	case used != "" && prop == "chardev":
		return fmt.Sprintf("Property '%s.chardev' can't take value '%s': chardev '%[2]s' is already in use", owner, backend)
	case used != "":
		return fmt.Sprintf("Property '%s.netdev' can't take value '%s', it's in use", owner, backend)
	}
	return ""
}

func (b *bench) delDevice(rt *rapid.T) {
	id := draw(rt, "d")
	d, ok := b.devices[id]
	want := ""
	if !ok {
		want = fmt.Sprintf("Device '%s' not found", id)
	}
	delete(b.devices, id)
	switch k := kinds[d.driver]; {
	case !ok:
	case k.prop == "chardev":
		b.chardevs[d.backend] = ""
	case k.prop == "netdev" && b.netdevs[d.backend] == id:
		b.netdevs[d.backend] = ""
	case k.prop == "drive":
		b.leave(d.backend, user{device: fmt.Sprintf(k.end, id)})
	}
	b.run("device_del", map[string]any{"id": id}, want)
}
