//! Named tensors and texts in one file: `.safetensors` with a checksum over all of it.
//!
//! Format: <https://github.com/huggingface/safetensors>, little-endian `f32`. The crate's own writer keeps the texts in a
//! map of random order; here they are sorted, so that equal contents are equal bytes.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

/// The text that holds the checksum of everything else.
const CHECKSUM: &str = "netc.checksum";

/// The header's length is padded so that the numbers behind it are aligned.
const ALIGNMENT: usize = 8;

/// Numbers copied at a time on their way to the hash.
const HASHED_AT_ONCE: usize = 1 << 14;

/// A tensor with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Unique in its file.
    pub name: String,
    /// Sizes, outermost first.
    pub dims: Vec<usize>,
    /// The numbers, the last axis innermost.
    pub data: Vec<f32>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Texts by name.
    pub texts: BTreeMap<String, String>,
    /// Tensors, in the order of the file.
    pub tensors: Vec<Tensor>,
}

impl Container {
    /// The bytes of the file that holds `texts` and `tensors`; equal contents give equal bytes.
    #[must_use]
    pub fn encode(texts: &BTreeMap<String, String>, tensors: &[Tensor]) -> Vec<u8> {
        let mut header = header(texts, tensors).to_string().into_bytes();
        header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
        let numbers: usize = tensors.iter().map(|tensor| tensor.data.len()).sum();
        let mut bytes = Vec::with_capacity(8 + header.len() + 4 * numbers);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        for tensor in tensors {
            bytes.extend(tensor.data.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes
    }

    /// What the bytes of a file hold.
    ///
    /// # Errors
    /// The reason, in words, why they are no such file or a damaged one.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| format!("{error}"))?;
        let mut texts: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let file = SafeTensors::deserialize(bytes).map_err(|error| format!("{error}"))?;
        let tensor = |name: String| {
            let view = file.tensor(&name).map_err(|error| format!("{error}"))?;
            if view.dtype() != Dtype::F32 {
                return Err(format!("the tensor `{name}` is of type {}, not F32", view.dtype()));
            }
            let data = view.data().as_chunks::<4>().0.iter().map(|&number| f32::from_le_bytes(number)).collect();
            Ok(Tensor { name, dims: view.shape().to_vec(), data })
        };
        let tensors: Vec<Tensor> = header.offset_keys().into_iter().map(tensor).collect::<Result<_, _>>()?;
        let checksum = texts.remove(CHECKSUM).ok_or("it has no checksum, so netc did not write it")?;
        if digest(&texts, &tensors) == checksum {
            Ok(Self { texts, tensors })
        } else {
            Err("its checksum does not match its contents".to_owned())
        }
    }
}

fn header(texts: &BTreeMap<String, String>, tensors: &[Tensor]) -> Value {
    let mut metadata: Map<String, Value> =
        texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
    metadata.insert(CHECKSUM.to_owned(), Value::from(digest(texts, tensors)));
    let mut header = Map::from_iter([("__metadata__".to_owned(), Value::Object(metadata))]);
    let mut start = 0;
    for tensor in tensors {
        let end = start + 4 * tensor.data.len();
        let entry = json!({ "dtype": "F32", "shape": tensor.dims, "data_offsets": [start, end] });
        header.insert(tensor.name.clone(), entry);
        start = end;
    }
    Value::Object(header)
}

/// BLAKE3, in hexadecimal, of all texts and tensors.
fn digest(texts: &BTreeMap<String, String>, tensors: &[Tensor]) -> String {
    let mut hasher = blake3::Hasher::new();
    let put_text = |hasher: &mut blake3::Hasher, text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    for (name, text) in texts {
        put_text(&mut hasher, name);
        put_text(&mut hasher, text);
    }
    for tensor in tensors {
        put_text(&mut hasher, &tensor.name);
        hasher.update(&(tensor.dims.len() as u64).to_le_bytes());
        for &size in &tensor.dims {
            hasher.update(&(size as u64).to_le_bytes());
        }
        for numbers in tensor.data.chunks(HASHED_AT_ONCE) {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            hasher.update(&bytes);
        }
    }
    hasher.finalize().to_hex().to_string()
}
