package capture

import (
	"regexp"
	"slices"
	"strings"
)

// helpOption is where "-help" describes options: "-S   freeze ...",
// "-h or -help ...", "-hda/-hdb file ...".
var helpOption = regexp.MustCompile(`^--?[A-Za-z][\w-]*(?:(?: or |/)-[A-Za-z][\w-]*)*`)

// helpOptions reads the names of options from the text of "-help", in its order.
func helpOptions(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		names := strings.NewReplacer(" or ", "/").Replace(helpOption.FindString(line))
		for name := range strings.SplitSeq(names, "/") {
			name = strings.TrimLeft(name, "-")
			if name != "" && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// helpCommand is where the human monitor's help describes a command. Lines that
// go on with one begin with a space or a bracket.
var helpCommand = regexp.MustCompile(`^[a-z][\w|?-]*( |$)`)

// helpCommands reads the names of commands from the monitor's help; with two
// words they are topics of info.
func helpCommands(text string, words int) []string {
	var list []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if !helpCommand.MatchString(line) {
			continue
		}
		if fields := strings.Fields(line); len(fields) >= words {
			list = append(list, strings.Join(fields[:words], " "))
		}
	}
	return list
}
