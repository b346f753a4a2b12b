#include <cmath>
#include <string>
#include <vector>

namespace shapes {

template <typename T>
class Shape {
public:
    explicit Shape(T width) : width_(width) {}
    virtual ~Shape() = default;

    // The area enclosed.
    virtual T area() const {
        const T squared = width_ * width_;
        return squared;
    }

protected:
    T width_;
};

class Circle : public Shape<double> {
public:
    using Shape<double>::Shape;

    double area() const override {
        auto square = [this](double factor) {
            double result = width_ * width_;
            return result * factor;
        };
        return square(3.14159);
    }
};

double total(const std::vector<Circle> &all) {
    double sum = 0;
    for (const auto &one : all) {
        sum += one.area();
    }
    return sum;
}

}  // namespace shapes
