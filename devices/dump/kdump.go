package dump

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
)

// page is the size of a page, and of the blocks a kdump file is made of.
const page = 4096

// diskHeader is the first block of a kdump file: struct disk_dump_header of
// makedumpfile's diskdump_mod.h, version 6, for 64 bits.
type diskHeader struct {
	Signature                              [8]byte
	Version                                uint32
	System, Node, Release, Build, Computer [65]byte // struct new_utsname; QEMU knows the last only
	Domain                                 [65]byte
	_                                      [6]byte
	Seconds, Microseconds                  uint64
	Status, BlockSize, SubHeaderBlocks     uint32
	BitmapBlocks, MaxPage                  uint32
	RAMBlocks, DeviceBlocks, Written       uint32
	CurrentCPU, CPUs                       uint32
	_                                      uint32
}

// subHeader is what follows: struct kdump_sub_header. Page numbers that do not
// fit the fields of old are in the last ones.
type subHeader struct {
	PhysicalBase                           uint64
	Level, Split                           uint32
	FirstPage, EndPage                     uint64
	VMCoreInfo, VMCoreInfoSize             uint64
	Notes, NotesSize                       uint64
	EraseInfo, EraseInfoSize               uint64
	FirstPageWide, EndPageWide, MaxPageAll uint64
}

// pageDescriptor says where a page is: struct page_desc.
type pageDescriptor struct {
	Offset      uint64
	Size, Flags uint32
	PageFlags   uint64
}

const (
	compressedZlib = 1 // flag of a page and of the whole file
	levelNoZeros   = 1 // that pages of zeros are there once
)

// WriteKdump writes a file of makedumpfile's kdump-compressed format, with the
// pages compressed by zlib, and all pages of zeros in one. read and wrote are
// as those of [WriteELF].
func WriteKdump(w io.WriterAt, blocks []Block, cpus []CPU, read func(addr uint64, p []byte) error, wrote func(n uint64)) error {
	notes := allNotes(cpus)
	last := blocks[len(blocks)-1]
	k := kdump{blocks: blocks, pages: (last.Addr + last.Size) / page}
	k.bitmap = (k.pages + 8*page - 1) / (8 * page) * page
	notesAt := uint64(page + binary.Size(subHeader{}))
	sub := (notesAt + uint64(len(notes)) - 1) / page
	h := diskHeader{
		Version: 6, Status: compressedZlib, BlockSize: page, SubHeaderBlocks: uint32(sub),
		BitmapBlocks: uint32(2 * k.bitmap / page), MaxPage: uint32(min(k.pages, 1<<32-1)), CPUs: uint32(len(cpus)),
	}
	copy(h.Signature[:], "KDUMP   ")
	copy(h.Computer[:], "Unknown") // a processor in real mode is of no machine that QEMU names
	s := subHeader{Level: levelNoZeros, Notes: notesAt, NotesSize: uint64(len(notes)), MaxPageAll: k.pages}
	if _, err := w.WriteAt(bytesOf(h), 0); err != nil {
		return &Error{"failed to write disk dump header", err}
	}
	if _, err := w.WriteAt(append(bytesOf(s), notes...), page); err != nil {
		return &Error{"failed to write kdump sub header", err}
	}
	k.w, k.at = w, page*(1+sub)
	if err := k.writeBitmaps(); err != nil {
		return &Error{"failed to write dump_bitmap", err}
	}
	if err := k.writePages(read, wrote); err != nil {
		return &Error{"failed to write page data", err}
	}
	return nil
}

// kdump is a file being written.
type kdump struct {
	w      io.WriterAt
	blocks []Block
	pages  uint64 // numbers of pages lie below
	bitmap uint64 // bytes of one bitmap
	at     uint64 // where the bitmaps are
}

// writeBitmaps writes which pages there are, and once more the same for which
// of them are in the file.
func (k *kdump) writeBitmaps() error {
	const covered = 8 * page * page // bytes of memory that a block of bitmap tells of
	buf := make([]byte, page)
	for off := uint64(0); off < k.bitmap; off += page {
		clear(buf)
		begin := off / page * covered
		for _, b := range Clip(k.blocks, begin, covered) {
			for n := (b.Addr - begin) / page; n < (b.Addr-begin+b.Size)/page; n++ {
				buf[n/8] |= 1 << (n % 8)
			}
		}
		for _, at := range []uint64{k.at, k.at + k.bitmap} {
			if _, err := k.w.WriteAt(buf, int64(at+off)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writePages writes the descriptors and the pages they tell of.
func (k *kdump) writePages(read func(addr uint64, p []byte) error, wrote func(n uint64)) error {
	tableAt := k.at + 2*k.bitmap
	dataAt := tableAt + Total(k.blocks)/page*uint64(binary.Size(pageDescriptor{}))
	table, data := k.section(tableAt), k.section(dataAt)
	zeros := pageDescriptor{Offset: dataAt, Size: page}
	data.Write(make([]byte, page)) // a bufio.Writer keeps its error
	end := dataAt + page
	var c compressor
	err := Copy(writerFunc(func(p []byte) (int, error) {
		for one := range slices.Chunk(p, page) { // whole pages: blocks begin and end with one
			d := zeros
			if bytes.Count(one, []byte{0}) < page {
				small, flags := c.compress(one)
				d = pageDescriptor{Offset: end, Size: uint32(len(small)), Flags: flags}
				data.Write(small)
				end += uint64(len(small))
			}
			if _, err := table.Write(bytesOf(d)); err != nil {
				return 0, err
			}
		}
		return len(p), nil
	}), k.blocks, read, wrote)
	return cmp.Or(err, table.Flush(), data.Flush())
}

func (k *kdump) section(at uint64) *bufio.Writer {
	return bufio.NewWriterSize(io.NewOffsetWriter(k.w, int64(at)), 4*page)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// compressor compresses pages; the zero value is ready to use.
type compressor struct {
	buf bytes.Buffer
	z   *zlib.Writer
}

// compress returns what stands for a page in the file, valid until the next
// call, and the page's flags. A page that does not get smaller stays as it is.
func (c *compressor) compress(p []byte) ([]byte, uint32) {
	c.buf.Reset()
	if c.z == nil {
		c.z, _ = zlib.NewWriterLevel(&c.buf, zlib.BestSpeed) // a level that there is
	} else {
		c.z.Reset(&c.buf)
	}
	c.z.Write(p) // into memory
	c.z.Close()
	if c.buf.Len() >= len(p) {
		return p, 0
	}
	return c.buf.Bytes(), compressedZlib
}

// bytesOf is a struct as it lies in the file.
func bytesOf(v any) []byte {
	p, _ := binary.Append(nil, binary.LittleEndian, v)
	return p
}
