//! Random specs: whatever is written, a check ends, and its fixes can be read again.

use proptest::prelude::*;

use super::{Facts, check, fixed};
use crate::base::Source;
use crate::syntax::parse;

fn layer() -> impl Strategy<Value = String> {
    let number =
        prop_oneof![Just("0"), Just("1"), Just("2"), Just("3"), Just("7x2"), Just("4294967295"), Just("-1"), Just("f")];
    let argument = prop_oneof![
        Just("filters"),
        Just("kernel"),
        Just("stride"),
        Just("padding"),
        Just("groups"),
        Just("size"),
        Just("units"),
        Just("dilation"),
        Just("rate"),
        Just("multiplier"),
        Just("ceil"),
        Just("activation"),
    ];
    let value = prop_oneof![
        number.prop_map(str::to_owned),
        Just("same".to_owned()),
        Just("[1, 2]".to_owned()),
        Just("true".to_owned()),
        Just("relu".to_owned()),
        Just("softmax".to_owned()),
        Just("(1, 0, 2, 3)".to_owned()),
        Just("1.5".to_owned()),
    ];
    let names = crate::layer::LAYERS.iter().map(|layer| layer.name).chain(["block", "Covn"]).collect::<Vec<_>>();
    let arguments = prop::collection::vec((argument, value), 0..3).prop_map(|arguments| {
        let texts: Vec<String> = arguments.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        if texts.is_empty() { String::new() } else { format!("({})", texts.join(", ")) }
    });
    (prop::sample::select(names), arguments).prop_map(|(name, arguments)| format!("{name}{arguments}"))
}

pub(super) fn chain() -> impl Strategy<Value = String> {
    let leaf = prop::collection::vec(layer(), 1..4).prop_map(|layers| layers.join(" -> "));
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), 1..9_u64).prop_map(|(chain, count)| format!("[{chain}] * {count}")),
            (
                prop::sample::select(vec!["Add", "Multiply", "Concat", "Residual"]),
                prop::collection::vec(inner.clone(), 1..3)
            )
                .prop_map(|(name, branches)| format!("{name}[{}]", branches.join(" | "))),
            prop::collection::vec(inner, 1..3).prop_map(|chains| chains.join(" -> ")),
        ]
    })
}

proptest! {
    #[test]
    fn a_check_ends_and_its_fixes_can_be_read(
        chain in chain(),
        block in chain(),
        head in prop::sample::select(vec!["", "---\ninput: 9x7x3\n---\n", "---\ninput: 40x40x3\nclasses: 3\n---\n"]),
    ) {
        let text = format!("{head}let block(f: 8) = {block}\n{chain} -> Flatten -> Dense -> Softmax");
        let source = Source::new("random.net", text.clone());
        let (file, faults) = parse(&source);
        prop_assume!(faults.is_empty());
        let checked = check(&source, &file, &Facts::default());
        let errors = checked.diagnostics.iter().filter(|fault| fault.is_error()).count();
        prop_assert_eq!(checked.net.is_some(), errors == 0, "{}", text);
        for fault in &checked.diagnostics {
            for which in 0..fault.fixes.len() {
                let mended = fixed(&text, fault, which);
                prop_assert!(parse(&Source::new("mended.net", mended.clone())).1.is_empty(), "{}\n{}", text, mended);
            }
        }
    }
}
