package dump

import (
	"encoding/binary"
	"io"
)

// WriteFlattened writes to w, front to back, what write puts at offsets: in
// makedumpfile's flattened format, for files in which nobody can seek.
func WriteFlattened(w io.Writer, write func(io.WriterAt) error) error {
	head := make([]byte, 4096)
	copy(head, "makedumpfile")
	binary.BigEndian.PutUint64(head[16:], 1) // type
	binary.BigEndian.PutUint64(head[24:], 1) // version
	if _, err := w.Write(head); err != nil {
		return &Error{"failed to write start flat header", err}
	}
	if err := write(flattened{w}); err != nil {
		return err
	}
	end := int64(-1)
	if err := binary.Write(w, binary.BigEndian, []int64{end, end}); err != nil {
		return &Error{"failed to write end flat header", err}
	}
	return nil
}

// flattened makes a record of each write.
type flattened struct{ w io.Writer }

func (f flattened) WriteAt(p []byte, off int64) (int, error) {
	if err := binary.Write(f.w, binary.BigEndian, []int64{off, int64(len(p))}); err != nil {
		return 0, err
	}
	return f.w.Write(p)
}
