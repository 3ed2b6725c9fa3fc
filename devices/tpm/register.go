package tpm

import (
	"errors"
	"strconv"

	"github.com/qomd/qomd/qom"
)

var (
	errNone  = errors.New("'tpmdev' property is required")
	errState = errors.New("tpm-tis: no such state")
	errSize  = errors.New("tpm-crb: Buffer sizes exceed backend capacity")
)

func decimal(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// Register adds the types of this package to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "tpm-tis", Parent: "isa-device", New: func() qom.Instance { return new(tis) }})
	t.Add(qom.TypeInfo{Name: "tpm-crb", Parent: "device", New: func() qom.Instance { return new(crb) }})
}
