//! What a family of kernels says of itself in a row of a table: a macro a family gives the rows of its instruction sets.
//! Fields are those of [`ConvKernel`](super::ConvKernel).

macro_rules! direct_forward {
    ($element:ty, $isa:expr, $name:literal, $link:expr) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: direct::fits::<$element>,
            fits: direct::fits::<$element>,
            is_direct: true,
            workspace: |_, _| 0,
            scratch: direct::forward::scratch::<$element>,
            run: Packing {
                fits_once: direct::fits::<$element>,
                packed: |g| direct::forward::packed::<$element>($isa, g),
                pack: |g, w, bias, to| direct::forward::pack::<$element>($isa, g, w, bias, to),
                run: |g, n, x, w, after, y, space| {
                    direct::forward::run::<$element>($isa, g, n, x, w, after, y, space.scratch)
                },
                link: $link,
            },
        }
    };
}

/// How a convolution that computes bands of rows is a link of a chain.
macro_rules! link {
    ($conv:ty, $stage:path, $isa:expr) => {
        Some(AsLink {
            room: |g, first, rows| <$conv as Bands>::room($isa, g, first, rows),
            stage: |g, packed, after| $stage(ConvBands::new($isa, g, packed, after)),
            tile: <$conv as Bands>::TILE,
        })
    };
}

macro_rules! direct_input_gradient {
    ($element:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: direct::input_gradient::fits,
            fits: direct::input_gradient::fits,
            is_direct: true,
            workspace: |g, _| direct::input_gradient::workspace::<$element>($isa, g),
            scratch: direct::input_gradient::scratch::<$element>,
            run: |g, n, dy, w, f, dx, space| direct::input_gradient::run::<$element>($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! direct_weight_gradient {
    ($element:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: direct::fits::<$element>,
            fits: direct::fits::<$element>,
            is_direct: true,
            workspace: direct::weight_gradient::workspace,
            scratch: |g| direct::weight_gradient::scratch::<$element>($isa, g),
            run: |g, n, x, dy, dw, space| direct::weight_gradient::run::<$element>($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! winograd_forward {
    ($side:literal, $stage:path, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::can,
            fits: |g| winograd::fits::<$side>(g, Weights::Anew),
            is_direct: false,
            workspace: |_, _| 0,
            scratch: |g| winograd::scratch::<$side>($isa, g),
            run: Packing {
                fits_once: |g| winograd::fits::<$side>(g, Weights::Once),
                packed: |g| winograd::packed::<$side>($isa, g),
                pack: |g, w, bias, to| winograd::pack::<$side>($isa, g, w, bias, to),
                run: |g, n, x, w, after, y, space| {
                    winograd::forward::<$side>($isa, g, n, x, w, after, y, space.scratch)
                },
                link: link!(winograd::Forward<'_, $side>, $stage, $isa),
            },
        }
    };
}

macro_rules! winograd_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::can_input_gradient,
            fits: winograd::fits_input_gradient,
            is_direct: false,
            workspace: |g, _| winograd::input_gradient_workspace($isa, g),
            scratch: |g| winograd::input_gradient_scratch($isa, g),
            run: |g, n, dy, w, f, dx, space| winograd::input_gradient($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! joint_winograd_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::can,
            fits: winograd::joint::fits,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: |g| winograd::joint::scratch($isa, g),
            run: Packing {
                fits_once: winograd::joint::fits,
                packed: |g| winograd::joint::packed($isa, g),
                pack: |g, w, bias, to| winograd::joint::pack($isa, g, w, bias, to),
                run: |g, n, x, w, after, y, space| winograd::joint::forward($isa, g, n, x, w, after, y, space.scratch),
                link: None,
            },
        }
    };
}

macro_rules! joint_winograd_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::can_input_gradient,
            fits: winograd::joint::fits_input_gradient,
            is_direct: false,
            workspace: |g, _| winograd::joint::input_gradient_workspace($isa, g),
            scratch: |g| winograd::joint::input_gradient_scratch($isa, g),
            run: |g, n, dy, w, f, dx, space| winograd::joint::input_gradient($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! joint_winograd_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::can,
            fits: winograd::joint::gradient::fits,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: |g| winograd::joint::gradient::scratch($isa, g),
            run: |g, n, x, dy, dw, space| winograd::joint::gradient::run($isa, g, n, x, dy, dw, space.scratch),
        }
    };
}

macro_rules! winograd_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::can,
            fits: winograd::gradient::fits,
            is_direct: false,
            workspace: |g, n| winograd::gradient::workspace($isa, g, n),
            scratch: |g| winograd::gradient::scratch($isa, g),
            run: |g, n, x, dy, dw, space| winograd::gradient::run($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! depthwise_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: direct::depthwise::fits,
            fits: direct::depthwise::fits,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: direct::forward::scratch::<Single>,
            run: Packing {
                fits_once: direct::depthwise::fits,
                packed: plain_len,
                pack: pack_plainly,
                run: |g, n, x, w, after, y, space| {
                    direct::depthwise::forward($isa, g, n, x, w, after, y, space.scratch);
                },
                link: Some(AsLink {
                    room: |g, first, rows| direct::depthwise::Forward::room($isa, g, first, rows),
                    stage: |g, packed, after| {
                        Stage::Depthwise(direct::depthwise::Forward { isa: $isa, g, packed, after })
                    },
                    tile: <direct::depthwise::Forward<'_> as Bands>::TILE,
                }),
            },
        }
    };
}

macro_rules! depthwise_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: direct::depthwise::fits_input_gradient,
            fits: direct::depthwise::fits_input_gradient,
            is_direct: false,
            workspace: |g, _| g.weight_len(),
            scratch: direct::input_gradient::scratch::<Single>,
            run: |g, n, dy, w, f, dx, space| direct::depthwise::input_gradient($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! depthwise_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: direct::depthwise::fits,
            fits: direct::depthwise::fits,
            is_direct: false,
            workspace: direct::depthwise::partials,
            scratch: direct::forward::scratch::<Single>,
            run: |g, n, x, dy, dw, space| direct::depthwise::weight_gradient($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! im2col_forward {
    () => {
        ConvKernel {
            name: "im2col",
            isa: Isa::Portable,
            can: |_| true,
            fits: |_| true,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: im2col::scratch,
            run: Packing {
                fits_once: |_| true,
                packed: plain_len,
                pack: pack_plainly,
                run: |g, n, x, w, after, y, space| im2col::forward(g, n, x, w, after, y, space.scratch),
                link: None,
            },
        }
    };
}

macro_rules! im2col_input_gradient {
    () => {
        ConvKernel {
            name: "im2col",
            isa: Isa::Portable,
            can: |_| true,
            fits: |_| true,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: im2col::input_gradient_scratch,
            run: |g, n, dy, w, f, dx, space| im2col::input_gradient(g, n, dy, w, f, dx, space.scratch),
        }
    };
}

macro_rules! im2col_weight_gradient {
    () => {
        ConvKernel {
            name: "im2col",
            isa: Isa::Portable,
            can: |_| true,
            fits: |_| true,
            is_direct: false,
            workspace: im2col::partials,
            scratch: im2col::scratch,
            run: im2col::weight_gradient,
        }
    };
}

macro_rules! pooled_forward {
    ($by:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: pooled::forward::can::<$by>,
            fits: |g| pooled::forward::fits::<$by>(g, Weights::Anew),
            is_direct: <$by as ConvBands<'_>>::IS_DIRECT,
            workspace: |_, _| 0,
            scratch: |g| pooled::forward::scratch::<$by>($isa, g),
            run: Packing {
                fits_once: |g| pooled::forward::fits::<$by>(g, Weights::Once),
                packed: |g| <$by as ConvBands<'_>>::packed($isa, &g.conv),
                pack: |g, w, bias, to| <$by as ConvBands<'_>>::pack($isa, &g.conv, w, bias, to),
                run: |g, n, x, w, after, y, index, space| {
                    pooled::forward::run::<$by>($isa, g, n, x, w, after, y, index, space.scratch);
                },
                link: None,
            },
        }
    };
}

macro_rules! pooled_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: pooled::can_be_sparse,
            fits: pooled::fits_sparse,
            is_direct: false,
            workspace: |g, _| pooled::input_gradient::workspace($isa, g),
            scratch: |g| pooled::spread::scratch($isa, g),
            run: ByPool {
                run: |g, n, dy, w, index, f, dx, space| {
                    pooled::input_gradient::run($isa, g, n, dy, w, index, f, dx, space);
                },
                by_row: Some(Spreading::Winners),
            },
        }
    };
}

macro_rules! unpooled_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: winograd::unpooled::can,
            fits: winograd::unpooled::fits,
            is_direct: false,
            workspace: |g, _| winograd::unpooled::workspace($isa, g),
            scratch: |g| winograd::unpooled::scratch($isa, g),
            run: ByPool {
                run: |g, n, dy, w, index, f, dx, space| {
                    winograd::unpooled::run($isa, g, n, dy, w, index, f, dx, space);
                },
                by_row: None,
            },
        }
    };
}

macro_rules! pooled_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: pooled::can_be_sparse,
            fits: pooled::fits_sparse,
            is_direct: false,
            workspace: |g, n| pooled::weight_gradient::workspace($isa, g, n),
            scratch: |g| pooled::weight_gradient::scratch($isa, g),
            run: |g, n, x, dy, index, dw, space| {
                pooled::weight_gradient::run($isa, g, n, x, dy, index, dw, space);
            },
        }
    };
}

macro_rules! window_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            can: pooled::window::can,
            fits: pooled::window::fits,
            is_direct: false,
            workspace: |g, _| pooled::window::workspace($isa, g),
            scratch: |g| pooled::spread::scratch($isa, g),
            run: ByPool {
                run: |g, n, dy, w, index, f, dx, space| {
                    pooled::window::run($isa, g, n, dy, w, index, f, dx, space);
                },
                by_row: Some(Spreading::Windows),
            },
        }
    };
}
