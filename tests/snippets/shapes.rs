//! Shapes with an area.

use std::fmt;

/// A shape by its kind and lengths.
#[derive(Debug, Clone)]
pub enum Shape {
    Circle(f64),
    Rectangle {
        width: f64,
        height: f64,
    },
}

pub trait Measured {
    fn area(&self) -> f64;
    fn doubled(&self) -> f64 {
        let area = self.area();
        area * 2.0
    }
}

impl Measured for Shape {
    /// The area enclosed.
    #[inline]
    fn area(&self) -> f64 {
        match self {
            Shape::Circle(radius) => {
                let squared = radius * radius;
                squared * 3.14159
            }
            Shape::Rectangle { width, height } => width * height,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.area() > 100.0 {
            write!(f, "large")?;
        } else {
            write!(f, "small")?;
        }
        Ok(())
    }
}

pub fn total(shapes: &[Shape]) -> f64 {
    shapes.iter().map(|shape| {
        let area = shape.area();
        area
    }).sum()
}
