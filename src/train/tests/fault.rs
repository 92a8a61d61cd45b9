//! What a training says when it cannot be.

use super::*;
use crate::diag::code;
use crate::syntax::settings::Optimizer;
use crate::train::memory::Plans;

#[test]
fn a_loss_that_is_not_finite_ends_the_run_and_keeps_the_epoch_before() {
    let (data, (_keep, at)) = (squares(8), runs());
    let optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
    let settings = TrainSettings { learning_rate: rate(1e30), optimizer, ..settings() };
    let fault = run(&job_with(data.path(), settings, 1), &at("run")).unwrap_err();
    assert_eq!(fault.code, &code::NON_FINITE);
    assert!(
        fault.message.contains("became infinite or no number") && fault.message.contains("in epoch 1, at step"),
        "{}",
        fault.message
    );
    assert!(fault.help.as_ref().is_some_and(|help| help.contains("--lr 1e-2")), "{:?}", fault.help);
    assert!(!at("run").join("last.safetensors").exists());
}

#[test]
fn a_folder_in_which_nothing_can_be_written_is_named() {
    let (data, (_keep, at)) = (squares(8), runs());
    std::fs::write(at("file"), "no folder").unwrap();
    let job = job_with(data.path(), settings(), 1);
    let fault = run(&job, &at("file").join("run")).unwrap_err();
    assert_eq!(fault.code, &code::WRITE_FAILED);
}

#[test]
fn a_run_folder_that_is_taken_is_left_alone() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = job_with(data.path(), settings(), 1);
    run(&job, &at("run")).unwrap();
    let before = bytes(&at("run"), "last.safetensors");
    assert_eq!(run(&job, &at("run")).unwrap_err().code, &code::RUN_FOLDER_TAKEN);
    assert_eq!(bytes(&at("run"), "last.safetensors"), before);
}

#[test]
fn a_batch_that_does_not_fit_is_refused_with_one_that_does() {
    let data = squares(24);
    let machine = Machine::new(2, Isa::Portable);
    let plans = |batch_size, available| {
        let job = job_with(data.path(), TrainSettings { batch_size, ..settings() }, 2);
        Plans::that_fit(&Job { machine: machine.clone(), ..job }, available)
    };
    let enough = |batch| {
        let plans = plans(batch, u64::MAX).unwrap();
        plans.training.peak_bytes(2) + plans.inference.peak_bytes(2)
    };
    let fault = plans(64, enough(9)).unwrap_err();
    assert_eq!(fault.code, &code::PLAN_EXCEEDS_MEMORY);
    assert!(fault.help.as_ref().is_some_and(|help| help.contains("`batch_size: 9`")), "{:?}", fault.help);
    assert!(plans(9, enough(9)).is_ok());
    let averaged = Job {
        settings: TrainSettings { ema: Some(0.9), batch_size: 9, ..settings() },
        machine: machine.clone(),
        ..job_with(data.path(), settings(), 2)
    };
    assert_eq!(
        Plans::that_fit(&averaged, enough(9)).unwrap_err().code,
        &code::PLAN_EXCEEDS_MEMORY,
        "the average is a copy"
    );
    let fault = plans(64, 1).unwrap_err();
    assert!(fault.help.as_ref().is_some_and(|help| help.contains("no batch size fits")), "{:?}", fault.help);
}
