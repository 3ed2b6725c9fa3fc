package block

// copyStep is how much a job copies at once.
const copyStep = 1 << 20

// copyRange copies a range from one image to another; zeros are not copied but
// made. Behind the end of either there is nothing to do.
func copyRange(dst, src image, k extentKind, off, n int64) error {
	n = min(n, dst.Size()-off)
	if n <= 0 {
		return nil
	}
	if k == extentZero {
		if err := writeZeroes(dst, off, n); err != nil {
			return &ioError{true, err}
		}
		return nil
	}
	buf := make([]byte, min(n, copyStep))
	for n > 0 {
		p := buf[:min(int64(len(buf)), n)]
		if _, err := src.ReadAt(p, off); err != nil {
			return &ioError{false, err}
		}
		if _, err := dst.WriteAt(p, off); err != nil {
			return &ioError{true, err}
		}
		off, n = off+int64(len(p)), n-int64(len(p))
	}
	return nil
}

// copyMapped is copyRange for a range of a chain, which may be data and zeros
// by turns; it tells how much was data.
func copyMapped(dst image, chain []image, off, n int64) (data int64, _ error) {
	for n > 0 {
		k, part, err := status(chain, off, n)
		if err != nil {
			return data, &ioError{false, err}
		}
		if k == extentBehind {
			k = extentZero
		}
		if err := copyRange(dst, chain[0], k, off, part); err != nil {
			return data, err
		}
		if k == extentData {
			data += part
		}
		off, n = off+part, n-part
	}
	return data, nil
}
