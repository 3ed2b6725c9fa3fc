package qdev

import (
	"fmt"
	"math"

	"github.com/qomd/qomd/qom"
)

// Limits of the two properties that are block sizes, in bytes.
const (
	minBlockSize = 512
	maxBlockSize = 2 << 20
)

// sizeKind reads a number of bytes. QEMU shows three kinds as "size": plain
// ones of 64 bit, those of 32 bit, and block sizes; the last two have the same
// names wherever they occur.
func sizeKind(name string) kind {
	k := kind{zero: uint64(0)}
	switch name {
	case "x-max-bounce-buffer-size", "discard_granularity", "opt_io_size", "min_io_size":
		k.parse = parseSize32
	case "logical_block_size", "physical_block_size":
		k.parse = parseBlockSize
	default:
		k.parse = func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			v, err := in.Size(p.Name)
			return v, err
		}
	}
	return k
}

func parseSize32(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
	v, err := ParseSize32(o, p.Name, in)
	return v, err
}

// ParseSize32 reads a number of bytes that must fit 32 bit, for a property of
// the object.
func ParseSize32(o *qom.Object, name string, in qom.Input) (uint64, error) {
	v, err := in.Size(name)
	if err == nil && v > math.MaxUint32 {
		err = fmt.Errorf("Property %s.%s doesn't take value %d (maximum: %d)", o.TypeName(), name, v, uint32(math.MaxUint32))
	}
	return v, err
}

// parseBlockSize accepts powers of two in the limits, and 0 for "as the
// backend has it".
func parseBlockSize(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
	v, err := in.Size(p.Name)
	if env, ok := o.Tree().Context.(*Env); ok && env.Ways.BlockSizeRange && err == nil && v != 0 {
		switch id := From(o).ID(); {
		case v < minBlockSize || v > maxBlockSize:
			return v, fmt.Errorf("Property %s.%s doesn't take value %d (minimum: %d, maximum: %d)", id, p.Name, v, minBlockSize, maxBlockSize)
		case v&(v-1) != 0:
			return v, fmt.Errorf("Property %s.%s doesn't take value '%d', it's not a power of 2", id, p.Name, v)
		}
	}
	if err == nil && v != 0 && (v < minBlockSize || v > maxBlockSize || v&(v-1) != 0) {
		err = fmt.Errorf("parameter %s must be a power of 2 between %d and %d", p.Name, minBlockSize, maxBlockSize)
	}
	return v, err
}
