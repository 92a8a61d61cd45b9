//! How much memory images may take.

/// What is assumed where the system does not tell: 2 GiB are free.
const UNKNOWN_AVAILABLE: u64 = 2 << 30;

/// Bytes that images may take by default: half of the memory that is available now.
///
/// It decides only whether images are kept or read again, never what comes out.
#[must_use]
pub fn budget() -> u64 {
    let available = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    available.unwrap_or(UNKNOWN_AVAILABLE) / 2
}

/// `MemAvailable` of a Linux `meminfo`, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_available_memory_is_read_from_meminfo() {
        assert_eq!(available("MemTotal: 100 kB\nMemAvailable:   40 kB\n"), Some(40_960));
        assert_eq!(available("MemTotal: 100 kB\n"), None);
    }
}
