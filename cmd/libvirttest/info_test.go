package libvirttest

import (
	"regexp"
	"strings"
	"testing"
)

var spaces = regexp.MustCompile(` +`)

// contains runs a command and looks for texts in what it prints, where columns
// are a space apart.
func (s *shell) contains(command string, wants ...string) {
	s.t.Helper()
	output := spaces.ReplaceAllString(s.run("%s", command), " ")
	for _, want := range wants {
		if !strings.Contains(output, want) {
			s.t.Errorf("%s\nprints %q, without %q", command, output, want)
		}
	}
}

// What libvirt's user can learn of a running domain, and change of it.
func TestInfo(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("info", "")
	c.contains("dominfo info", "Max memory: 262144 KiB", "Used memory: 262144 KiB", "CPU(s): 2")
	c.contains("dommemstat info", "actual 262144", "rss ")
	c.run("setmem info 128M --live")
	await(t, "the guest keeps its memory", func() bool { return strings.Contains(c.run("dommemstat info"), "actual 131072") })
	c.contains("domblkinfo info vda", "Capacity: 67108864")
	c.contains("domblkstat info vda", "vda rd_req 0", "vda wr_bytes 0")
	c.contains("domblklist info", "vda", c.root+"/files/info.img")
	c.contains("domstats info", "balloon.maximum=262144", "vcpu.current=2", "block.0.capacity=67108864")
	c.contains("ttyconsole info", "/dev/pts/")
	c.contains("domcontrol info", "ok")
	c.contains(`qemu-monitor-command info '{"execute":"query-status"}'`, `"status":"running"`)
	c.contains("qemu-monitor-command info --hmp 'info status'", "VM status: running")
	c.run("send-key info KEY_ENTER")
	c.run("screenshot info %s/files/screen.ppm", c.root)
	c.run("dump info %s/files/memory.dump --memory-only", c.root)
	c.eventually("running", "domstate info")
	c.heard("DUMP_COMPLETED", "BALLOON_CHANGE")
	c.run("blkdeviotune info vda --total-iops-sec 100")
	c.contains("blkdeviotune info vda", "total_iops_sec : 100")
	c.run("blockresize info vda 128M")
	c.contains("domblkinfo info vda", "Capacity: 134217728")
	c.run("domif-setlink info 52:54:00:00:00:01 down")
	c.contains("domif-getlink info 52:54:00:00:00:01", "down")
}

// Processors and iothreads are threads that can be pinned, and more of them come
// while the domain runs.
func TestThreads(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("threads", "")
	c.contains("vcpuinfo threads", "VCPU: 1", "CPU Affinity:")
	c.run("setvcpus threads 3 --live")
	c.contains("vcpucount threads", "current live 3")
	c.contains("vcpuinfo threads", "VCPU: 2")
	c.run("vcpupin threads 2 0")
	c.contains("vcpupin threads 2", "2 0")
	c.run("setvcpus threads 2 --live")
	c.contains("vcpucount threads", "current live 2")
	c.run("iothreadadd threads 1")
	c.run("iothreadpin threads 1 0")
	c.contains("iothreadinfo threads", "1 0")
	c.run("iothreaddel threads 1")
	c.run("emulatorpin threads 0")
	c.contains("emulatorpin threads", "0")
}

// Media of a drive come and go.
func TestMedia(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("media", "")
	before := c.everything("media")
	disc := c.disk("disc.iso")
	c.run("change-media media sda %s --insert --live", disc)
	c.contains("domblklist media", disc)
	c.run("change-media media sda --eject --live")
	c.heard("DEVICE_TRAY_MOVED")
	after := c.everything("media")
	if len(before["nodes"]) != len(after["nodes"]) {
		t.Errorf("nodes %v became %v", before["nodes"], after["nodes"])
	}
}
