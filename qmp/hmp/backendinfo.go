package hmp

import (
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// backendTopics are the topics of "info" on what devices talk to.
func backendTopics() []*command {
	return []*command{
		{names: "chardev", help: "character devices", qmp: "query-chardev",
			run: func(r *run) error {
				list, err := r.list("query-chardev")
				if err != nil {
					return err
				}
				for _, c := range list {
					r.printf("%s: filename=%s\n", text(c, "label"), text(c, "filename"))
				}
				return nil
			}},
		{names: "network", help: "network cards and what they are connected to",
			run: func(r *run) error { r.printf("%s", r.h.m.Network.Describe()); return nil }},
		{names: "usernet", help: "ports that user networks hold",
			run: func(r *run) error { r.printf("%s", r.h.m.Network.DescribeUsers()); return nil }},
		{names: "balloon", help: "the balloon", qmp: "query-balloon",
			run: func(r *run) error {
				o, err := r.object("query-balloon")
				if err == nil {
					r.printf("balloon: actual=%d\n", number(o, "actual")>>20)
				}
				return err
			}},
		{names: "vm-generation-id", help: "the generation of the machine", qmp: "query-vm-generation-id",
			run: func(r *run) error {
				o, err := r.object("query-vm-generation-id")
				if err == nil {
					r.printf("%s\n", text(o, "guid"))
				}
				return err
			}},
		{names: "cryptodev", help: "backends of crypto devices", qmp: "query-cryptodev", run: infoCryptodev},
		{names: "tpm", help: "the TPM", qmp: "query-tpm", run: infoTPM},
		{names: "mice", help: "pointing devices, a star at the one in use", qmp: "query-mice", run: infoMice},
	}
}

func infoCryptodev(r *run) error {
	list, err := r.list("query-cryptodev")
	if err != nil {
		return err
	}
	for _, c := range list {
		services, _ := c.Get("service")
		names, _ := services.([]any)
		words := make([]string, len(names))
		for i, n := range names {
			words[i] = plain(n)
		}
		r.printf("%s: service=[%s]\n", text(c, "id"), strings.Join(words, "|"))
		clients, _ := c.Get("client")
		for _, q := range objects(clients) {
			r.printf("    queue %d: type=%s\n", number(q, "queue"), text(q, "type"))
		}
	}
	return nil
}

func infoTPM(r *run) error {
	list, err := r.list("query-tpm")
	if err != nil {
		return err
	}
	if len(list) > 0 {
		r.printf("TPM device:\n")
	}
	for i, t := range list {
		r.printf(" tpm%d: model=%s\n", i, text(t, "model"))
		options, _ := t.Get("options")
		of, _ := options.(*qjson.Object)
		r.printf("  \\ %s: type=%s", text(t, "id"), text(of, "type"))
		data, _ := of.Get("data")
		if d, ok := data.(*qjson.Object); ok {
			for name := range d.All() {
				r.printf(",%s=%s", name, text(d, name))
			}
		}
		r.printf("\n")
	}
	return nil
}

func infoMice(r *run) error {
	list, err := r.list("query-mice")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		r.printf("No mouse devices connected\n")
	}
	for _, m := range list {
		mark, kind := ' ', ""
		if flag(m, "current") {
			mark = '*'
		}
		if flag(m, "absolute") {
			kind = " (absolute)"
		}
		r.printf("%c Mouse #%d: %s%s\n", mark, number(m, "index"), text(m, "name"), kind)
	}
	return nil
}
