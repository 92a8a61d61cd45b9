//! The published nets against torchvision and Keras: the same weights and image give the same logits.
//!
//! `tests/parity/make_published.py` writes the fixture and documents it. Weights are a function of their place, on both
//! sides, so that nets of any size need no stored ones.

use netc::check::Net;
use netc::exec::{Rate, Session};
use netc::graph::{Inference, Role};
use netc::kernel::Isa;
use netc::plan::{Options, Plan, Slot};
use serde_json::Value;

use crate::published::{checked, with_input};

/// The number of the image among the parameters.
const IMAGE: u32 = 100_000;

/// Number `at` of parameter `number`, in [-1, 1): a 32-bit hash (Wellons, "lowbias32").
fn noise(number: u32, at: u32) -> f64 {
    let mut x = at.wrapping_add(number.wrapping_mul(0x9E37_79B9));
    x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^= x >> 16;
    f64::from(x >> 8) / f64::from(1 << 23) - 1.0
}

/// What the elements of a parameter are computed from its noise by: factor and constant.
fn scaling(slot: &Slot) -> (f64, f64) {
    match slot.role {
        Role::Kernel | Role::DepthwiseKernel | Role::PointwiseKernel => {
            let fan_in: usize = slot.dims[..slot.dims.len() - 1].iter().product();
            (f64::from((6.0 / fan_in as f32).sqrt()), 0.0)
        }
        Role::Bias | Role::Shift => (0.1, 0.0),
        Role::Scale | Role::Slope => (0.2, 1.0),
        Role::RunningMean | Role::RunningVariance => unreachable!("{} is not trained", slot.name),
    }
}

fn fill(session: &mut Session) {
    let slots = session.plan().params.clone();
    let (trained, running): (Vec<_>, Vec<_>) = slots.iter().partition(|slot| slot.role.is_trained());
    for (number, slot) in (0..).zip(trained) {
        let (factor, constant) = scaling(slot);
        let weights = session.tensor_mut(slot);
        (0..).zip(weights).for_each(|(at, weight)| *weight = (constant + factor * noise(number, at)) as f32);
    }
    for slot in running {
        session.tensor_mut(slot).fill(if slot.role == Role::RunningVariance { 1.0 } else { 0.0 });
    }
    (0..).zip(session.images_mut(1)).for_each(|(at, pixel)| *pixel = noise(IMAGE, at) as f32);
}

fn logits(net: &Net) -> Vec<f32> {
    let plan = Plan::inference(&Inference::of(&net.graph), Options::plain(1, Isa::detect()));
    let mut session = Session::new(plan, 2).expect("two threads");
    fill(&mut session);
    session.run(1, &Rate::default());
    session.logits(1).iter().copied().collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

#[test]
fn the_nets_give_the_logits_of_torchvision_and_keras() {
    let fixture = std::fs::read_to_string("tests/fixtures/published/logits.json").expect("the fixture is there");
    let fixture: Value = serde_json::from_str(&fixture).expect("the fixture is JSON");
    let nets = fixture["nets"].as_object().expect("nets by name");
    assert!(nets.len() >= 16, "nets are missing");
    for (name, expected) in nets {
        let size: Vec<String> = numbers(&expected["input"]).iter().map(f64::to_string).collect();
        let net = checked(name, with_input(name, Some(&size.join("x")))).net.unwrap_or_else(|| panic!("{name}"));
        let (got, wanted) = (logits(&net), numbers(&expected["logits"]));
        let step = got.len() / wanted.len();
        let largest = wanted.iter().fold(0.0_f64, |largest, logit| largest.max(logit.abs()));
        for (at, wanted) in wanted.iter().enumerate() {
            let error = (f64::from(got[at * step]) - wanted).abs() / largest;
            assert!(error < 1e-4, "{name}: logit {} is {}, not {wanted}", at * step, got[at * step]);
        }
    }
}
