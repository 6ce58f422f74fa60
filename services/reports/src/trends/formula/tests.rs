//! What formulas mean, and what is said of those that mean nothing.

use super::*;

fn compute(text: &str, values: &[f64]) -> f64 {
    Formula::parse(text, values.len()).expect("a formula").compute(values)
}

fn positions(text: &str, series: usize) -> Vec<usize> {
    let faults = Formula::parse(text, series).expect_err("no formula");
    faults.iter().map(|fault| fault.position).collect()
}

#[test]
fn arithmetic_is_the_one_of_school() {
    let values = [6.0, 3.0, 2.0];
    for (text, expected) in [
        ("A", 6.0),
        ("A + B * C", 12.0),
        ("(A + B) * C", 18.0),
        ("A - B - C", 1.0),
        ("A / B / C", 1.0),
        ("A / (B / C)", 4.0),
        ("-A + B", -3.0),
        ("--A", 6.0),
        ("A * -B", -18.0),
        ("-(A - B) * C", -6.0),
        ("A/B*100", 200.0),
        ("1.5 * C", 3.0),
        (".5+2.", 2.5),
        ("((((C))))", 2.0),
    ] {
        assert_eq!(compute(text, &values), expected, "{text}");
    }
}

#[test]
fn what_is_divided_by_zero_or_beyond_all_numbers_is_zero() {
    assert_eq!(compute("A / B", &[5.0, 0.0]), 0.0);
    assert_eq!(compute("A / B + 1", &[5.0, 0.0]), 1.0);
    assert_eq!(compute("A / (B - B)", &[5.0, 3.0]), 0.0);
    assert_eq!(compute("A * A", &[1e300]), 0.0);
    assert!(compute("-A", &[0.0]).is_sign_positive(), "there is one zero");
}

#[test]
fn every_fault_is_told_with_its_position() {
    for (text, expected) in [
        ("", &[1][..]),
        ("  ", &[3]),
        ("A +", &[4]),
        ("* A", &[1]),
        ("A B", &[3]),
        ("A (B)", &[3]),
        ("(A", &[1]),
        ("A)", &[2]),
        ("()", &[2]),
        ("((A) + (B", &[1, 8]),
        ("A $ B", &[3, 5]),
        ("a + D", &[1, 5]),
        ("AB", &[1]),
        ("1.2.3 + ? + A +", &[1, 9, 11, 16]),
        ("π", &[1]),
        ("A + π * é", &[5, 9]),
    ] {
        assert_eq!(positions(text, 3), expected, "{text:?}");
    }
    let faults = Formula::parse("A + E", 3).expect_err("no formula");
    assert_eq!(faults[0].message, "\"E\" is no series: there are A to C");
}

#[test]
fn formulas_are_bounded_in_length_and_depth() {
    let nested = |depth: usize| format!("{}A{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Formula::parse(&nested(DEPTH_MAX), 1).is_ok());
    assert_eq!(positions(&nested(DEPTH_MAX + 1), 1), [DEPTH_MAX + 1]);
    let long = "A+".repeat(99) + "A";
    assert!(Formula::parse(&long, 1).is_ok(), "{} bytes", long.len());
    assert!(Formula::parse(&(long + "+1"), 1).is_err());
}

#[test]
fn whatever_is_given_is_read_or_refused_and_what_is_read_can_be_computed() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let parts = ["A", "B", "C", "1", "2.5", "+", "-", "*", "/", "(", ")", " ", "x", ".", "é"];
    let mut read = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..state % 12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(parts[usize::try_from(state >> 40).expect("small") % parts.len()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 1;
        match Formula::parse(&text, 3) {
            Ok(formula) => {
                read += 1;
                assert!(formula.compute(&[1.0, 0.0, -2.0]).is_finite(), "{text}");
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                let end = text.chars().count() + 1;
                assert!(faults.iter().all(|fault| (1..=end).contains(&fault.position)), "{text}");
            }
        }
    }
    assert!(read > 100, "{read} were formulas");
}
