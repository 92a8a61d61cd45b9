//! Which instruction sets kernels are written for and which of them this machine has. Nothing here reads a setting.

use std::fmt;
#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

/// An instruction set that kernels exist for; a later one is the wider one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// Plain Rust, vectorised by the compiler for the target's baseline.
    Portable,
    /// AVX2 with fused multiply-add: 8 lanes.
    Avx2,
    /// AVX-512 F, VL, BW and DQ: 16 lanes.
    Avx512,
    /// AVX-512 with products of pairs of bf16, VDPBF16PS.
    Avx512Bf16,
    /// The same with products of tiles of such pairs by a unit of its own, AMX.
    Amx,
}

impl Isa {
    /// All, the narrowest first.
    pub const ALL: [Self; 5] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Avx512Bf16, Self::Amx];

    /// The widest that this machine has.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL.into_iter().rev().find(|isa| isa.is_available()).unwrap_or(Self::Portable)
    }

    /// All that this machine has, the narrowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available()).collect()
    }

    /// Whether this machine has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => Self::Avx512.is_available() && is_x86_feature_detected!("avx512bf16"),
            #[cfg(target_arch = "x86_64")]
            Self::Amx => has_amx(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 | Self::Avx512Bf16 | Self::Amx => false,
        }
    }

    /// The set of that name, as `Display` writes it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|isa| isa.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Bf16 => "avx512-bf16",
            Self::Amx => "amx",
        }
    }
}

/// Whether the processor has the matrix unit with products of bf16, and the system lets this process use it: its registers are
/// so large that Linux saves them only for processes that have asked for it. What the system said once holds.
#[cfg(target_arch = "x86_64")]
fn has_amx() -> bool {
    static HAS_AMX: OnceLock<bool> = OnceLock::new();
    *HAS_AMX.get_or_init(|| Isa::Avx512Bf16.is_available() && processor_has_amx() && is_amx_permitted())
}

#[cfg(target_arch = "x86_64")]
fn processor_has_amx() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    /// The leaf of extended features, and what it says of bf16 in the matrix unit and of its tiles.
    const FEATURES: u32 = 7;
    const WANTED: u32 = 1 << 22 | 1 << 24;
    __cpuid(0).eax >= FEATURES && __cpuid_count(FEATURES, 0).edx & WANTED == WANTED
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn is_amx_permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const REQUEST_PERMISSION: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let result: i64;
    // SAFETY: the call reads and writes no memory of the process, and a system that does not know it returns an error.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(all(target_arch = "x86_64", not(target_os = "linux")))]
fn is_amx_permitted() -> bool {
    false
}

/// Plain loops that the compiler vectorises for whichever instruction set they run on.
pub(super) trait Loops {
    /// Runs them; must be `#[inline(always)]`, so that they are compiled with the instruction set of the caller.
    fn run(self);
}

impl Isa {
    /// Runs plain loops, compiled for this instruction set.
    ///
    /// # Panics
    ///
    /// If the machine does not have it.
    pub(super) fn vectorise(self, loops: impl Loops) {
        assert!(self.is_available(), "this machine has no {self}");
        match self {
            Self::Portable => loops.run(),
            // SAFETY: the instruction set was asserted to be there.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { with_avx2(loops) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 | Self::Avx512Bf16 | Self::Amx => unsafe { with_avx512(loops) },
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 | Self::Avx512Bf16 | Self::Amx => unreachable!("available nowhere else"),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2(loops: impl Loops) {
    loops.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
unsafe fn with_avx512(loops: impl Loops) {
    loops.run();
}

/// Functions of plain loops, compiled for every instruction set; each takes the one to run with as its first argument.
/// It panics where the machine does not have that.
///
/// A closure, or a function that is not `#[inline(always)]`, is compiled by itself, for the baseline: bodies are `for`
/// loops. The compiler neither reorders sums nor contracts products, so the results are the same to the bit for all sets.
macro_rules! vectorised {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($operand:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        $(#[$attribute])*
        $visibility fn $name(isa: $crate::kernel::Isa, $($operand: $type),*) {
            #[inline(always)]
            fn plain($($operand: $type),*) $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($operand: $type),*) {
                plain($($operand),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
            fn avx512($($operand: $type),*) {
                plain($($operand),*);
            }
            assert!(isa.is_available(), "this machine has no {isa}");
            match isa {
                $crate::kernel::Isa::Portable => plain($($operand),*),
                // SAFETY: the instruction set was asserted to be there.
                #[cfg(target_arch = "x86_64")]
                $crate::kernel::Isa::Avx2 => unsafe { avx2($($operand),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::kernel::Isa::Avx512 | $crate::kernel::Isa::Avx512Bf16 | $crate::kernel::Isa::Amx => unsafe {
                    avx512($($operand),*)
                },
                #[cfg(not(target_arch = "x86_64"))]
                _ => unreachable!("available nowhere else"),
            }
        }
    )*};
}

pub(super) use vectorised;

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for isa in Isa::ALL {
            assert_eq!(Isa::parse(&isa.to_string()), Some(isa));
        }
        assert_eq!(Isa::parse("avx1024"), None);
    }

    #[test]
    fn portable_is_always_there_and_the_widest_is_detected() {
        let available = Isa::available();
        assert_eq!(available.first(), Some(&Isa::Portable));
        assert_eq!(available.last(), Some(&Isa::detect()));
    }
}
