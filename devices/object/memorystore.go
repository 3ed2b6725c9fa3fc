package object

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"syscall"
)

// addressBits is how much a process on x86-64 can address, in bits.
const addressBits = 47

// pageSize is the size of a page, of the host's and of the guest's.
const pageSize = 4096

// checkStore refuses memory that the host could not provide for a backend of its
// kind, with the errors QEMU has when it tries. Nothing is created.
func (b *MemoryBackend) checkStore() error {
	switch b.TypeName() {
	case "memory-backend-ram":
		if b.size >= 1<<addressBits {
			return fmt.Errorf("cannot set up guest memory '%s': %s", b.Name(), Strerror(syscall.ENOMEM))
		}
	case "memory-backend-memfd":
		return b.checkNew("memfd")
	case "memory-backend-shm":
		if !b.share {
			return errors.New("can't create shm backend with `share=off`")
		}
		return b.checkNew("POSIX shared memory")
	case "memory-backend-file":
		return b.checkFile()
	}
	return nil
}

// checkNew checks memory in a nameless file that is made as long as the backend
// is: QEMU maps whole pages of it.
func (b *MemoryBackend) checkNew(kind string) error {
	if b.size > math.MaxInt64 {
		return fmt.Errorf("failed to resize %s to %d: %s", kind, b.size, Strerror(syscall.EINVAL))
	}
	if b.size%pageSize != 0 {
		return b.tooSmall(b.size, 0)
	}
	return b.mappable()
}

func (b *MemoryBackend) pages() uint64 { return (b.size + pageSize - 1) &^ (pageSize - 1) }

func (b *MemoryBackend) tooSmall(have, offset uint64) error {
	return fmt.Errorf("%s backing store size 0x%x is too small for 'size' option 0x%x plus 'offset' option 0x%x",
		b.Name(), have, b.pages(), offset)
}

func (b *MemoryBackend) mappable() error {
	err := syscall.ENOMEM
	switch size := b.pages(); {
	case size > math.MaxInt64:
		err = syscall.EINVAL
	case size < 1<<addressBits:
		return nil
	}
	return fmt.Errorf("unable to map backing store for guest RAM: %s", Strerror(err))
}

// checkFile checks memory in a file, which is left alone. A directory stands for
// a new file in it.
func (b *MemoryBackend) checkFile() error {
	readonly := b.StoredBool("readonly")
	switch rom := b.StoredString("rom"); {
	case rom == "on" && !readonly:
		return errors.New("property 'rom' = 'on' is not supported with 'readonly' = 'off'")
	case rom == "off" && readonly && b.share:
		return errors.New("property 'rom' = 'off' is incompatible with 'readonly' = 'on' and 'share' = 'on'")
	case rom == "on", rom == "off":
	case readonly:
		b.Store("rom", "on")
	default:
		b.Store("rom", "off")
	}
	length, err := storeLength(b.StoredString("mem-path"), readonly)
	if err != nil {
		return fmt.Errorf("can't open backing store %s for guest RAM: %s", b.StoredString("mem-path"), Strerror(err))
	}
	align, offset := b.StoredUint("align"), b.StoredUint("offset")
	switch {
	case length > 0 && length < offset+b.pages():
		return b.tooSmall(length, offset)
	case align%pageSize != 0:
		return fmt.Errorf("alignment 0x%x must be multiples of page size 0x%x", align, pageSize)
	case align&(align-1) != 0:
		return fmt.Errorf("alignment 0x%x must be a power of two", align)
	case offset%pageSize != 0:
		return fmt.Errorf("offset 0x%x must be multiples of page size 0x%x", offset, pageSize)
	case b.pages() < pageSize: // it went round
		return fmt.Errorf("memory size 0x%x must be equal to or larger than page size 0x%x", b.pages(), pageSize)
	}
	if err := b.mappable(); err != nil {
		return err
	}
	if b.size%pageSize != 0 {
		return fmt.Errorf("backend '%s' memory size must be multiple of 4 KiB", b.TypeName())
	}
	return nil
}

// storeLength is how long the file of that path is, 0 for one that would be made.
func storeLength(path string, readonly bool) (uint64, error) {
	s, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ENOENT) && !readonly && path != "":
		_, err = os.Stat(filepath.Dir(path))
		return 0, err
	case err != nil:
		return 0, err
	case s.IsDir() && readonly:
		return 0, syscall.EISDIR
	case s.Mode().IsRegular():
		return uint64(s.Size()), nil
	}
	return 0, nil
}
