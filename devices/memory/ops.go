package memory

// Ops is what a device does when its I/O region is accessed. addr counts from
// the start of the region; size is 1, 2, 4 or 8 bytes, within the limits of
// the region's [Rules]. The value is little-endian: the byte at addr is its
// lowest. Both run under the machine's lock and are not re-entered by the
// device's own memory accesses.
type Ops interface {
	Read(addr uint64, size int) uint64
	Write(addr uint64, size int, val uint64)
}

// Access limits the sizes of accesses, in bytes.
type Access struct {
	Min, Max  int // 0: 1 and 4
	Unaligned bool
}

// Rules say which accesses of a region are valid and which of them its
// callbacks implement; what is valid but not implemented is split or widened.
// A table of rules is shared by all regions of a kind. The zero value is
// QEMU's default: any aligned size is valid, accesses are passed on in pieces
// of at most 4 bytes.
type Rules struct {
	// Valid accesses reach the callbacks; others read 0 and fail with
	// DecodeError. With Max 0 every aligned size is valid.
	Valid Access
	// Impl is what the callbacks are called with.
	Impl Access
	// Accepts, if set, may refuse an access before all else.
	Accepts func(addr uint64, size int, write bool) bool
}

var defaultRules Rules

// Funcs makes Ops of two functions; a nil one reads 0 or ignores the write.
type Funcs struct {
	OnRead  func(addr uint64, size int) uint64
	OnWrite func(addr uint64, size int, val uint64)
}

// Read implements [Ops].
func (f Funcs) Read(addr uint64, size int) uint64 {
	if f.OnRead == nil {
		return 0
	}
	return f.OnRead(addr, size)
}

// Write implements [Ops].
func (f Funcs) Write(addr uint64, size int, val uint64) {
	if f.OnWrite != nil {
		f.OnWrite(addr, size, val)
	}
}

// UnassignedIO answers as I/O ports without a device do: all ones, and writes
// vanish, both successfully. The root region of the port space is made of it.
type UnassignedIO struct{}

// Read implements [Ops].
func (UnassignedIO) Read(_ uint64, size int) uint64 { return ones(size) }

// Write implements [Ops].
func (UnassignedIO) Write(uint64, int, uint64) {}

// ones is the number whose size bytes are all 0xff.
func ones(size int) uint64 {
	if size >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*size) - 1
}

// pieceSize is how much of an access of n bytes at addr goes to a region at
// once: a power of two that is aligned and not above what is valid.
func (r *Rules) pieceSize(addr uint64, n int) int {
	most := r.Valid.Max
	if most == 0 {
		most = 4
	}
	if align := addr & -addr; !r.Impl.Unaligned && align != 0 && align < uint64(most) {
		most = int(align)
	}
	if n < most {
		most = n
	}
	size := 1
	for size*2 <= most {
		size *= 2
	}
	return size
}

// valid reports whether a piece may be passed on.
func (r *Rules) valid(addr uint64, size int, write bool) bool {
	if r.Accepts != nil && !r.Accepts(addr, size, write) {
		return false
	}
	if !r.Valid.Unaligned && addr&uint64(size-1) != 0 {
		return false
	}
	return r.Valid.Max == 0 || size >= r.Valid.Min && size <= r.Valid.Max
}

// implSize is the size the callback is called with for a piece of size bytes.
func (r *Rules) implSize(size int) int {
	low, high := r.Impl.Min, r.Impl.Max
	if low == 0 {
		low = 1
	}
	if high == 0 {
		high = 4
	}
	return max(min(size, high), low)
}
