//! How much memory there is.

use std::path::Path;

/// What is assumed where the system does not tell: 2 GiB are free.
const UNKNOWN_AVAILABLE: u64 = 2 << 30;

/// Bytes that images may take by default: half of the memory that is available now.
///
/// It decides only whether images are kept or read again, never what comes out.
#[must_use]
pub fn budget() -> u64 {
    available() / 2
}

/// Bytes that this process can still take: what the machine has free, and no more than its control group may have.
#[must_use]
pub fn available() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = meminfo.and_then(|text| free_of_machine(&text)).unwrap_or(UNKNOWN_AVAILABLE);
    free_of_group(Path::new("/sys/fs/cgroup")).map_or(machine, |group| machine.min(group))
}

/// `MemAvailable` of a Linux `meminfo`, in bytes.
fn free_of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What a control group (version 2, as a container sees its own) may still take; `None` where it has no limit.
///
/// Files that the kernel keeps in memory count as free: it gives them up when memory is wanted.
fn free_of_group(group: &Path) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(group.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let cached = read("memory.stat")
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("inactive_file ")?.parse::<u64>().ok()))
        .unwrap_or(0);
    let used = number("memory.current")?.saturating_sub(cached);
    Some(number("memory.max")?.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_available_memory_is_read_from_meminfo() {
        assert_eq!(free_of_machine("MemTotal: 100 kB\nMemAvailable:   40 kB\n"), Some(40_960));
        assert_eq!(free_of_machine("MemTotal: 100 kB\n"), None);
    }

    #[test]
    fn a_control_group_with_a_limit_leaves_what_is_not_used_and_one_without_sets_none() {
        let group = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(group.path().join(name), text).unwrap();
        assert_eq!(free_of_group(group.path()), None);
        put("memory.current", "700\n");
        put("memory.stat", "anon 500\ninactive_file 100\n");
        put("memory.max", "1000\n");
        assert_eq!(free_of_group(group.path()), Some(400));
        put("memory.max", "max\n");
        assert_eq!(free_of_group(group.path()), None);
    }
}
