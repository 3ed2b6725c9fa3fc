package chipset_test

import (
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/pci"
)

// The configuration spaces of the boards' functions and of all bridges are,
// after a reset, byte for byte those of QEMU. Each line of the recording is
// board, device with properties, offset and 16 bytes; lines of zeros are left
// out.
func TestConfigSpaces(t *testing.T) {
	content, err := os.ReadFile("testdata/config.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, board := range []string{"q35", "pc"} {
		r := newRig(t, board)
		var order []string
		want := map[string]*[256]byte{}
		for line := range strings.Lines(string(content)) {
			f := strings.Fields(line)
			if f[0] != board {
				continue
			}
			if want[f[1]] == nil {
				want[f[1]] = new([256]byte)
				order = append(order, f[1])
			}
			at, _ := strconv.ParseUint(f[2], 16, 8)
			b, _ := hex.DecodeString(f[3])
			copy(want[f[1]][at:], b)
		}
		slot := int64(2)
		place := map[string]uint8{}
		for _, name := range order {
			driver, props, _ := strings.Cut(name, ",")
			for _, d := range r.board.Root.Functions() {
				if d.TypeName() == driver && d.ID() == "" {
					place[name] = d.Devfn()
				}
			}
			if _, fixed := place[name]; fixed {
				continue
			}
			pairs := []any{"addr", slot << 3, "id", "d" + strconv.Itoa(int(slot))}
			if k, v, ok := strings.Cut(props, "="); ok {
				n, _ := strconv.ParseInt(v, 10, 64)
				pairs = append(pairs, k, n)
			}
			r.add(driver, pairs...)
			place[name] = uint8(slot << 3)
			slot++
		}
		r.start()
		for _, name := range order {
			compareConfig(t, board+" "+name, r.board.Root.At(place[name]), want[name])
		}
		r.finish()
	}
}

func compareConfig(t *testing.T, name string, d *pci.Device, want *[256]byte) {
	for at := 0; at < 256; at += 16 {
		var got [16]byte
		for i := range got {
			got[i] = byte(d.ReadConfig(at+i, 1))
		}
		if got != [16]byte(want[at:]) {
			t.Errorf("%s at %02x:\n got % x\nwant % x", name, at, got, want[at:at+16])
		}
	}
}
