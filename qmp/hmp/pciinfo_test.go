package hmp

import (
	"testing"

	"github.com/qomd/qomd/qmp/qjson"
)

// TestPCIFunction compares with what QEMU 11.1.3 printed of a machine whose
// firmware had set up PCI.
func TestPCIFunction(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{`{"bus":0,"slot":1,"function":0,"class_info":{"class":1540,"desc":"PCI bridge"},"id":{"device":12,"vendor":6966},
			"irq":10,"irq_pin":1,"qdev_id":"rp","regions":[{"bar":0,"type":"memory","address":4272357376,"size":4096}],
			"pci_bridge":{"bus":{"number":0,"secondary":1,"subordinate":1,"io_range":{"base":49152,"limit":49151},
				"memory_range":{"base":4269801472,"limit":4271898623},"prefetchable_range":{"base":4261412864,"limit":4263510015}},
				"devices":[{"bus":1,"slot":0,"function":0,"class_info":{"class":255},"id":{"device":1,"vendor":2,"subsystem":3,"subsystem-vendor":4},
					"irq_pin":0,"qdev_id":"","regions":[{"bar":1,"type":"io","address":49152,"size":64},
						{"bar":2,"type":"memory","address":-1,"size":64,"mem_type_64":true,"prefetch":true}]}]}}`,
			"  Bus  0, device   1, function 0:\n    PCI bridge: PCI device 1b36:000c\n      IRQ 10, pin A\n" +
				"      BUS 0.\n      secondary bus 1.\n      subordinate bus 1.\n      IO range [0xc000, 0xbfff]\n" +
				"      memory range [0xfe800000, 0xfe9fffff]\n      prefetchable memory range [0xfe000000, 0xfe1fffff]\n" +
				"      BAR0: 32 bit memory at 0xfea70000 [0xfea70fff]\n      id \"rp\"\n" +
				"  Bus  1, device   0, function 0:\n    Class 0255: PCI device 0002:0001\n      PCI subsystem 0004:0003\n" +
				"      BAR1: I/O at 0xc000 [0xc03f]\n      BAR2: 64 bit prefetchable memory (not mapped)\n      id \"\"\n"},
	} {
		v, err := qjson.Parse([]byte(c.json))
		if err != nil {
			t.Fatal(err)
		}
		r := &run{}
		r.function(v.(*qjson.Object))
		if got := r.out.String(); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 512: "512 B", 4096: "4 KiB", 134217728: "128 MiB", 4294967295: "4 GiB", 34359738368: "32 GiB", 1<<64 - 1: "16 EiB",
	} {
		if got := sizeText(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
