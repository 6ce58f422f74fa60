//! Measures in a few words: how the overview and incidents say numbers.

/// Says a share of 0-1, such as `38 %` or `0.4 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 || percent == 0.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// Says a length of time given in milliseconds, such as `182 ms` or `1.9 s`.
#[must_use]
pub fn milliseconds(ms: f64) -> String {
    if ms < 1.0 {
        format!("{ms:.1} ms")
    } else if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else if ms < 10_000.0 {
        format!("{:.1} s", ms / 1_000.0)
    } else {
        format!("{:.0} s", ms / 1_000.0)
    }
}

/// Says how often: `once`, `twice`, `124 times`.
#[must_use]
pub fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

/// Says how often something usually happens in an hour.
#[must_use]
pub fn usually(per_hour: f64) -> String {
    match per_hour {
        none if none < 0.05 => "usually never".to_owned(),
        few if few < 1.0 => format!("usually {:.0} a day", (few * 24.0).max(1.0)),
        many => format!("usually {many:.0} an hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_short() {
        assert_eq!([percent(0.38), percent(0.004), percent(0.0)], ["38 %", "0.4 %", "0 %"]);
        assert_eq!(
            [0.25, 182.4, 1_900.0, 61_000.0].map(milliseconds),
            ["0.2 ms", "182 ms", "1.9 s", "61 s"]
        );
        assert_eq!([times(1), times(2), times(124)], ["once", "twice", "124 times"]);
        assert_eq!(
            [usually(0.0), usually(0.2), usually(12.0)],
            ["usually never", "usually 5 a day", "usually 12 an hour"]
        );
    }
}
