package migration

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// parameter is one of QEMU's MigrationParameters: its default, and what a value
// has to be.
type parameter struct {
	name  string
	def   any
	check func(s *Settings, v any) error
}

// formerParameters are those that QEMU has dropped since 7.2.
var formerParameters = []parameter{
	{"compress-level", int64(1), valueBetween("compress-level", 0, 9)},
	{"compress-threads", int64(8), valueBetween("compress-threads", 1, 255)},
	{"compress-wait-thread", true, nil},
	{"decompress-threads", int64(2), valueBetween("decompress-threads", 1, 255)},
	{"block-incremental", false, nil},
}

// all returns what parameters there ever were.
func all() []parameter { return slices.Concat(formerParameters, parameters) }

// between accepts numbers of a range; what is how QEMU calls it.
func between(name, what string, low, high int64) func(*Settings, any) error {
	return func(_ *Settings, v any) error {
		if n, ok := qjson.Int(v); !ok || n < low || n > high {
			return fmt.Errorf("Option %s expects %s", name, what)
		}
		return nil
	}
}

func valueBetween(name string, low, high int64) func(*Settings, any) error {
	return between(name, fmt.Sprintf("a value between %d and %d", low, high), low, high)
}

func integerBetween(name string, low, high int64) func(*Settings, any) error {
	return between(name, fmt.Sprintf("an integer in the range of %d to %d", low, high), low, high)
}

// powerOfTwo accepts powers of two of a range.
func powerOfTwo(text string, low, high uint64) func(*Settings, any) error {
	return func(_ *Settings, v any) error {
		n, ok := qjson.Int(v)
		if u := uint64(n); !ok || n <= 0 || u < low || u > high || u&(u-1) != 0 {
			return fmt.Errorf("%s", text)
		}
		return nil
	}
}

// checkAnnounceStep refuses zero too, though the text does not say so.
func checkAnnounceStep(_ *Settings, v any) error {
	if n, ok := qjson.Int(v); !ok || n < 1 || n > 10000 {
		return errors.New("Option announce-step expects a value between 0 and 10000")
	}
	return nil
}

const (
	pageSize        = 4096 // of the target
	throttleInitial = 20   // default of cpu-throttle-initial, in percent
)

// parameters are all that query-migrate-parameters tells, with the limits that
// QEMU 11.1 was seen to enforce.
var parameters = []parameter{
	{"announce-initial", int64(50), valueBetween("announce-initial", 0, 100000)},
	{"announce-max", int64(550), valueBetween("announce-max", 0, 100000)},
	{"announce-rounds", int64(5), valueBetween("announce-rounds", 0, 1000)},
	{"announce-step", int64(100), checkAnnounceStep},
	{"throttle-trigger-threshold", int64(50), integerBetween("throttle-trigger-threshold", 1, 100)},
	{"cpu-throttle-initial", int64(throttleInitial), integerBetween("cpu-throttle-initial", 1, 99)},
	{"cpu-throttle-increment", int64(10), integerBetween("cpu-throttle-increment", 1, 99)},
	{"cpu-throttle-tailslow", false, nil},
	{"tls-creds", "", nil},
	{"tls-hostname", "", nil},
	{"tls-authz", "", nil},
	{"max-bandwidth", int64(128 << 20), nil},
	{"avail-switchover-bandwidth", int64(0), nil},
	{"downtime-limit", int64(300), between("downtime-limit", "an integer in the range of 0 to (2000 * 1000) ms", 0, 2000000)},
	{"x-checkpoint-delay", int64(20000), nil},
	{"multifd-channels", int64(2), valueBetween("multifd-channels", 1, 255)},
	{"xbzrle-cache-size", int64(64 << 20),
		powerOfTwo("Option xbzrle-cache-size expects a power of two no less than the target page size", pageSize, math.MaxInt64)},
	{"max-postcopy-bandwidth", int64(0), nil},
	{"max-cpu-throttle", int64(99), checkMaxThrottle},
	{"multifd-compression", "none", nil},
	{"multifd-zlib-level", int64(1), valueBetween("multifd-zlib-level", 0, 9)},
	{"multifd-qatzip-level", int64(1), valueBetween("multifd-qatzip-level", 1, 9)},
	{"multifd-zstd-level", int64(1), valueBetween("multifd-zstd-level", 0, 20)},
	{"x-vcpu-dirty-limit-period", int64(1000), valueBetween("x-vcpu-dirty-limit-period", 1, 1000)},
	{"vcpu-dirty-limit", int64(1), checkDirtyLimit},
	{"mode", "normal", nil},
	{"zero-page-detection", "multifd", nil},
	{"direct-io", false, nil},
	{"cpr-exec-command", []any{}, nil},
	{"x-rdma-chunk-size", int64(1 << 20),
		powerOfTwo("Option x_rdma_chunk_size expects a power of 2 in the range 1MiB to 1024MiB", 1<<20, 1<<30)},
}

func checkMaxThrottle(s *Settings, v any) error {
	initial := int64(throttleInitial)
	if n, ok := qjson.Int(s.parameters["cpu-throttle-initial"]); ok {
		initial = n
	}
	return between("max-cpu-throttle", "an integer in the range of cpu-throttle-initial to 99", initial, 99)(s, v)
}

func checkDirtyLimit(_ *Settings, v any) error {
	if n, ok := qjson.Int(v); ok && n == 0 {
		return fmt.Errorf("Parameter 'vcpu-dirty-limit' must be greater than 1 MB/s")
	}
	return nil
}

// Parameter returns the value of a parameter, nil when there is none of that
// name.
func (s *Settings) Parameter(name string) any {
	if v, ok := s.parameters[name]; ok {
		return v
	}
	for _, p := range all() {
		if p.name == name {
			return p.def
		}
	}
	return nil
}

// Parameters lists those parameters that are known, with their values.
func (s *Settings) Parameters(known []string) *qjson.Object {
	o := qjson.NewObject()
	for _, p := range all() {
		if slices.Contains(known, p.name) {
			o.Set(p.name, s.Parameter(p.name))
		}
	}
	return o
}

// SetParameters changes parameters, given by name. Values have the type that
// the schema wants; one out of its range is refused, and then none is changed.
func (s *Settings) SetParameters(args *qjson.Object) error {
	next := Settings{parameters: map[string]any{}}
	for name, v := range s.parameters {
		next.parameters[name] = v
	}
	for name, v := range args.All() {
		if v == nil {
			v = "" // how TLS settings are taken back
		}
		next.parameters[name] = v
	}
	for _, p := range all() {
		if v, given := args.Get(p.name); given && p.check != nil {
			if err := p.check(&next, v); err != nil {
				return err
			}
		}
	}
	s.parameters = next.parameters
	return nil
}
