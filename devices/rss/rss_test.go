package rss

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
)

func spec(t *testing.T) *ebpf.CollectionSpec {
	t.Helper()
	object, err := Object()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A loader finds the program and the maps of the names and sizes that are told.
func TestObject(t *testing.T) {
	s := spec(t)
	if p := s.Programs[ProgramName]; len(s.Programs) != 1 || p == nil || p.Type != ebpf.SocketFilter {
		t.Fatalf("programs: %v", s.Programs)
	}
	got := map[string][]uint32{}
	for name, m := range s.Maps {
		got[name] = []uint32{uint32(m.Type), m.KeySize, m.ValueSize, m.MaxEntries}
	}
	want := map[string][]uint32{ConfigurationsMap: {2, 4, 16, 1}, KeyMap: {2, 4, 40, 1}, TableMap: {2, 4, 2, 128}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// published is the key whose hashes Microsoft publishes to verify implementations.
var published = []byte{
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
}

// packet is an Ethernet packet with what headers say between the addresses and
// the ports.
func packet4(src, dst string, proto byte, fragment uint16) []byte {
	p := append(make([]byte, 12), 8, 0)
	h := make([]byte, 24) // with options
	h[0], h[9] = 0x46, proto
	binary.BigEndian.PutUint16(h[6:], fragment)
	return transport(append(p, h...), 12+14, src, dst)
}

func packet6(src, dst string, proto byte, extensions ...byte) []byte {
	p := append(make([]byte, 12), 0x86, 0xdd)
	h := make([]byte, 40)
	h[0], h[6] = 0x60, proto
	return transport(append(append(p, h...), extensions...), 14+8, src, dst)
}

// transport stores the addresses at an offset, and appends the ports.
func transport(p []byte, at int, src, dst string) []byte {
	for _, text := range []string{src, dst} {
		a := netip.MustParseAddrPort(text)
		at += copy(p[at:], a.Addr().AsSlice())
		p = binary.BigEndian.AppendUint16(p, a.Port())
	}
	return append(p, make([]byte, 40)...)
}

func tagged(p []byte) []byte {
	return append(append(bytes.Clone(p[:12]), 0x81, 0, 0, 5), p[12:]...)
}

// The kernel takes the program, and it computes the hashes that Microsoft and the
// specification of VIRTIO tell.
func TestQueues(t *testing.T) {
	c, err := ebpf.NewCollection(spec(t))
	if errors.Is(err, os.ErrPermission) {
		t.Skip("the kernel lets nobody here load programs:", err)
	}
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer c.Close()
	put := func(name string, at uint32, v any) {
		if err := c.Maps[name].Put(at, v); err != nil {
			t.Fatal(err)
		}
	}
	put(KeyMap, 0, published)
	for i := range uint32(TableSize) {
		put(TableMap, i, uint16(1000+i))
	}
	const other = 7 // the default queue
	all := uint32(IPv4 | TCPv4 | UDPv4 | IPv6 | TCPv6 | UDPv6)
	a4, b4 := "66.9.149.187:2794", "161.142.100.80:1766"
	a6, b6 := "[3ffe:2501:200:1fff::7]:2794", "[3ffe:2501:200:3::1]:1766"
	for _, tc := range []struct {
		name   string
		types  uint32
		packet []byte
		hash   uint32 // 0: none
	}{
		{"TCP", all, packet4(a4, b4, 6, 0), 0x51ccc178},
		{"UDP", all, packet4(a4, b4, 17, 0), 0x51ccc178},
		{"another TCP", all, packet4("199.92.111.2:14230", "65.69.140.83:4739", 6, 0), 0xc626b0ea},
		{"tagged TCP", all, tagged(packet4(a4, b4, 6, 0)), 0x51ccc178},
		{"TCP tagged twice", all, tagged(tagged(packet4(a4, b4, 6, 0))), 0x51ccc178},
		{"TCP whose ports do not count", IPv4, packet4(a4, b4, 6, 0), 0x323e8fc2},
		{"first fragment", all, packet4(a4, b4, 6, 0x2000), 0x323e8fc2},
		{"last fragment", all, packet4(a4, b4, 6, 0x0010), 0x323e8fc2},
		{"ICMP", all, packet4(a4, b4, 1, 0), 0x323e8fc2},
		{"ICMP that does not count", TCPv4, packet4(a4, b4, 1, 0), 0},
		{"TCP over IPv6", all, packet6(a6, b6, 6), 0x40207d3d},
		{"UDP over IPv6", all, packet6(a6, b6, 17), 0x40207d3d},
		{"IPv6", all, packet6(a6, b6, 58), 0x2cc18cd5},
		{"TCP behind options", all, packet6(a6, b6, 0, 60, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x40207d3d},
		{"TCP behind authentication", all, packet6(a6, b6, 51, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x40207d3d},
		{"fragment of IPv6", all, packet6(a6, b6, 44, 6, 0, 0, 1, 0, 0, 0, 0), 0x2cc18cd5},
		{"whole fragment", all, packet6(a6, b6, 44, 6, 0, 0, 0, 0, 0, 0, 0), 0x40207d3d},
		{"UDP where only TCP counts", TCPv6, packet6(a6, b6, 17), 0},
		{"ARP", all, append(append(make([]byte, 12), 8, 6), make([]byte, 50)...), 0},
	} {
		for _, mask := range []uint32{0, 1, 127} {
			put(ConfigurationsMap, 0, Configuration{Enabled: 1, Types: tc.types, TableMask: mask, Default: other})
			want := uint32(other)
			if tc.hash != 0 {
				want = 1000 + tc.hash&mask
			}
			got, _, err := c.Programs[ProgramName].Test(tc.packet)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s: queue %d with mask %d, want %d", tc.name, got, mask, want)
			}
		}
	}
	put(ConfigurationsMap, 0, Configuration{Default: other})
	if got, _, err := c.Programs[ProgramName].Test(packet4(a4, b4, 6, 0)); err != nil || got != other {
		t.Errorf("switched off: queue %d, %v", got, err)
	}
}
