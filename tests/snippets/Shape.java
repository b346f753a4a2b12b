package shapes;

import java.util.ArrayList;
import java.util.List;

/**
 * A shape by its kind and lengths.
 */
public class Shape<T extends Number> {
    private final Kind kind;
    private final double[] lengths;

    enum Kind {
        CIRCLE,
        SQUARE,
        RECTANGLE
    }

    public Shape(Kind kind, double... lengths) {
        this.kind = kind;
        this.lengths = lengths;
    }

    /** The area enclosed. */
    @Override
    public double area() {
        switch (kind) {
            case CIRCLE:
                return Math.PI * lengths[0] * lengths[0];
            case SQUARE:
                return lengths[0] * lengths[0];
            default:
                return lengths[0] * lengths[1];
        }
    }

    public static List<Shape<Double>> load(List<String> rows) {
        List<Shape<Double>> shapes = new ArrayList<>();
        for (String row : rows) {
            try {
                double length = Double.parseDouble(row);
                shapes.add(new Shape<>(Kind.SQUARE, length));
            } catch (NumberFormatException error) {
                System.err.println(error);
            } finally {
                System.out.flush();
            }
        }
        return shapes;
    }
}
