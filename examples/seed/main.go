// Command seed runs the case that a thread on qemu-devel is about (June 2026,
// "qom: Tighten object lifetime handling") on real registers: a request of
// virtio-blk is in flight whose data buffer is BAR 0 of another device; that
// device is unplugged; then the request ends.
//
//	seed [-victim TYPE] [-dir DIR] [-inside DIR] PROGRAM [ARGUMENT...]
//
// PROGRAM is a qemu-system-x86_64 or a qomd-system-x86_64. The exit status is 0
// when it came through and told of the device's end when the request ended, and
// 1 when it did not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	victim := flag.String("victim", "", "type of the device whose BAR is the buffer; both edu and qemu-xhci without it")
	dir := flag.String("dir", "", "folder for sockets; a new one without it")
	inside := flag.String("inside", "", "the same folder as the program sees it, if it runs in another root")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: seed [-victim TYPE] [-dir DIR] [-inside DIR] PROGRAM [ARGUMENT...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	victims := []string{"edu", "qemu-xhci"}
	if *victim != "" {
		victims = []string{*victim}
	}
	status := 0
	for _, v := range victims {
		p := program{command: flag.Args(), dir: *dir, inside: *inside}
		if err := show(&p, v); err != nil {
			fmt.Printf("%9s  FAILED: %v\n", "", err)
			status = 1
		}
		fmt.Println()
	}
	os.Exit(status)
}

// show runs one round in a program of its own: memory that was freed once may
// hide what happens the second time.
func show(p *program, victim string) error {
	fmt.Printf("%s: a request of virtio-blk leads to BAR 0 of %s\n", p.name(), victim)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.start(ctx, victim); err != nil {
		return err
	}
	defer p.stop()
	r := round{p: p, victim: victim}
	if err := r.run(ctx); err != nil {
		if end := p.ended(); end != "" {
			return fmt.Errorf("the program %s", end)
		}
		return err
	}
	return nil
}
