package config

import (
	"strings"

	"github.com/spf13/viper"
)

// log reads the logging section: viper has the values, the document has their
// places.
func (r *reader) log(v *viper.Viper, root *node, to *Log) {
	if n := root.get("log"); n != nil {
		r.fields(n, "log", func(name string, n *node, key string) bool {
			var ignored string
			r.str(n, key, &ignored)
			return name == "level" || name == "format" || name == "file"
		})
	}
	place := func(key string) *node {
		n := &node{kind: anyNode, text: v.GetString(key), line: 1}
		if in := root.get("log"); in != nil && in.kind == mapNode {
			if own := in.get(strings.TrimPrefix(key, "log.")); own != nil {
				n.line = own.line
				if own.text != n.text {
					n.source = Variable(key)
				}
			}
		}
		return n
	}
	r.word(place("log.level"), "log.level", &to.Level, "debug", "info", "warn", "error")
	r.word(place("log.format"), "log.format", &to.Format, "auto", "text", "json")
	to.File = expand(v.GetString("log.file"), nil)
}
