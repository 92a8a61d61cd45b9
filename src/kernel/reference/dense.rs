//! Matrix products of row-major matrices.

use super::Real;

/// Σₖ left(i, k)·right(k, j) for every i of `m` and j of `n`.
fn product<T: Real>(
    [m, k, n]: [usize; 3],
    left: impl Fn(usize, usize) -> T,
    right: impl Fn(usize, usize) -> T,
) -> Vec<T> {
    let mut c = vec![T::ZERO; m * n];
    for i in 0..m {
        for j in 0..n {
            for at in 0..k {
                c[i * n + j] += left(i, at) * right(at, j);
            }
        }
    }
    c
}

/// A·B for A of `m`×`k` and B of `k`×`n`.
#[must_use]
pub fn matmul<T: Real>(m: usize, k: usize, n: usize, a: &[T], b: &[T]) -> Vec<T> {
    product([m, k, n], |i, at| a[i * k + at], |at, j| b[at * n + j])
}

/// Aᵀ·B for A of `k`×`m` and B of `k`×`n`: a dense layer's weight gradient.
#[must_use]
pub fn matmul_transposed_left<T: Real>(m: usize, k: usize, n: usize, a: &[T], b: &[T]) -> Vec<T> {
    product([m, k, n], |i, at| a[at * m + i], |at, j| b[at * n + j])
}

/// A·Bᵀ for A of `m`×`k` and B of `n`×`k`: a dense layer's input gradient.
#[must_use]
pub fn matmul_transposed_right<T: Real>(m: usize, k: usize, n: usize, a: &[T], b: &[T]) -> Vec<T> {
    product([m, k, n], |i, at| a[i * k + at], |at, j| b[j * k + at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_products_agree() {
        let (a, a_transposed) = ([1., 2., 3., 4., 5., 6.], [1., 4., 2., 5., 3., 6.]);
        let (b, b_transposed) = ([1., 0., 2., -1., 0., 3.], [1., 2., 0., 0., -1., 3.]);
        let wanted = vec![5., 7., 14., 13.];
        assert_eq!(matmul(2, 3, 2, &a, &b), wanted);
        assert_eq!(matmul_transposed_left(2, 3, 2, &a_transposed, &b), wanted);
        assert_eq!(matmul_transposed_right(2, 3, 2, &a, &b_transposed), wanted);
    }
}
