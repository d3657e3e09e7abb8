//! Percentiles of latencies, medians of rounds.

/// Several measurements of one quantity: their median and their extremes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Spread {
    /// The value in the middle; of an even number the mean of the two in the middle.
    pub(crate) median: f64,
    /// The smallest value.
    pub(crate) min: f64,
    /// The largest value.
    pub(crate) max: f64,
}

impl Spread {
    /// The spread of these values; zeros if there is none.
    pub(crate) fn from_values(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        let median = match values.len() % 2 {
            0 => f64::midpoint(at(middle.saturating_sub(1)), at(middle)),
            _ => at(middle),
        };
        Self { median, min: at(0), max: at(values.len().saturating_sub(1)) }
    }
}

/// The value below or at which that many thousandths of the sorted values are; 0 if there is none.
pub(crate) fn percentile(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = sorted.len().saturating_mul(per_mille).div_ceil(1000).max(1);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_value_at_its_rank() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&values, 500), 100);
        assert_eq!(percentile(&values, 990), 198);
        assert_eq!(percentile(&values, 1000), 200);
        assert_eq!(percentile(&values, 0), 1);
        assert_eq!(percentile(&[7], 990), 7);
        assert_eq!(percentile(&[], 500), 0);
    }

    #[test]
    fn a_median_is_in_the_middle() {
        let of = |values: &[f64]| Spread::from_values(values.iter().copied());
        assert_eq!(of(&[3.0, 1.0, 9.0]), Spread { median: 3.0, min: 1.0, max: 9.0 });
        assert_eq!(of(&[4.0, 2.0]), Spread { median: 3.0, min: 2.0, max: 4.0 });
        assert_eq!(of(&[]), Spread::default());
    }
}
