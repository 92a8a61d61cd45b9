//! The text of the spec.

use super::{Head, Known, Sizes};
use crate::base::grouped;

/// As many class names are written out.
const NAMED: usize = 20;

/// A whole `.net` file.
#[must_use]
pub fn starter(known: &Known) -> String {
    let sizes = Sizes::of(known);
    let parts = [
        input(known, &sizes),
        classes(known),
        data(known),
        train(known, &sizes),
        "---\n".to_owned(),
        body(known, &sizes),
    ];
    format!("---\n{}", parts.concat())
}

fn input(known: &Known, sizes: &Sizes) -> String {
    let [h, w, c] = sizes.input;
    let Some([height, width, _]) = known.input else {
        return "# Height x width x channels are those of the images. To fix them, write: input: 64x64x3\n".to_owned();
    };
    let colour = if c == 1 { "grey" } else { "in colour" };
    let why = if (h, w) == (height, width) {
        format!("The images are {height}×{width} pixels, {colour}.")
    } else if 2 * h.max(w) <= height.max(width) + 1 {
        format!(
            "The images are {height}×{width} pixels, {colour}; smaller ones train faster, and show as much at first."
        )
    } else {
        format!(
            "The images are {height}×{width} pixels, {colour}; of this size every pool halves the map without a rest."
        )
    };
    format!("# Height x width x channels. {why}\ninput: {h}x{w}x{c}\n")
}

fn classes(known: &Known) -> String {
    match &known.classes {
        None => "# The classes are the folders of the data, sorted by name.\n".to_owned(),
        Some(names) if names.len() > NAMED => {
            format!(
                "# As many as the data has folders; sorted by name they are the network's outputs.\nclasses: {}\n",
                names.len()
            )
        }
        Some(names) => {
            let names: Vec<String> = names.iter().map(|name| yaml(name)).collect();
            format!(
                "# The data's folders. Written down, so that a missing one is noticed.\nclasses: [{}]\n",
                names.join(", ")
            )
        }
    }
}

/// A text as YAML reads it back: plain where nothing in it can be taken for something else.
fn yaml(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_' || character == '-');
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if is_plain && !is_word {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn data(known: &Known) -> String {
    let mut text = String::from(
        "data:\n  # Every channel to mean 0 and deviation 1, measured on the training images: raw bytes train badly.\n  \
         normalize: standardize\n",
    );
    if !known.has_validation {
        text.push_str(
            "  # Held back, the same share of every class: only images that training never saw tell how good it is.\n  \
             validation: 10%\n",
        );
    }
    text
}

fn train(known: &Known, sizes: &Sizes) -> String {
    let Sizes { batch, epochs, steps, .. } = sizes;
    let budget = match known.images {
        Some(images) => format!(
            "{} images are {} an epoch: {} steps in all. Learning from scratch takes about 2,000.",
            grouped(images as u64),
            if *steps == 1 { "one step".to_owned() } else { format!("{} steps", grouped(*steps as u64)) },
            grouped((steps * epochs) as u64)
        ),
        None => "Passes over the images. Learning from scratch takes about 2,000 steps in all.".to_owned(),
    };
    format!(
        "train:\n  # Adam needs the least tuning; this is its usual rate. If the loss jumps or stays, take a tenth of it.\n  \
         optimizer: adam\n  learning_rate: 1e-3\n  # The rate falls to zero along a cosine, so that the last epochs settle.\n  \
         schedule: cosine\n  # {budget}\n  epochs: {epochs}\n  # Images a step: few enough for many steps, enough for a \
         steady mean in BatchNorm.\n  batch_size: {batch}\n"
    )
}

fn body(known: &Known, sizes: &Sizes) -> String {
    let classes = known.classes.as_ref().map_or_else(String::new, |names| format!("({})", names.len()));
    let head = match sizes.head {
        Head::Flatten => {
            "  # The map as one vector: the last layer reads every feature at every place.\n  -> Flatten\n"
        }
        Head::Mean => {
            "  # The mean of each feature over the map: far fewer weights than Flatten has.\n  -> GlobalAvgPool\n"
        }
    };
    let (share, reason) = if sizes.dropout == 0.5 { ("Half", ": there are few images") } else { ("A quarter", "") };
    format!(
        "{}\n{head}  # {share} of the features is left out at random, so that no single one is relied on{reason}.\n  \
         -> Dropout({})\n  # One unit a class; softmax makes them probabilities that add up to one.\n  \
         -> Dense{classes} -> Softmax\n",
        blocks(sizes),
        sizes.dropout,
    )
}

fn blocks(sizes: &Sizes) -> String {
    let filters: Vec<String> = sizes.filters.iter().map(usize::to_string).collect();
    let one = |filters: &str, pool: &str| format!("Conv({filters}, padding: same) -> BatchNorm -> Relu{pool}");
    let pools = sizes.pools() as usize;
    let why = "# `same` keeps the map's size. BatchNorm keeps the numbers in range, so that a high rate works.\n\
               # Relu bends what would else be one linear map.";
    let side = sizes.input[0].min(sizes.input[1]);
    if side == 1 {
        let (why, filters) = ("# In images of one row a larger kernel would read padding only.", &filters[0]);
        return format!("{why}\nConv({filters}, 1x1) -> BatchNorm -> Relu");
    }
    if pools == 0 {
        return format!("# The images are too small to be made smaller.\n{why}\n{}", one(&filters[0], ""));
    }
    let trail: Vec<String> = (0..=pools).map(|at| (side >> at).to_string()).collect();
    let intro = format!("# Each pool halves the map ({}) and lets the next layer see twice as far", trail.join(", "));
    match filters.as_slice() {
        [filters] => format!("{intro}.\n{why}\n{}", one(filters, " -> MaxPool")),
        filters => format!(
            "{intro}; filters double as it shrinks.\n{why}\n[{}] * {pools}",
            one(&format!("[{}]", filters.join(", ")), " -> MaxPool")
        ),
    }
}
