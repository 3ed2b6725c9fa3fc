package main

import (
	"flag"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/qomd/qomd/cmd/cmdtest"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
	"github.com/qomd/qomd/qmp/capture"
)

var (
	captureAll  = flag.Bool("capture-all", false, "plug every device that can be hot-plugged, which takes minutes")
	captureSeed = flag.Uint64("capture-seed", 0, "plug the same devices as the run that printed this seed; 0: others than last time")
)

// always are devices of each kind of bus, which every run plugs.
var always = []string{"e1000", "pcie-root-port", "qemu-xhci", "scsi-hd", "usb-tablet", "virtio-blk-pci", "virtio-net-pci"}

// sampled is how many devices a run plugs besides.
const sampled = 12

// unlike are devices that are not looked at in the sample: those that want what
// no machine here has (a shared folder in its description, a VFIO device), and those whose registers
// are not as QEMU's yet.
var unlike = regexp.MustCompile(`^(virtio-9p-.*|vfio-pci-igd-lpc-bridge|AMDVI-PCI|virtio-iommu-pci)$`)

// unmade are devices that the capture cannot make of a real QEMU, of which the
// catalog says nothing.
func unmade(facts catalog.DeviceFacts) bool { return facts.QtreeOrder == nil }

// sample chooses the devices to plug: those of always, and some others that can
// be hot-plugged. Processors are not plugged one by one, and devices without a
// transport need a microvm, which is refused.
func sample(t *testing.T, cat *catalog.Catalog) []string {
	t.Helper()
	var others []string
	for name := range cat.Types() {
		if facts, ok := cat.Device(name); ok && facts.Hotpluggable && !unmade(facts) && !unlike.MatchString(name) &&
			facts.Category != "CPU" && facts.Bus != "virtio-bus" && !slices.Contains(always, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	if *captureAll {
		return append(others, always...)
	}
	seed := *captureSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	t.Logf("-capture-seed %d: %q", seed, others[:sampled])
	return append(others[:sampled], always...)
}

// captured captures a catalog and tells how it differs from an embedded one.
func captured(t *testing.T, want *catalog.Catalog, command ...string) []string {
	t.Helper()
	devices := sample(t, want)
	source, err := capture.Run(t.Context(), command, capture.Options{Only: devices, Remark: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range always {
		got := source.Devices[name]
		if facts, _ := want.Device(name); got.QtreeOrder == nil || (facts.PCI != nil) != (got.PCI != nil) {
			t.Errorf("%s was not plugged: %+v", name, got)
		}
	}
	// What was not plugged is as it was.
	for name := range want.Types() {
		facts, ok := want.Device(name)
		if !ok || slices.Contains(devices, name) {
			continue
		}
		got := source.Devices[name]
		got.Hotpluggable, got.HotplugTold = facts.Hotpluggable, facts.HotplugTold
		got.QtreeOrder, got.PCI, got.PCIePort, got.USB = facts.QtreeOrder, facts.PCI, facts.PCIePort, facts.USB
		source.Devices[name] = got
	}
	data, err := source.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := catalog.Open("captured", data)
	if err != nil {
		t.Fatal(err)
	}
	return build.Compare(want, got)
}

// ours are the differences between a catalog and what the program says of itself
// with it: what it has besides, and what that changes in the schema.
var ours = []*regexp.Regexp{
	regexp.MustCompile(`^(command x-|event X_|human command info refs: is too much|option catalog: )`),
	regexp.MustCompile(`^schema (\S+ (x-|X_)|array \[x-)\S+: is too much$`),
	regexp.MustCompile(`^schema (object|enum) \d+: .*("tag":"qom-type"|"authz-list")`), // of object-add, which takes x-hold
	regexp.MustCompile(`^processors of (isapc|microvm): is missing$`),                  // which are refused
}

// missing are differences that say that something is not there.
var missing = regexp.MustCompile(`^(command|schema command|schema object|schema enum|schema array|human command) (.+): is missing$`)

// humanAbsent are the commands of the monitor for people that are not there.
var humanAbsent = []string{
	"gpa2hpa", "gpa2hva", "info migrate", "info opcount", "info profile", "info rdma", "info virtio-status", "mce",
	"pcie_aer_inject_error", "singlestep", "sync-profile", "wavcapture",
}

// absent tells whether a difference is that a command is missing which COMMANDS.md
// says is, or a type that only such commands have.
func absent(t *testing.T, line string) bool {
	t.Helper()
	m := missing.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	switch m[1] {
	case "human command":
		return slices.Contains(humanAbsent, m[2])
	case "command", "schema command":
		table, err := os.ReadFile("../../qmp/commands/COMMANDS.md")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(table), "\n| "+m[2]+" | no |")
	}
	return true // a type: the schema of what is there is closed, as another test says
}

// aboutCrash tells whether a difference is about a type that QEMU dies of being
// asked about. Here there is an answer.
func aboutCrash(c *catalog.Catalog, line string) bool {
	rest, ok := strings.CutPrefix(line, "type ")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(rest, " ")
	facts, _ := c.Type(strings.TrimSuffix(name, ":"))
	return strings.HasPrefix(facts.Unknown, `{"crash"`)
}

// TestCaptureSelf captures the program itself: with a catalog it is the QEMU that
// the catalog was captured from.
func TestCaptureSelf(t *testing.T) {
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := catalog.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range captured(t, want, "qomd-system-x86_64", "-catalog", name) {
				allowed := slices.ContainsFunc(ours, func(r *regexp.Regexp) bool { return r.MatchString(line) })
				if !allowed && !aboutCrash(want, line) && !absent(t, line) {
					t.Error(line)
				}
			}
		})
	}
}

// version matches differences between updates of one stable release.
var version = regexp.MustCompile(`^version: .*"Major":7,"Minor":2,`)

// TestCaptureQEMU captures the QEMU that is installed, which has to be 7.2, that
// of Debian 12: it gives the embedded catalog.
func TestCaptureQEMU(t *testing.T) {
	const program = "qemu-system-x86_64"
	cmdtest.NeedPeer(t, program)
	want, err := catalog.Load(catalog.QEMU72)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range captured(t, want, program) {
		if !version.MatchString(line) {
			t.Error(line)
		}
	}
}
