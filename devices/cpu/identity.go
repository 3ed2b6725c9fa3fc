package cpu

import (
	"errors"
	"fmt"
	"math"

	"github.com/qomd/qomd/qom"
)

// most are the largest values of the numbers by which a processor identifies
// itself, CPUID leaf 1, and of its frequency in Hz.
var most = map[string]uint64{"family": 0xff + 0xf, "model": 0xff, "stepping": 0xf, "tsc-frequency": math.MaxInt64}

// vendorLength is the length of a vendor in CPUID leaf 0.
const vendorLength = 12

// limit makes p refuse what a processor cannot say of itself.
func limit(p *qom.Property) {
	set := p.Set
	switch high, number := most[p.Name]; {
	case number:
		p.Set = func(o *qom.Object, in qom.Input) error {
			v, err := in.Uint64(p.Name)
			if err == nil && v > high {
				err = fmt.Errorf("parameter '%s' can be at most %d", p.Name, high)
			}
			if err != nil {
				return err
			}
			return set(o, qom.Value(int64(v)))
		}
	case p.Name == "vendor":
		p.Set = func(o *qom.Object, in qom.Input) error {
			v, err := in.Str(p.Name)
			if err == nil && len(v) != vendorLength {
				err = errors.New("value of property 'vendor' must consist of exactly 12 characters")
			}
			if err != nil {
				return err
			}
			return set(o, in)
		}
	}
}
