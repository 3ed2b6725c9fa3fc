// Command gen packs a folder of recorded answers of a QEMU into a catalog file:
//
//	go run ./devices/catalog/gen -from DIR [-facts FILE] -o FILE
//
// The embedded catalogs are made with
//
//	go run ./devices/catalog/gen -from QEMU-11.1.3 -facts devices/catalog/gen/facts-11.1.json -o devices/catalog/qemu-11.1.cat
//	go run ./devices/catalog/gen -from QEMU-7.2.22 -o devices/catalog/qemu-7.2.cat
//
// It writes nothing unless the packed file, opened again, says exactly what the
// folder says.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
)

func main() {
	from := flag.String("from", "", "folder with the recorded answers")
	facts := flag.String("facts", "", "JSON lines with observed device facts (see gen/capture)")
	out := flag.String("o", "", "catalog file to write")
	flag.Parse()
	if *from == "" || *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*from, *facts, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, facts, out string) error {
	s, err := build.FromDir(from)
	if err != nil {
		return err
	}
	if facts != "" {
		if err := s.ReadFacts(facts); err != nil {
			return err
		}
	}
	data, err := s.Encode()
	if err != nil {
		return err
	}
	c, err := catalog.Open(out, data)
	if err != nil {
		return err
	}
	if err := s.Verify(c); err != nil {
		return fmt.Errorf("packed catalog does not equal its source: %w", err)
	}
	if err := os.WriteFile(out, data, 0o644); err != nil {
		return fmt.Errorf("write catalog: %w", err)
	}
	return nil
}
