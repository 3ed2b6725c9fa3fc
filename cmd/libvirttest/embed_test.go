package libvirttest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// qemuConf is libvirt's configuration: only the first line is needed, where no
// virtlogd runs; the others keep libvirt from changing the machine.
const qemuConf = `stdio_handler = "file"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
seccomp_sandbox = 0
swtpm_user = "root"
swtpm_group = "root"
`

// connection is a libvirt with a folder of its own.
type connection struct {
	*shell
	root string
}

// probed is what libvirts found out about the emulator, for those that come
// later: asking takes seconds.
var probed struct {
	sync.Mutex
	files map[string][]byte
}

// connect starts a libvirt inside a virsh. At the end of the test its domains are
// destroyed, and nothing may be left of them.
func connect(t *testing.T) *connection {
	t.Helper()
	needLibvirt(t)
	root, err := os.MkdirTemp("", "lv") // the paths of sockets have to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	write(t, filepath.Join(root, "etc/qemu.conf"), qemuConf)
	probed.Lock()
	for name, text := range probed.files {
		write(t, filepath.Join(root, "cache/qemu/capabilities", name), string(text))
	}
	probed.Unlock()
	c := &connection{root: root}
	t.Cleanup(func() {
		checkNothingLeft(t, root)
		checkWire(t, wire(t, root))
	})
	c.shell = startShell(t, root, "qemu:///embed?root="+root)
	t.Cleanup(c.clean)
	return c
}

// restart stops libvirt and starts it again; the domains stay.
func (c *connection) restart() {
	c.t.Helper()
	c.stop()
	c.shell = startShell(c.t, c.root, "qemu:///embed?root="+c.root)
}

// clean destroys and undefines what the test left, and keeps what libvirt found
// out.
func (c *connection) clean() {
	defer c.stop()
	for _, name := range fields(c.run("list --name")) {
		c.run("destroy %s", name)
	}
	for _, name := range fields(c.run("list --all --name")) {
		c.run("undefine %s --snapshots-metadata --managed-save", name)
	}
	c.stop()
	files, err := filepath.Glob(filepath.Join(c.root, "cache/qemu/capabilities/*.xml"))
	if err != nil {
		c.t.Error(err)
	}
	probed.Lock()
	defer probed.Unlock()
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			c.t.Error(err)
			continue
		}
		if probed.files == nil {
			probed.files = map[string][]byte{}
		}
		probed.files[filepath.Base(name)] = text
	}
}

// file writes a file in the connection's folder and returns its path.
func (c *connection) file(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.root, "files", name)
	write(c.t, path, text)
	return path
}

// disk makes an empty image of 64 MiB and returns its path.
func (c *connection) disk(name string) string {
	c.t.Helper()
	path := c.file(name, "")
	if err := os.Truncate(path, 64<<20); err != nil {
		c.t.Fatal(err)
	}
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
