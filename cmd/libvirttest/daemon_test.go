package libvirttest

import (
	"crypto/md5"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody runs libvirtd when the tests run as root: an unprivileged libvirtd has
// everything in the folders of its user, and touches nothing else.
const nobody = 65534

// daemon is a libvirtd for one user.
type daemon struct {
	t    *testing.T
	host string // name of its own, empty: the machine's
	root string
	env  []string
	cmd  *exec.Cmd
}

// startDaemon makes the user's folders and starts a libvirtd in them, which takes
// itself for another host than this if it is given a name. At the end of the
// test its domains are destroyed.
func startDaemon(t *testing.T, host string) *daemon {
	t.Helper()
	needLibvirt(t)
	root, err := os.MkdirTemp("", "lvd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	d := &daemon{t: t, host: host, root: root, env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + root}}
	for _, name := range []string{"CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "RUNTIME_DIR"} {
		dir := filepath.Join(root, strings.ToLower(name[:1]))
		if name == "CACHE_HOME" {
			dir = filepath.Join(root, "cache")
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		d.env = append(d.env, "XDG_"+name+"="+dir)
	}
	write(t, root+"/c/libvirt/qemu.conf", "stdio_handler = \"file\"\n")
	if host != "" {
		write(t, root+"/c/libvirt/libvirtd.conf", fmt.Sprintf("host_uuid = \"%x\"\n", md5.Sum([]byte(root))))
	}
	d.own()
	t.Cleanup(func() { checkNothingLeft(t, root) })
	d.start()
	t.Cleanup(d.clean)
	return d
}

// own gives all files to the user.
func (d *daemon) own() {
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(d.root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, nobody, nobody)
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// command is a program run as the user.
func (d *daemon) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Dir = d.env, d.root
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// start starts libvirtd and waits until it answers.
func (d *daemon) start() {
	d.t.Helper()
	d.cmd = d.command("libvirtd")
	if d.host != "" {
		d.cmd = d.elsewhere()
	}
	log, err := os.OpenFile(filepath.Join(d.root, "libvirtd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		out, err := d.virsh("list")
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			d.stop()
			d.t.Fatalf("libvirtd does not answer: %s", out)
		}
	}
}

// elsewhere is libvirtd under a host name of its own. Only root may have one.
func (d *daemon) elsewhere() *exec.Cmd {
	const script = `echo "$0" >/proc/sys/kernel/hostname; exec setpriv --reuid "$1" --regid "$1" --clear-groups libvirtd`
	cmd := exec.Command("unshare", "--uts", "sh", "-c", script, d.host, strconv.Itoa(nobody))
	cmd.Env, cmd.Dir = d.env, d.root
	return cmd
}

// stop ends libvirtd; its domains stay.
func (d *daemon) stop() {
	d.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(patience, func() { d.cmd.Process.Kill() })
	defer kill.Stop()
	d.cmd.Wait()
}

// uri is where libvirtd listens.
func (d *daemon) uri() string {
	return "qemu+unix:///session?socket=" + d.root + "/r/libvirt/libvirt-sock"
}

// virsh runs one virsh.
func (d *daemon) virsh(args ...string) (string, error) {
	cmd := d.command("virsh", append([]string{"-q", "-c", d.uri()}, args...)...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// run runs one virsh that must succeed.
func (d *daemon) run(args ...string) string {
	d.t.Helper()
	out, err := d.virsh(args...)
	if err != nil {
		d.t.Fatalf("virsh %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// clean destroys the domains and ends libvirtd.
func (d *daemon) clean() {
	defer d.stop()
	names := fields(d.run("list", "--name"))
	for _, err := range d.each(names, func(name string) []string { return []string{"destroy", name} }) {
		d.t.Error(err)
	}
}

// each runs a virsh for every name, all at once, and returns what went wrong.
func (d *daemon) each(names []string, args func(name string) []string) (errs []error) {
	results := make(chan error, len(names))
	for _, name := range names {
		go func() {
			out, err := d.virsh(args(name)...)
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", name, err, out)
			}
			results <- err
		}()
	}
	for range names {
		if err := <-results; err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// file writes a file that the user may read and returns its path.
func (d *daemon) file(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.root, name)
	write(d.t, path, text)
	return path
}

// disk makes an empty image of 64 MiB and returns its path.
func (d *daemon) disk(name string) string {
	d.t.Helper()
	path := d.file(name, "")
	if err := os.Truncate(path, 64<<20); err != nil {
		d.t.Fatal(err)
	}
	d.own()
	return path
}

// smallXML is a domain with next to nothing: a name and the emulator.
const smallXML = `<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
  <devices><emulator>%s</emulator><serial type='pty'/><controller type='usb' model='none'/><memballoon model='none'/>
    <controller type='pci' model='pcie-root'/><controller type='pci' model='pcie-root-port'/></devices></domain>`

// A libvirtd that is restarted finds its domains alive.
func TestDaemonRestart(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, "")
	d.run("create", d.file("alive.xml", fmt.Sprintf(smallXML, "alive", emulator)))
	xml := d.file("net.xml", netXML)
	d.run("attach-device", "alive", xml, "--live")
	pids := processes(d.root)
	d.stop()
	d.start()
	if state := d.run("domstate", "alive"); state != "running" {
		t.Errorf("the domain is %s", state)
	}
	if now := processes(d.root); len(now) != 1 || now[0] != pids[0] {
		t.Errorf("process %v became %v", pids, now)
	}
	d.run("detach-device", "alive", xml, "--live")
	if strings.Contains(d.run("dumpxml", "alive"), "ua-net") {
		t.Error("the device stays")
	}
}

// Many domains start in one libvirtd, at once.
func TestManyDomains(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, "")
	const n = 20
	d.run("domcapabilities", "--emulatorbin", emulator) // which takes longer than all starts
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("many%d", i)
		d.file(names[i]+".xml", fmt.Sprintf(smallXML, names[i], emulator))
	}
	begin := time.Now()
	for _, err := range d.each(names, func(name string) []string { return []string{"create", name + ".xml"} }) {
		t.Error(err)
	}
	t.Logf("%d domains started in %v", n, time.Since(begin))
	if running := fields(d.run("list", "--name")); len(running) != n {
		t.Errorf("running: %v", running)
	}
}
