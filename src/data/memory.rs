//! How much memory there is.

use std::path::{Path, PathBuf};

/// What is assumed where the system does not tell: 2 GiB are free.
const UNKNOWN_AVAILABLE: u64 = 2 << 30;

/// What works on images takes this much beside them: batches on their way, buffers of a network, decoders.
const BESIDE: u64 = 128 << 20;

/// Bytes that images may take by default: half of the memory that is available now, beside what works on them.
///
/// It decides only whether images are kept or read again, never what comes out.
#[must_use]
pub fn budget() -> u64 {
    available().saturating_sub(BESIDE) / 2
}

/// Bytes that this process can still take: what the machine has free, and no more than its control groups may have.
#[must_use]
pub fn available() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = meminfo.and_then(|text| free_of_machine(&text)).unwrap_or(UNKNOWN_AVAILABLE);
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits =
        groups(Path::new("/sys/fs/cgroup"), &own).into_iter().filter_map(|(group, files)| group_has(&group, files));
    limits.fold(machine, u64::min)
}

/// `MemAvailable` of a Linux `meminfo`, in bytes.
fn free_of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The files in which a control group says what it takes: the limit, what is used, and what of that the kernel gives up when
/// memory is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Files {
    limit: &'static str,
    used: &'static str,
    cached: &'static str,
}

/// Of version 2.
const UNIFIED: Files = Files { limit: "memory.max", used: "memory.current", cached: "inactive_file " };
/// Of version 1.
const APART: Files =
    Files { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cached: "total_inactive_file " };

/// The control groups that a process is in, by its `/proc/self/cgroup`, with all that these lie in: each can have a limit. What
/// a container cannot see of its path is the root that it sees.
fn groups(root: &Path, own: &str) -> Vec<(PathBuf, Files)> {
    let mut groups = vec![(root.to_owned(), UNIFIED)];
    for line in own.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(kinds), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let (top, files) = match kinds {
            "" => (root.to_owned(), UNIFIED),
            kinds if kinds.split(',').any(|kind| kind == "memory") => (root.join("memory"), APART),
            _ => continue,
        };
        let mut group = top.join(path.trim_start_matches('/'));
        while group.starts_with(&top) {
            groups.push((group.clone(), files));
            group.pop();
        }
    }
    groups
}

/// What a control group may still take; `None` where it has no limit.
fn group_has(group: &Path, files: Files) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(group.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let cached = read("memory.stat")
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix(files.cached)?.parse::<u64>().ok()))
        .unwrap_or(0);
    let used = number(files.used)?.saturating_sub(cached);
    Some(number(files.limit)?.saturating_sub(used))
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
        assert_eq!(group_has(group.path(), UNIFIED), None);
        put("memory.current", "700\n");
        put("memory.stat", "anon 500\ninactive_file 100\ntotal_inactive_file 200\n");
        put("memory.max", "1000\n");
        assert_eq!(group_has(group.path(), UNIFIED), Some(400));
        put("memory.max", "max\n");
        assert_eq!(group_has(group.path(), UNIFIED), None);
        put("memory.usage_in_bytes", "700\n");
        put("memory.limit_in_bytes", "1000\n");
        assert_eq!(group_has(group.path(), APART), Some(500));
    }

    #[test]
    fn a_limit_counts_wherever_above_a_process_it_is_set() {
        let root = Path::new("/fs");
        let of = |own: &str| -> Vec<(String, Files)> {
            groups(root, own).into_iter().map(|(path, files)| (path.display().to_string(), files)).collect()
        };
        let unified = |path: &str| (path.to_owned(), UNIFIED);
        let nested = [unified("/fs"), unified("/fs/user.slice/run-1.scope"), unified("/fs/user.slice"), unified("/fs")];
        assert_eq!(of("0::/user.slice/run-1.scope\n"), nested);
        let apart = |path: &str| (path.to_owned(), APART);
        let own = "9:cpu,cpuacct:/a\n4:memory:/job/7\n";
        assert_eq!(of(own), [unified("/fs"), apart("/fs/memory/job/7"), apart("/fs/memory/job"), apart("/fs/memory")]);
        assert_eq!(of("no such file"), [unified("/fs")]);
    }
}
