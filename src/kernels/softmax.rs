//! Softmax and cross-entropy together, with their gradient.

/// What [`cross_entropy`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The loss, summed over all examples.
    pub loss: f32,
    /// Examples whose largest logit is their label's; of equal ones the first counts.
    pub correct: usize,
}

/// The sum over examples and classes of `-weight * log softmax(logits)`: rows of logits, as many
/// rows of weights, and a label for each. Its gradient by the logits becomes `slopes`.
///
/// # Panics
/// Where there are not as many weights, or slopes, as logits.
pub fn cross_entropy(logits: &[f32], weights: &[f32], labels: &[u16], slopes: &mut [f32]) -> Found {
    assert!(logits.len() == weights.len() && logits.len() == slopes.len());
    let classes = logits.len() / labels.len().max(1);
    let (mut loss, mut correct) = (0.0, 0);
    let rows = logits.chunks_exact(classes).zip(weights.chunks_exact(classes));
    for ((slopes, (logits, weights)), &label) in
        slopes.chunks_exact_mut(classes).zip(rows).zip(labels)
    {
        let (mut place, mut most) = (0, f32::NEG_INFINITY);
        for (class, &logit) in logits.iter().enumerate() {
            if logit > most {
                (place, most) = (class, logit);
            }
        }
        correct += usize::from(place == usize::from(label));
        // The largest is taken away first: no exponential overflows then.
        let (mut sum, mut whole) = (0.0, 0.0);
        for ((slope, &logit), &weight) in slopes.iter_mut().zip(logits).zip(weights) {
            *slope = (logit - most).exp();
            sum += *slope;
            whole += weight;
        }
        let log = sum.ln() + most;
        for ((slope, &logit), &weight) in slopes.iter_mut().zip(logits).zip(weights) {
            loss += weight * (log - logit);
            *slope = *slope / sum * whole - weight;
        }
    }
    Found { loss, correct }
}
