//! Web vitals: how fast pages were for those who opened them.

use crate::percentile::percentile;

/// The name of events that hold what was measured of a page.
pub const WEB_VITALS: &str = "$web_vitals";

/// A web vital.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vital {
    /// Its name.
    pub name: &'static str,
    /// The property that holds it: milliseconds, or a number without a unit.
    pub property: &'static str,
    /// What is good, at most. Source: <https://web.dev/articles/vitals> and the article of each.
    pub good_max: f64,
}

/// All that observe.js measures.
pub const VITALS: [Vital; 5] = [
    Vital { name: "LCP", property: "$lcp", good_max: 2_500.0 },
    Vital { name: "INP", property: "$inp", good_max: 200.0 },
    Vital { name: "CLS", property: "$cls", good_max: 0.1 },
    Vital { name: "FCP", property: "$fcp", good_max: 1_800.0 },
    Vital { name: "TTFB", property: "$ttfb", good_max: 800.0 },
];

/// How one was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VitalAnswer {
    /// Which one.
    pub vital: Vital,
    /// The 75th percentile, exact.
    pub p75: f64,
    /// How many measurements, at least 1.
    pub count: u64,
    /// How many of them are good.
    pub good: u64,
}

impl VitalAnswer {
    /// Adds up how often each value was measured; `None` if none was. Values are in no order, and finite.
    #[must_use]
    pub fn of(vital: Vital, mut measured: Vec<(f64, u64)>) -> Option<Self> {
        measured.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let count: u64 = measured.iter().map(|(_, count)| count).sum();
        let p75 = percentile(75, &measured.iter().copied())?;
        let good = measured.iter().filter(|(value, _)| *value <= vital.good_max);
        Some(Self { vital, p75, count, good: good.map(|(_, count)| count).sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LCP: Vital = VITALS[0];

    fn of(values: &[f64]) -> Option<VitalAnswer> {
        VitalAnswer::of(LCP, values.iter().map(|value| (*value, 1)).collect())
    }

    #[test]
    fn the_75th_percentile_is_exact_with_linear_interpolation() {
        let p75 = |values: &[f64]| of(values).expect("measured").p75;
        assert_eq!(p75(&[7.0]), 7.0);
        assert_eq!(p75(&[10.0, 20.0]), 17.5);
        assert_eq!(p75(&[30.0, 10.0, 20.0]), 25.0);
        assert_eq!(p75(&[40.0, 10.0, 30.0, 20.0]), 32.5);
        assert_eq!(p75(&[1.0, 2.0, 3.0, 4.0, 5.0]), 4.0);
        assert_eq!(of(&[]), None);
        let counted = VitalAnswer::of(LCP, vec![(20.0, 3), (5.0, 0), (10.0, 5)]).expect("measured");
        // 10 five times and 20 three times: rank 5.25 lies among the twenties.
        assert_eq!((counted.p75, counted.count), (20.0, 8));
    }

    #[test]
    fn a_measurement_at_the_limit_is_good() {
        let measured = of(&[2_500.0, 2_500.1, 100.0]).expect("measured");
        assert_eq!((measured.good, measured.count), (2, 3));
    }
}
