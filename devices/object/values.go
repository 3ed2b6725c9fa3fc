package object

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/qomd/qomd/qom"
)

// initially returns an Init that stores the values properties have before
// anybody sets them; QEMU tells defaults of devices only. Names and values
// alternate.
func initially(pairs ...any) func(*qom.Object) {
	return func(o *qom.Object) {
		for i := 0; i+1 < len(pairs); i += 2 {
			o.Store(pairs[i].(string), pairs[i+1])
		}
	}
}

// show is the Get of a property that keeps its value.
func show(name string) func(*qom.Object) (any, error) {
	return func(o *qom.Object) (any, error) { return o.Stored(name), nil }
}

// integer is a property of type int with limits that are told to the user.
func integer(name string, limit int64) *qom.Property {
	return &qom.Property{Name: name, Type: "int", Get: show(name), Set: func(o *qom.Object, in qom.Input) error {
		v, err := in.Int64(name)
		if err != nil {
			return err
		}
		if v < 0 || v > limit {
			return fmt.Errorf("%s value must be in range [0, %d]", name, limit)
		}
		o.Store(name, v)
		return nil
	}}
}

// numbers reads a list of ranges as it stands on a command line: "1" or "2-4".
// QEMU limits the length of a list that is written so.
func numbers(name, text string) ([]any, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	low, err := strconv.ParseUint(first, 0, 16)
	high, errHigh := strconv.ParseUint(last, 0, 16)
	if err != nil || errHigh != nil || high < low || high-low >= 65536 {
		return nil, fmt.Errorf("Parameter '%s' expects an uint64 value or range", name)
	}
	var list []any
	for n := low; n <= high; n++ {
		list = append(list, int64(n))
	}
	return list, nil
}

// integers is a list of unsigned numbers, which QEMU shows as type int.
func integers(name string) *qom.Property {
	return &qom.Property{Name: name, Type: "int",
		Get: func(o *qom.Object) (any, error) {
			if v := o.Stored(name); v != nil {
				return v, nil
			}
			return []any{}, nil
		},
		Set: func(o *qom.Object, in qom.Input) error {
			if s, ok := in.Raw().(string); ok && in.IsText() {
				list, err := numbers(name, s)
				if err == nil {
					o.Store(name, list)
				}
				return err
			}
			list, ok := in.Raw().([]any)
			if !ok {
				return fmt.Errorf("Invalid parameter type for '%s', expected: array", name)
			}
			for i, v := range list {
				item := qom.Value(v)
				if s, ok := v.(string); ok && in.IsText() {
					item = qom.Text(s)
				}
				n, err := item.Uint(fmt.Sprintf("%s[%d]", name, i), 16)
				if err != nil {
					return err
				}
				list[i] = int64(n)
			}
			o.Store(name, list)
			return nil
		},
	}
}

// used reports whether a device or a block node uses the object as its backend.
func used(o *qom.Object) bool {
	return slices.ContainsFunc(o.Holds(), func(h *qom.Hold) bool { return h.Kind() == qom.HoldBackend })
}

// reachable refuses a file that cannot be opened for reading.
func reachable(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		err = f.Close()
	}
	return err
}
