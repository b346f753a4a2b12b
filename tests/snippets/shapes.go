package shapes

import (
	"fmt"
	"math"
)

// Kind says what a shape is.
type Kind int

const (
	Circle Kind = iota
	Square
	Rectangle
)

// Shape is a shape by its kind and lengths.
type Shape struct {
	Kind    Kind
	Lengths []float64
}

var names = map[Kind]string{
	Circle:    "circle",
	Square:    "square",
	Rectangle: "rectangle",
}

// Area returns the area enclosed.
func (s Shape) Area() float64 {
	switch s.Kind {
	case Circle:
		return math.Pi * s.Lengths[0] * s.Lengths[0]
	case Square:
		return s.Lengths[0] * s.Lengths[0]
	default:
		return s.Lengths[0] * s.Lengths[1]
	}
}

// Total sums areas and says so.
func Total(shapes []Shape) (float64, error) {
	total := 0.0
	for _, shape := range shapes {
		if len(shape.Lengths) == 0 {
			return 0, fmt.Errorf("%s has no lengths", names[shape.Kind])
		}
		total += shape.Area()
	}
	fmt.Println("total", total)
	return total, nil
}
