//! One pass over weights, gradients and what an optimizer remembers.

/// How weights move, with the constants of one step. The formulas are `src/train/optimizer.rs`'s,
/// which names their sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Against the gradient.
    Descent,
    /// With a velocity that the steps add to.
    Momentum {
        /// The part of the velocity that stays.
        momentum: f32,
        /// Whether the step looks ahead along it.
        nesterov: bool,
    },
    /// Divided by the root of the mean of the squared gradients.
    RmsProp {
        /// The part of that mean that stays.
        rho: f32,
        /// Keeps the division from 0.
        epsilon: f32,
    },
    /// The mean gradient, divided so; the rate has the corrections of both means in it.
    Adam {
        /// The part of the mean gradient that stays.
        beta_1: f32,
        /// The part of the mean of its square that stays.
        beta_2: f32,
        /// Keeps the division from 0.
        epsilon: f32,
    },
}

impl Rule {
    /// How many numbers it remembers for a weight.
    pub fn slots(&self) -> usize {
        match self {
            Self::Descent => 0,
            Self::Momentum { .. } | Self::RmsProp { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// Takes a step of size `rate` against `gradient`, after each weight has lost the part `decay` of
/// itself.
///
/// # Panics
/// Where there are not as many slots as the rule has.
pub fn update(
    rule: Rule,
    rate: f32,
    decay: f32,
    weights: &mut [f32],
    gradient: &[f32],
    slots: &mut [&mut [f32]],
) {
    if decay != 0.0 {
        for weight in weights.iter_mut() {
            *weight -= *weight * decay;
        }
    }
    let each = weights.iter_mut().zip(gradient);
    match (rule, slots) {
        (Rule::Descent, []) => {
            for (weight, gradient) in each {
                *weight -= gradient * rate;
            }
        }
        (Rule::Momentum { momentum, nesterov }, [velocities]) => {
            let ahead = if nesterov { momentum } else { 1.0 };
            let own = if nesterov { 1.0 } else { 0.0 };
            for ((weight, gradient), velocity) in each.zip(velocities.iter_mut()) {
                let step = gradient * rate;
                *velocity = *velocity * momentum - step;
                *weight = *weight + *velocity * ahead - step * own;
            }
        }
        (Rule::RmsProp { rho, epsilon }, [squares]) => {
            for ((weight, gradient), square) in each.zip(squares.iter_mut()) {
                *square = *square * rho + gradient * gradient * (1.0 - rho);
                *weight -= gradient * rate / (*square + epsilon).sqrt();
            }
        }
        (Rule::Adam { beta_1, beta_2, epsilon }, [means, squares]) => {
            let slots = means.iter_mut().zip(squares.iter_mut());
            for ((weight, gradient), (mean, square)) in each.zip(slots) {
                *mean = *mean * beta_1 + gradient * (1.0 - beta_1);
                *square = *square * beta_2 + gradient * gradient * (1.0 - beta_2);
                *weight -= *mean * rate / (square.sqrt() + epsilon);
            }
        }
        (rule, slots) => panic!("{rule:?} has other slots than {}", slots.len()),
    }
}
