//! `data:` and `train:`.

use serde_json::{Value, json};

use super::validation;
use super::value::{Bounds, choice, either, flag, list, named, number, object, share, whole, with_default};
use crate::syntax::settings::{EarlyStopping, Loss, TrainSettings};

/// `data:`.
pub(super) fn data() -> Value {
    object(
        "How images become inputs",
        vec![
            ("resize", choice("How an image of another size is fitted [stretch]", &["stretch", "crop", "pad"])),
            ("normalize", normalize()),
            ("validation", validation()),
            ("augment", augment()),
            (
                "balance",
                choice(
                    "What is done where classes are of unequal size [none]",
                    &["none", "class_weights", "oversample"],
                ),
            ),
        ],
    )
}

fn normalize() -> Value {
    let channels = |doc, bounds: Value| {
        let mut item = json!({ "type": "number" });
        if let (Value::Object(item), Value::Object(bounds)) = (&mut item, bounds) {
            item.extend(bounds);
        }
        let mut channels = list(doc, &item);
        channels["minItems"] = json!(1);
        channels["maxItems"] = json!(4);
        channels
    };
    let mut given = object(
        "",
        vec![
            ("mean", channels("A mean of byte / 255 for each channel", json!({}))),
            ("std", channels("A deviation of byte / 255 for each channel", json!({ "exclusiveMinimum": 0 }))),
        ],
    );
    given["type"] = json!("object");
    given["required"] = json!(["mean", "std"]);
    let words = choice("", &["standardize", "0..1", "-1..1", "imagenet", "none"]);
    either("How bytes become numbers [standardize: mean 0, deviation 1, by the training images]", &[words, given])
}

fn augment() -> Value {
    object(
        "How training images are changed at random",
        vec![
            ("flip", choice("Which way they are mirrored", &["horizontal", "vertical", "both"])),
            ("rotate", number("Degrees that they are turned by at most", Bounds::UpTo(180.0))),
            ("shift", share("Share of a side that they are moved by at most", Bounds::BelowOne)),
            ("zoom", share("Share that they grow or shrink by at most", Bounds::BelowOne)),
            ("crop", share("Share of a side that is cut off at most", Bounds::BelowOne)),
            ("brightness", share("Share that their brightness changes by at most", Bounds::UpToOne)),
            ("contrast", share("Share that their contrast changes by at most", Bounds::UpToOne)),
            ("erase", share("Share of the area that is blanked at most", Bounds::BelowOne)),
            ("mixup", number("α of the blend of two images", Bounds::FromZero)),
            ("cutmix", number("α of the share that is pasted from another image", Bounds::FromZero)),
        ],
    )
}

/// `train:`.
pub(super) fn train() -> Value {
    let usual = TrainSettings::default();
    let losses: Vec<&str> = Loss::ALL.iter().map(|(word, _)| *word).collect();
    object(
        "How the network is trained",
        vec![
            ("loss", choice("What is made small; left out, what the last layer calls for", &losses)),
            ("label_smoothing", share("Share of the target that is spread over all classes", Bounds::BelowOne)),
            ("optimizer", optimizer()),
            ("learning_rate", rate()),
            ("schedule", schedule()),
            ("warmup", number("Epochs over which the rate rises from zero", Bounds::FromZero)),
            ("weight_decay", number("Weight decay", Bounds::FromZero)),
            ("clip_norm", number("The largest norm of the gradient", Bounds::Above)),
            ("epochs", with_default(whole("Passes over the training images", 1), usual.epochs)),
            ("batch_size", with_default(whole("Images a step", 1), usual.batch_size)),
            ("seed", with_default(whole("Seed of everything random", 0), usual.seed)),
            ("precision", choice("What convolutions and dense layers multiply [f32]", &["f32", "bf16"])),
            (
                "recompute",
                flag("Less memory for a slower step: the first layers' outputs are computed anew, not kept [false]"),
            ),
            ("ema", share("Share that the moving average of the weights keeps a step", Bounds::Inside)),
            ("early_stopping", early_stopping()),
            (
                "on_collapse",
                choice("What is done when training falls back to guessing [stop]", &["stop", "recover", "ignore"]),
            ),
        ],
    )
}

fn rate() -> Value {
    let doc = "The peak rate [0.01 for sgd, 1e-3 for the others], or auto for the range test";
    either(doc, &[number("", Bounds::Above), choice("", &["auto"])])
}

fn optimizer() -> Value {
    let moments = || {
        vec![
            ("beta1", number("Decay of the first moment", Bounds::BelowOne)),
            ("beta2", number("Decay of the second moment", Bounds::BelowOne)),
            ("epsilon", number("Added to the root of the second moment", Bounds::Above)),
        ]
    };
    let sgd = vec![
        ("momentum", number("Share of the velocity kept", Bounds::BelowOne)),
        ("nesterov", flag("Nesterov's look-ahead")),
    ];
    let rmsprop = vec![
        ("alpha", number("Decay of the squared gradient's mean", Bounds::BelowOne)),
        ("epsilon", number("Added to its root", Bounds::Above)),
    ];
    let options = [
        choice("", &["sgd", "adam", "adamw", "rmsprop"]),
        named("sgd", sgd),
        named("adam", moments()),
        named("adamw", moments()),
        named("rmsprop", rmsprop),
    ];
    with_default(either("The optimizer, or `{ name: sgd, momentum: 0.9 }` with its constants", &options), "adam")
}

fn schedule() -> Value {
    let warmup = || ("warmup", number("Epochs over which the rate rises from zero", Bounds::FromZero));
    let factor = || ("factor", share("What the rate is multiplied by", Bounds::Inside));
    let options = [
        choice("", &["constant", "cosine", "step", "plateau", "one_cycle"]),
        named("constant", vec![warmup()]),
        named("cosine", vec![warmup()]),
        named("step", vec![warmup(), ("every", number("Epochs between drops", Bounds::Above)), factor()]),
        named("plateau", vec![warmup(), ("patience", whole("Epochs without a new best before it drops", 1)), factor()]),
        named(
            "one_cycle",
            vec![warmup(), ("rise", share("Share of the training over which it rises", Bounds::Inside))],
        ),
    ];
    with_default(either("How the rate moves, or `{ name: cosine, warmup: 3 }`", &options), "constant")
}

fn early_stopping() -> Value {
    let usual = EarlyStopping::default();
    let metrics = &["val_loss", "val_accuracy", "loss", "accuracy"];
    let mut stopping = object(
        "When a training ends before its epochs do",
        vec![
            ("metric", with_default(choice("What is watched", metrics), "val_loss")),
            ("patience", with_default(whole("Epochs without a new best", 1), usual.patience)),
        ],
    );
    stopping["type"] = json!("object");
    stopping
}
