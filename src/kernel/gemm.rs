//! General matrix products: the one place that calls `matrixmultiply`, behind checks of every length.

/// A matrix in a slice, at any strides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    /// Elements from one row to the next.
    pub row_stride: usize,
    /// Elements from one column to the next.
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows one after the other, `row_stride` apart.
    pub fn rows(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        Self { data, rows, columns, row_stride, column_stride: 1 }
    }

    /// The same elements with rows as columns.
    pub fn transposed(self) -> Self {
        let Self { data, rows, columns, row_stride, column_stride } = self;
        Self { data, rows: columns, columns: rows, row_stride: column_stride, column_stride: row_stride }
    }

    fn verify(&self) {
        assert!(fits(self.data.len(), self.rows, self.columns, self.row_stride, self.column_stride), "{self:?}");
    }
}

/// What happens to the elements that the product is written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Into {
    Replace,
    Add,
}

/// c = a·b, or c += a·b; rows of c are `row_stride` apart.
///
/// # Panics
///
/// If the inner sizes differ, a matrix reaches beyond its slice or rows of c overlap.
pub(super) fn product(a: Matrix<'_>, b: Matrix<'_>, into: Into, c: &mut [f32], row_stride: usize) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert_eq!(k, b.rows, "the inner sizes of a product differ");
    a.verify();
    b.verify();
    assert!(row_stride >= n && fits(c.len(), m, n, row_stride, 1), "the product reaches beyond its slice");
    let stride = |elements: usize| isize::try_from(elements).expect("a stride inside a slice fits");
    let beta = if into == Into::Add { 1.0 } else { 0.0 };
    // SAFETY: every matrix lies inside its slice, as asserted above, and rows of c do not overlap; c is borrowed
    // exclusively.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.data.as_ptr(),
            stride(a.row_stride),
            stride(a.column_stride),
            b.data.as_ptr(),
            stride(b.row_stride),
            stride(b.column_stride),
            beta,
            c.as_mut_ptr(),
            stride(row_stride),
            1,
        );
    }
}

/// Whether the last element of a matrix is inside a slice of `len`.
fn fits(len: usize, rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> bool {
    let last = || {
        let row = rows.checked_sub(1)?.checked_mul(row_stride)?;
        columns.checked_sub(1)?.checked_mul(column_stride)?.checked_add(row)
    };
    rows == 0 || columns == 0 || last().is_some_and(|last| last < len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_operand_is_read_across() {
        let a = [1., 2., 3., 4., 5., 6.];
        let b = [1., 0., 2., 1., 1., 1.];
        let mut c = [10.0; 4];
        product(Matrix::rows(&a, 2, 3, 3), Matrix::rows(&b, 2, 3, 3).transposed(), Into::Replace, &mut c, 2);
        assert_eq!(c, [7., 6., 16., 15.]);
        product(Matrix::rows(&a, 2, 3, 3), Matrix::rows(&b, 3, 2, 2), Into::Add, &mut c, 2);
        assert_eq!(c, [15., 11., 36., 26.]);
    }

    #[test]
    #[should_panic(expected = "reaches beyond")]
    fn a_product_beyond_its_slice_is_refused() {
        product(Matrix::rows(&[1.0; 4], 2, 2, 2), Matrix::rows(&[1.0; 4], 2, 2, 2), Into::Replace, &mut [0.0; 3], 2);
    }
}
