//! Whole networks against PyTorch: the same weights and images give the same logits, loss and gradients.
//!
//! `tests/parity/make_fixtures.py` writes the fixtures and documents their layout.

use std::path::Path;

use netc::base::Source;
use netc::check::{Facts, Net, check};
use netc::exec::{Rate, Session};
use netc::graph::{Inference, Role, Training};
use netc::kernel::Isa;
use netc::plan::{Optimizer, Options, Plan, Slot};
use netc::syntax::parse;
use safetensors::SafeTensors;

const TOLERANCE: f32 = 1e-4;

/// A fixture: a network, and what PyTorch computes of it.
struct Fixture {
    name: String,
    net: Net,
    bytes: Vec<u8>,
}

impl Fixture {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).expect("a fixture can be read");
        let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a fixture is a safetensors file");
        let spec = metadata.metadata().as_ref().and_then(|data| data.get("spec")).expect("a fixture holds its spec");
        let source = Source::new(name.clone(), spec.clone());
        let (file, faults) = parse(&source);
        let checked = check(&source, &file, &Facts::default());
        let net = checked.net.unwrap_or_else(|| panic!("{name}: {faults:?} {:?}", checked.diagnostics));
        Self { name, net, bytes }
    }

    fn floats(&self, tensor: &str) -> Vec<f32> {
        let tensors = SafeTensors::deserialize(&self.bytes).expect("a fixture is a safetensors file");
        let view = tensors.tensor(tensor).unwrap_or_else(|error| panic!("{}: {tensor}: {error}", self.name));
        view.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes"))).collect()
    }

    fn labels(&self) -> Vec<u32> {
        let tensors = SafeTensors::deserialize(&self.bytes).expect("a fixture is a safetensors file");
        let view = tensors.tensor("labels").expect("a fixture holds labels");
        let label = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("eight bytes")) as u32;
        view.data().chunks_exact(8).map(label).collect()
    }

    fn assert_close(&self, what: &str, got: &[f32], wanted: &[f32]) {
        assert_eq!(got.len(), wanted.len(), "{}: {what}", self.name);
        let scale = wanted.iter().fold(1e-6_f32, |largest, number| largest.max(number.abs()));
        for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
            let error = (got - wanted).abs() / scale;
            assert!(error <= TOLERANCE, "{}: {what}[{at}]: {got} for {wanted}", self.name);
        }
    }

    /// Parameters of one role, or all that are trained, in the order of the layers.
    fn slots(session: &Session, wanted: impl Fn(Role) -> bool) -> Vec<Slot> {
        session.plan().params.iter().filter(|slot| wanted(slot.role)).cloned().collect()
    }

    fn fill(&self, session: &mut Session, images: usize) {
        for (at, slot) in Self::slots(session, Role::is_trained).iter().enumerate() {
            session.tensor_mut(slot).copy_from_slice(&self.floats(&format!("param/{at}")));
        }
        session.images_mut(images).copy_from_slice(&self.floats("input"));
    }

    /// One step in training mode; the velocity of the optimizer is then the gradient itself.
    fn training_step(&self, isa: Isa) -> Session {
        let labels = self.labels();
        let images = labels.len();
        let shows_gradients = Optimizer::Sgd { momentum: 0.9, nesterov: false };
        let plan = Plan::training(&Training::of(&self.net.graph), shows_gradients, Options::plain(images, isa));
        let mut session = Session::new(plan, 2).expect("two threads");
        self.fill(&mut session, images);
        for slot in Self::slots(&session, |role| role == Role::RunningVariance) {
            session.tensor_mut(&slot).fill(1.0);
        }
        session.labels_mut(images).copy_from_slice(&labels);
        session.run(images, &Rate::default());
        session
    }

    fn check_training(&self, session: &Session) {
        let images = self.labels().len();
        let logits: Vec<f32> = session.logits(images).iter().copied().collect();
        self.assert_close("logits", &logits, &self.floats("logits"));
        let loss = session.losses(images).iter().sum::<f32>() / images as f32;
        self.assert_close("loss", &[loss], &self.floats("loss"));
        // A bias in front of a batch normalisation has no gradient but rounding noise.
        let largest = |numbers: &[f32]| numbers.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
        for (at, slot) in session.plan().optimizer_state.iter().enumerate() {
            let got: Vec<f32> = session.tensor(slot).iter().copied().collect();
            let wanted = self.floats(&format!("grad/{at}"));
            if largest(&wanted) < 1e-7 {
                assert!(largest(&got) < 1e-5, "{}: {} should have no gradient: {got:?}", self.name, slot.name);
            } else {
                self.assert_close(&slot.name, &got, &wanted);
            }
        }
        for (role, name) in [(Role::RunningMean, "running_mean"), (Role::RunningVariance, "running_var")] {
            for (at, slot) in Self::slots(session, |other| other == role).iter().enumerate() {
                let got: Vec<f32> = session.tensor(slot).iter().copied().collect();
                self.assert_close(&slot.name, &got, &self.floats(&format!("{name}/{at}")));
            }
        }
    }

    fn check_inference(&self, isa: Isa) {
        let images = self.labels().len();
        let plan = Plan::inference(&Inference::of(&self.net.graph), Options::plain(images, isa));
        let mut session = Session::new(plan, 2).expect("two threads");
        self.fill(&mut session, images);
        for (role, name) in [(Role::RunningMean, "running_mean"), (Role::RunningVariance, "running_var")] {
            for (at, slot) in Self::slots(&session, |other| other == role).iter().enumerate() {
                session.tensor_mut(slot).copy_from_slice(&self.floats(&format!("{name}/{at}")));
            }
        }
        session.run(images, &Rate::default());
        let logits: Vec<f32> = session.logits(images).iter().copied().collect();
        self.assert_close("inference logits", &logits, &self.floats("inference_logits"));
    }
}

#[test]
fn whole_networks_agree_with_pytorch_on_every_instruction_set() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the fixtures are there").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    assert!(paths.len() >= 5, "fixtures are missing: {paths:?}");
    for path in paths {
        let fixture = Fixture::read(&path);
        for isa in Isa::available() {
            fixture.check_training(&fixture.training_step(isa));
            fixture.check_inference(isa);
        }
    }
}
