//! Numbers as people read them.

pub(super) use crate::base::grouped;

/// `1 layer`, `3 layers`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    let plural = match thing {
        thing if count == 1 => thing.to_owned(),
        thing if thing.ends_with('s') => format!("{thing}es"),
        thing => format!("{thing}s"),
    };
    format!("{} {plural}", grouped(count as u64))
}

/// `412 B`, `1.5 kB`, `5.5 MB`: three digits, in powers of a thousand.
pub(super) fn bytes(number: u64) -> String {
    scaled(number as f64, &["B", "kB", "MB", "GB", "TB"])
}

/// `15.3 M`, `4.6 G`: multiply-accumulates or operations, in powers of a thousand.
pub(super) fn operations(number: u64) -> String {
    scaled(number as f64, &["", "k", "M", "G", "T"]).trim_end().to_owned()
}

fn scaled(number: f64, units: &[&str]) -> String {
    let mut value = number;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

/// `97.2 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `0.8 s`, `42 s`, `3 min 05 s`, `2 h 10 min`.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..=9 => format!("{seconds:.1} s"),
        10..=59 => format!("{whole} s"),
        60..=3599 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_bytes_keep_about_three_digits() {
        assert_eq!(
            [412, 999, 1500, 99_940, 5_531_276, 2_147_483_648].map(bytes),
            ["412 B", "999 B", "1.5 kB", "99.9 kB", "5.5 MB", "2.1 GB"]
        );
    }

    #[test]
    fn times_are_given_in_the_units_that_matter() {
        assert_eq!([0.84, 42.3, 185.0, 7800.0].map(duration), ["0.8 s", "42 s", "3 min 05 s", "2 h 10 min"]);
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(counted(1, "error"), "1 error");
        assert_eq!(counted(1797, "image"), "1,797 images");
        assert_eq!(counted(2, "class"), "2 classes");
    }
}
