package ps2

import (
	"bufio"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/input"
)

// What keys send in each set, with and without translation and with others held,
// as it was read of QEMU 11.1.3: set, translation, keys, bytes of press and
// release.
func TestKeys(t *testing.T) {
	file, err := os.Open("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Fields(lines.Text())
		k := new(Keyboard)
		k.Reset()
		k.Write(kbdScanCodes)
		k.Write(f[0][0] - '0')
		k.Translate(f[1] == "1")
		keys := strings.Split(f[2], "+")
		key := input.KeyName(keys[len(keys)-1])
		if len(keys) > 1 {
			k.Key(input.KeyName(keys[0]), true)
		}
		k.clear()
		k.Key(key, true)
		down := sent(k)
		k.Key(key, false)
		if up := sent(k); down != f[3] || up != f[4] {
			t.Errorf("%s in set %s, translation %s: %s and %s, want %s and %s", f[2], f[0], f[1], down, up, f[3], f[4])
		}
	}
}

// sent are the bytes that wait for the guest, "-" for none.
func sent(k *Keyboard) string {
	var p []byte
	for k.Len() > 0 {
		p = append(p, k.Read())
	}
	if p == nil {
		return "-"
	}
	return hex.EncodeToString(p)
}

// A queue that is full takes no packet in part, and a mouse keeps what it could not
// tell.
func TestMouseIsHeldBack(t *testing.T) {
	m := new(Mouse)
	m.Reset()
	m.Write(mouseOn)
	m.Read()
	m.Receive(input.Event{Kind: input.Relative, Axis: input.AxisX, Value: 127 * 7})
	m.Sync()
	if m.Len() != 15 || m.x != 127*2 {
		t.Errorf("%d bytes wait, and %d to be told, want 15 and %d", m.Len(), m.x, 127*2)
	}
	for m.Len() > 0 {
		m.Read()
	}
	m.Sync()
	if m.Len() != 6 || m.x != 0 {
		t.Errorf("then %d bytes and %d, want 6 and 0", m.Len(), m.x)
	}
}
