package libvirttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/cmd/cmdtest"
)

// compared are the lines that virsh gets: with QEMU and with us it has to print
// the same. DIR stands for a folder; a line that begins with an exclamation mark is
// a shell's, one with "until TEXT: " is repeated until the text is in what is
// printed. What firmware and time decide is left out.
const compared = `
! truncate -s 64M b.img; truncate -s 1M disc.iso; qemu-img create -q -f qcow2 b.qcow2 32M
domstate d --reason
domcontrol d
dominfo d
dumpxml d
vcpucount d
domblklist d --details
domblkinfo d vda
domblkerror d
domiflist d
domif-getlink d 52:54:00:00:00:01
domifstat d 52:54:00:00:00:01
domdisplay d
domhostname d
domtime d
domfsinfo d
domfsfreeze d
guestinfo d
set-user-password d root x
qemu-agent-command d '{"execute":"guest-ping"}'
shutdown d --mode agent
dompmsuspend d mem
dompmwakeup d
domjobinfo d
domjobabort d
schedinfo d
memtune d
numatune d
blkiotune d
domlaunchsecinfo d
domstats d --state --balloon --interface --iothread --memory
perf d
iothreadinfo d
iothreadadd d 1
iothreadadd d 1
iothreadset d 1 --poll-max-ns 4000
iothreaddel d 1
iothreaddel d 1
setvcpus d 3 --live
setvcpus d 5 --live
vcpucount d
qemu-monitor-command d --hmp info status
qemu-monitor-command d --hmp info chardev
qemu-monitor-command d --hmp info network
qemu-monitor-command d '{"execute":"query-name"}'
qemu-monitor-command d '{"execute":"nosuch"}'
qemu-monitor-command d --hmp nosuch
blkdeviotune d vda --total-iops-sec 100
blkdeviotune d vda
blkdeviotune d vda --read-bytes-sec 1000000 --total-bytes-sec 5
blkdeviotune d vda --total-iops-sec 0 --read-bytes-sec 1000000 --read-bytes-sec-max 2000000 --read-bytes-sec-max-length 3
blkdeviotune d vda --group-name g1 --write-iops-sec 5
blkdeviotune d vda
blkdeviotune d sda --total-iops-sec 5
blkdeviotune d vda --total-bytes-sec 0 --read-bytes-sec 0 --write-iops-sec 0
domblkthreshold d vda 1M
domblkthreshold d vdz 1M
blockresize d vda 128M
blockresize d vda 64M
blockresize d sda 1M
domif-setlink d 52:54:00:00:00:01 down
domif-getlink d 52:54:00:00:00:01
domiftune d 52:54:00:00:00:01 --inbound 100
setmem d 128M --live
setmaxmem d 1G --live
dommemstat d --period 5 --live
send-key d KEY_ENTER
send-key d --codeset xt 28
send-key d KEY_NOPE
inject-nmi d
screenshot d DIR/screen
screenshot d DIR/screen --screen 1
metadata d http://x.y --key k --set '<foo/>'
metadata d http://x.y
change-media d sda DIR/disc.iso --insert --live
change-media d sda DIR/disc.iso --insert --live
domblklist d
change-media d sda --eject --live
change-media d sda --eject --live
change-media d sda DIR/nofile --insert --live
change-media d vda --eject
attach-disk d DIR/none.img vdd --live
attach-disk d DIR/b.qcow2 vda --live
attach-disk d DIR/b.img sdq --live --targetbus scsi --subdriver raw --serial xx
attach-disk d DIR/b.qcow2 sdr --live --targetbus scsi --subdriver qcow2 --cache none --mode readonly
attach-disk d DIR/b.img sds --live --targetbus usb --subdriver raw
domblklist d
detach-disk d sdq --live
detach-disk d sdr --live
detach-disk d sdq --live
suspend d
domstate d --reason
resume d
resume d
reset d
domstate d --reason
save d /nonexistent/x
save d DIR/d.save
domstate d --reason
restore DIR/d.save
domstate d --reason
managedsave d
dominfo d
start d
domstate d --reason
dump d DIR/core --memory-only
dump d DIR/core --memory-only --format kdump-zlib
dump d DIR/core --memory-only --format kdump-lzo
dump d DIR/core --memory-only --format kdump-snappy
dump d DIR/core --memory-only --format win-dmp
dump d DIR/core
dump d /nonexistent/x --memory-only
domstate d --reason
snapshot-create-as d s1 --disk-only --diskspec vda,file=DIR/ov1.qcow2
snapshot-list d --name
! qemu-img info -U ov1.qcow2 | grep -v 'disk size'
snapshot-create-as d s2 --disk-only --no-metadata --diskspec vda,file=DIR/ov2.qcow2
snapshot-create-as d s8 --disk-only --no-metadata --diskspec vda,file=/nonexistent/x
domblklist d
blockcommit d vda --active --pivot --wait
blockpull d vda --wait
blockjob d vda --info
blockcopy d vda DIR/copy.qcow2 --format qcow2 --wait --pivot --transient-job
blockcopy d vda DIR/copy.raw --format raw --transient-job
until [100: blockjob d vda
blockjob d vda --abort
domblklist d
snapshot-delete d s1 --metadata
! printf '<domaincheckpoint><name>c1</name></domaincheckpoint>' >c1.xml; printf '<domaincheckpoint><name>c2</name></domaincheckpoint>' >c2.xml
! printf "<domainbackup mode='pull'>%s<server transport='unix' socket='DIR/nbd'/><disks><disk name='vda' backup='yes' type='file' exportname='vda' exportbitmap='bm'><scratch file='DIR/scratch'/></disk></disks></domainbackup>" '' >full.xml
! sed 's/pull.>/&<incremental>c1<\/incremental>/' full.xml >incremental.xml
backup-begin d DIR/full.xml DIR/c1.xml
checkpoint-list d --name
domjobinfo d
! qemu-img map -f raw 'nbd+unix:///vda?socket=nbd'
domjobabort d
until None: domjobinfo d
checkpoint-create d DIR/c2.xml
checkpoint-list d --tree
backup-begin d DIR/incremental.xml
! qemu-img map --output=json --image-opts driver=nbd,export=vda,server.type=unix,server.path=nbd,x-dirty-bitmap=qemu:dirty-bitmap:bm
domjobabort d
until None: domjobinfo d
checkpoint-delete d c1
checkpoint-delete d c2 --children
shutdown d --mode acpi
destroy d --graceful
domstate d --reason
! grep -v '^-\|^[A-Z_]*=\|^/' ../log/qemu/d.log | sed -E 's/^[-0-9T:. +Z]+//; s/^[a-z]+-system-x86_64: //; s/pid [0-9]+ /pid N /'
`

// passing are what differs from one run to the next.
var passing = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`/dev/pts/\d+`), "/dev/pts/N"},
	{regexp.MustCompile(`(Time elapsed|CPU time|cpu\.\w+|balloon.rss)( *[:=]) *.*`), "$1"},
	{regexp.MustCompile(`<creationTime>\d+`), "<creationTime>N"},
	{regexp.MustCompile(`"id":"libvirt-\d+"`), ""},
	{regexp.MustCompile(`(?m) +$`), ""},
	// How much an image takes is a matter of who wrote it.
	{regexp.MustCompile(`(?m)^(Allocation|Physical):.*`), "$1"},
}

// What virsh prints of a domain with QEMU and with us, line for line.
func TestSameAsQEMU(t *testing.T) {
	t.Parallel()
	needLibvirt(t)
	cmdtest.NeedPeer(t, "qemu-system-x86_64")
	cmdtest.NeedPeer(t, "qemu-img")
	real, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command(real, "-version").Output()
	if err != nil {
		t.Fatal(err)
	}
	catalog := regexp.MustCompile(`version (7\.2|11\.1)\.`).FindSubmatch(version)
	if catalog == nil {
		t.Skipf("there is no catalog of %s", version)
	}
	ours := filepath.Join(t.TempDir(), "like-qemu")
	script := fmt.Sprintf("#!/bin/sh\nexec %s -catalog qemu-%s \"$@\"\n", emulator, catalog[1])
	if err := os.WriteFile(ours, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	var mu sync.Mutex
	t.Run("each", func(t *testing.T) {
		for _, program := range []string{real, ours} {
			t.Run(filepath.Base(program), func(t *testing.T) {
				t.Parallel()
				lines := play(t, program)
				mu.Lock()
				defer mu.Unlock()
				said[program] = lines
			})
		}
	})
	for i, line := range strings.Split(strings.TrimSpace(compared), "\n") {
		if i >= len(said[real]) || i >= len(said[ours]) {
			break // one of them failed
		}
		if diff := cmp.Diff(said[real][i], said[ours][i]); diff != "" {
			t.Errorf("%s (-QEMU +qomd):\n%s", line, diff)
		}
	}
}

// play runs the compared lines on a domain of a program's and returns what each
// prints.
func play(t *testing.T, program string) (said []string) {
	c := connect(t)
	dir := c.root + "/files"
	nobody := "<uuid>2b2c9a26-5b37-4b30-9f5c-8a3a2a6f1e11</uuid><qemu:commandline><qemu:env name='QOMD_GUEST' value='none'/></qemu:commandline>"
	disk := filepath.Join(dir, "d.qcow2")
	c.file("empty", "") // makes the folder
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", disk, "64M").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	xml := strings.Replace(fullXML("d", disk, nobody), "type='raw'", "type='qcow2'", 1)
	c.run("define %s", c.file("d.xml", strings.ReplaceAll(xml, emulator, program)))
	c.run("start d")
	c.eventually("running", "domstate d")
	for _, line := range strings.Split(strings.TrimSpace(compared), "\n") {
		line = strings.ReplaceAll(line, "DIR", dir)
		var output string
		switch script, shell := strings.CutPrefix(line, "! "); {
		case shell:
			cmd := exec.Command("sh", "-c", script)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			output = fmt.Sprint(string(out), err)
		case strings.HasPrefix(line, "until "):
			want, command, _ := strings.Cut(strings.TrimPrefix(line, "until "), ": ")
			await(t, line, func() bool {
				out, _ := c.try("%s", command)
				return strings.Contains(out, want)
			})
		default:
			output, _ = c.try("%s", line)
		}
		output = strings.NewReplacer(c.root, "ROOT", program, "EMULATOR").Replace(output)
		for _, p := range passing {
			output = p.pattern.ReplaceAllString(output, p.with)
		}
		said = append(said, output)
	}
	return said
}
