package capture

import (
	"fmt"
	"strings"
	"time"
)

// port sends a line of the qtest protocol; the number in the answer, if any,
// is returned.
func (q *qemu) port(format string, args ...any) (uint32, error) {
	q.qtest.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(q.qtest, format+"\n", args...); err != nil {
		return 0, fmt.Errorf("qtest: %w", err)
	}
	for {
		line, err := q.lines.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("qtest: %w", err)
		}
		if strings.HasPrefix(line, "IRQ ") {
			continue
		}
		var v uint32
		fmt.Sscanf(line, "OK 0x%x", &v) // "OK" alone means no value
		return v, nil
	}
}

// at addresses a function on a bus.
type at struct{ bus, slot, function int }

func (q *qemu) selectConfig(a at, offset int) error {
	_, err := q.port("outl 0xcf8 0x%x", 1<<31|a.bus<<16|a.slot<<11|a.function<<8|offset&^3)
	return err
}

// config reads a double word of configuration space.
func (q *qemu) config(a at, offset int) (uint32, error) {
	if err := q.selectConfig(a, offset); err != nil {
		return 0, err
	}
	return q.port("inl 0xcfc")
}

// setConfig writes a double word of configuration space.
func (q *qemu) setConfig(a at, offset int, v uint32) error {
	if err := q.selectConfig(a, offset); err != nil {
		return err
	}
	_, err := q.port("outl 0xcfc 0x%x", v)
	return err
}
