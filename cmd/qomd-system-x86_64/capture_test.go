package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/qomd/qomd/cmd/cmdtest"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
	"github.com/qomd/qomd/qmp/capture"
)

// fewDevices are plugged by the tests; all of them take minutes.
var fewDevices = []string{"e1000", "pcie-root-port", "qemu-xhci", "scsi-hd", "usb-tablet", "virtio-blk-pci", "virtio-net-pci"}

// captured captures a catalog and tells how it differs from an embedded one.
func captured(t *testing.T, want *catalog.Catalog, command ...string) []string {
	t.Helper()
	source, err := capture.Run(t.Context(), command, capture.Options{Only: fewDevices, Remark: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fewDevices {
		got := source.Devices[name]
		if facts, _ := want.Device(name); got.QtreeOrder == nil || (facts.PCI != nil) != (got.PCI != nil) {
			t.Errorf("%s was not plugged: %+v", name, got)
		}
	}
	// What was not plugged is as it was.
	for name := range want.Types() {
		facts, ok := want.Device(name)
		if !ok {
			continue
		}
		got := source.Devices[name]
		got.Hotpluggable, got.HotplugTold = facts.Hotpluggable, facts.HotplugTold
		if !slices.Contains(fewDevices, name) {
			got.QtreeOrder, got.PCI, got.PCIePort, got.USB = facts.QtreeOrder, facts.PCI, facts.PCIePort, facts.USB
		}
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
// with it: what it has besides, commands and events that it does not have, and
// what that changes in the schema.
var ours = []*regexp.Regexp{
	regexp.MustCompile(`^(command|human command|event) \S+( \S+)?: is missing$`),
	regexp.MustCompile(`^(command x-|event X_|human command info refs: is too much|option catalog: )`),
	regexp.MustCompile(`^schema \S+ \S+: is missing$`),
	regexp.MustCompile(`^schema (\S+ (x-|X_)|array \[x-)\S+: is too much$`),
	regexp.MustCompile(`^schema (object|enum) \d+: .*("tag":"qom-type"|"authz-list")`), // of object-add, which takes x-hold
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
				if !allowed && !aboutCrash(want, line) {
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
