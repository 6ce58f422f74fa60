//! What numbers the values of a property are.

use crate::engine::EngineError;
use crate::engine::breakdown::ValueSource;
use crate::engine::view::View;

/// The numbers of value codes.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// By value code; NaN for what is no number.
    pub(super) of_code: Vec<f64>,
    /// By value code, the place of its number among all; only where they are ranked.
    pub(super) rank_of_code: Vec<u32>,
    /// The numbers in order; only where they are ranked.
    pub(super) ranked: Vec<f64>,
}

/// The rank of what is no number.
pub(super) const NO_RANK: u32 = u32::MAX;

impl Numbers {
    /// Reads the numbers of a property.
    ///
    /// # Errors
    /// `TooLarge` if there are more than a question may hold.
    pub(super) fn new(
        view: &View<'_>,
        source: &ValueSource<'_>,
        ranked: bool,
    ) -> Result<Self, EngineError> {
        let codes = source.value_codes();
        view.asker.take(codes * if ranked { 24 } else { 8 })?;
        let all = 0..u32::try_from(codes).expect("codes have 32 bits");
        let of_code: Vec<f64> = all.clone().map(|code| source.number(code)).collect();
        if !ranked {
            return Ok(Self { of_code, ..Self::default() });
        }
        let mut order: Vec<u32> = all.filter(|code| !of_code[*code as usize].is_nan()).collect();
        order.sort_unstable_by(|a, b| of_code[*a as usize].total_cmp(&of_code[*b as usize]));
        let mut rank_of_code = vec![NO_RANK; codes];
        for (rank, code) in (0_u32..).zip(&order) {
            rank_of_code[*code as usize] = rank;
        }
        let ranked = order.iter().map(|code| of_code[*code as usize]).collect();
        Ok(Self { of_code, rank_of_code, ranked })
    }
}
