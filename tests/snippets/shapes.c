#ifndef SHAPES_C
#define SHAPES_C

#include <math.h>
#include <stdio.h>

#define HALF(x) \
    ((x) / 2)

enum kind {
    CIRCLE,
    SQUARE,
    RECTANGLE
};

/* A shape by its kind and lengths. */
struct shape {
    enum kind kind;
    double width;
    double height;
};

#ifdef WITH_LABELS
static const char *labels[] = {
    "circle",
    "square",
    "rectangle",
};
#else
static const char *labels[3];
#endif

static double area(const struct shape *shape) {
    switch (shape->kind) {
    case CIRCLE:
        return 3.14159 * shape->width * shape->width;
    case SQUARE:
        return shape->width * shape->width;
    default:
        break;
    }
    return shape->width * shape->height;
}

int main(int argc, char **argv) {
    struct shape shapes[2] = {{SQUARE, 2, 2}, {CIRCLE, 1, 1}};
    double total = 0;
    for (int i = 0; i < 2; i++) {
        total += area(&shapes[i]);
        if (total > 100) {
            printf("large\n");
        }
    }
    printf("%f\n", HALF(total));
    return 0;
}

#endif
