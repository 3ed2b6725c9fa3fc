package numa

import (
	"errors"
	"fmt"
)

// minDistance is that of a node to itself.
const minDistance = 10

var errNodeMissing = errors.New("Source/Destination NUMA node is missing. Please use '-numa node' option to declare it first.")

func (c *Config) addDistance(a arguments) error {
	src, _ := a.number("src")
	dst, _ := a.number("dst")
	val, _ := a.number("val")
	switch {
	case src >= MaxNodes:
		return fmt.Errorf("Parameter 'src' expects an integer between 0 and %d", MaxNodes-1)
	case dst >= MaxNodes:
		return fmt.Errorf("Parameter 'dst' expects an integer between 0 and %d", MaxNodes-1)
	case !c.present(src) || !c.present(dst):
		return errNodeMissing
	case val < minDistance:
		return fmt.Errorf("NUMA distance (%d) is invalid, it shouldn't be less than %d.", val, minDistance)
	case src == dst && val != minDistance:
		return fmt.Errorf("Local distance of node %d should be %d.", src, minDistance)
	}
	if c.distance == nil {
		c.distance = map[[2]int]int{}
	}
	c.distance[[2]int{int(src), int(dst)}] = int(val)
	return nil
}

var errOneWay = errors.New("At least one asymmetrical pair of distances is given, " +
	"please provide distances for both directions of all node pairs.")

// completeDistances checks that with some distances all are known: where both
// ways are equally long, one of them is enough.
func (c *Config) completeDistances() error {
	if c.distance == nil {
		return nil
	}
	oneWay, differ := false, false
	for i := range c.nodes {
		for j := i + 1; j < len(c.nodes); j++ {
			there, back := c.distance[[2]int{i, j}], c.distance[[2]int{j, i}]
			if there == 0 && back == 0 {
				return fmt.Errorf("The distance between node %d and %d is missing, "+
					"at least one distance value between each nodes should be provided.", i, j)
			}
			oneWay = oneWay || there == 0 || back == 0
			differ = differ || there != 0 && back != 0 && there != back
		}
	}
	if oneWay && differ {
		return errOneWay
	}
	return nil
}
