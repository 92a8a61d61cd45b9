//! A run that was interrupted and goes on is the run that was not.

use super::*;
use crate::diag::code;
use crate::plan::Precision;
use crate::syntax::settings::{Augment, Flip, Optimizer, Schedule};

/// Settings under which a step depends on all that came before it.
fn stateful() -> TrainSettings {
    let optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false };
    TrainSettings { optimizer, schedule: Schedule::Cosine, warmup_epochs: 1.0, ..settings() }
}

#[test]
fn interrupted_at_any_step_and_resumed_the_weights_are_the_same_to_the_byte() {
    let (data, (_keep, at)) = (squares(12), runs());
    let bf16 = TrainSettings { precision: Precision::Bf16, ..settings() };
    for (name, settings) in [("momentum", stateful()), ("adam", settings()), ("bf16", bf16)] {
        let whole = at(&format!("{name}-whole"));
        run(&job_with(data.path(), settings.clone(), 1), &whole).unwrap();
        // Five steps an epoch: in the middle, at an epoch's very end, at the start of the next, at the last of all.
        for steps in [1, 3, 5, 6, 19, 20] {
            let out = at(&format!("{name}-{steps}"));
            let job = job_with(data.path(), settings.clone(), 1 + steps % 2);
            let outcome = stop_after(steps, &job, RunFolder::plan(Some(&out), &out, &job.spec).unwrap()).unwrap();
            assert!(outcome.interrupted);
            assert!(!resume(&job, &out, &mut Silent).unwrap().interrupted);
            for file in ["best.safetensors", "last.safetensors"] {
                assert_eq!(bytes(&out, file), bytes(&whole, file), "{name}: {file} after stopping at step {steps}");
            }
            let losses = |folder: &Path| {
                metrics(folder).iter().map(|epoch| (epoch.epoch, epoch.train_loss, epoch.val_loss)).collect::<Vec<_>>()
            };
            assert_eq!(losses(&out), losses(&whole));
        }
    }
}

#[test]
fn a_run_interrupted_over_and_over_ends_as_one_that_was_not() {
    let (data, (_keep, at)) = (squares(12), runs());
    let job = job_with(data.path(), stateful(), 2);
    run(&job, &at("whole")).unwrap();
    let out = at("pieces");
    let mut outcome = stop_after(2, &job, RunFolder::plan(Some(&out), &out, &job.spec).unwrap()).unwrap();
    while outcome.interrupted {
        outcome = stop_after(3, &job, RunFolder::find(Some(&out), &out, &job.spec).unwrap()).unwrap();
    }
    assert_eq!(bytes(&out, "last.safetensors"), bytes(&at("whole"), "last.safetensors"));
}

#[test]
fn files_lost_behind_the_checkpoint_are_written_again_and_half_written_ones_removed() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = job_with(data.path(), settings(), 1);
    run(&job, &at("run")).unwrap();
    let before = ["last.safetensors", "metrics.jsonl"].map(|name| bytes(&at("run"), name));
    for name in ["last.safetensors", "metrics.jsonl"] {
        std::fs::remove_file(at("run").join(name)).unwrap();
    }
    let half_written = at("run").join("state/.netc-unfinished-1");
    std::fs::write(&half_written, "{").unwrap();
    let mut notices = Notices::default();
    resume(&job, &at("run"), &mut notices).unwrap();
    assert_eq!(["last.safetensors", "metrics.jsonl"].map(|name| bytes(&at("run"), name)), before);
    assert!(notices.0[0].contains("has its 4 epochs already"), "{:?}", notices.0);
    assert!(!half_written.exists());
}

#[test]
fn what_a_kill_left_of_the_making_of_a_folder_is_removed() {
    let (data, (_keep, at)) = (squares(8), runs());
    let half_written = ["", "state"].map(|place| at("run").join(place).join(".netc-unfinished-1"));
    std::fs::create_dir_all(at("run").join("state")).unwrap();
    half_written.iter().for_each(|path| std::fs::write(path, "{").unwrap());
    run(&job_with(data.path(), settings(), 1), &at("run")).unwrap();
    assert!(!half_written.iter().any(|path| path.exists()));
}

#[test]
fn a_kill_between_the_best_model_and_the_checkpoint_costs_an_epoch_and_no_byte() {
    let (data, (_keep, at)) = (squares(12), runs());
    let job = job_with(data.path(), settings(), 1);
    run(&job, &at("whole")).unwrap();
    let early = job_with(data.path(), TrainSettings { epochs: 2, ..settings() }, 1);
    run(&early, &at("early")).unwrap();
    run(&job, &at("killed")).unwrap();
    // The checkpoint of the second epoch, among files of the fourth.
    let checkpoint = "state/checkpoint.safetensors";
    std::fs::copy(at("early").join(checkpoint), at("killed").join(checkpoint)).unwrap();
    resume(&job, &at("killed"), &mut Silent).unwrap();
    for file in ["best.safetensors", "last.safetensors"] {
        assert_eq!(bytes(&at("killed"), file), bytes(&at("whole"), file), "{file}");
    }
    assert_eq!(metrics(&at("killed")).len(), 4);
}

#[test]
fn more_epochs_go_on_from_the_last() {
    let (data, (_keep, at)) = (squares(8), runs());
    run(&job_with(data.path(), settings(), 1), &at("run")).unwrap();
    let longer = job_with(data.path(), TrainSettings { epochs: 6, ..settings() }, 1);
    assert_eq!(resume(&longer, &at("run"), &mut Silent).unwrap().epochs, 6);
    assert_eq!(metrics(&at("run")).len(), 6);
    run(&longer, &at("whole")).unwrap();
    assert_eq!(bytes(&at("run"), "last.safetensors"), bytes(&at("whole"), "last.safetensors"));
}

#[test]
fn a_run_that_was_killed_in_its_first_epoch_begins_anew() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = job_with(data.path(), settings(), 1);
    RunFolder::plan(Some(&at("run")), &at("run"), &job.spec).unwrap().create(&job.spec, &job.record()).unwrap();
    resume(&job, &at("run"), &mut Silent).unwrap();
    run(&job, &at("whole")).unwrap();
    assert_eq!(bytes(&at("run"), "last.safetensors"), bytes(&at("whole"), "last.safetensors"));
}

#[test]
fn settings_come_back_from_the_run_folder() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = job_with(data.path(), stateful(), 1);
    run(&job, &at("run")).unwrap();
    let record = RunFolder::find(Some(&at("run")), &at("run"), &spec()).unwrap().record().unwrap();
    assert_eq!(record, job.record());
    assert_eq!(TrainRecord::from(&record.train.settings()), TrainRecord::from(&stateful()));
}

#[test]
fn a_run_does_not_go_on_with_other_images_settings_or_spec() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = job_with(data.path(), settings(), 1);
    run(&job, &at("run")).unwrap();

    let other = Job { spec: Source::new("squares.net", "Flatten -> Dense\n"), ..job.clone() };
    let rebatched = job_with(data.path(), TrainSettings { batch_size: 4, ..settings() }, 1);
    std::fs::write(data.path().join("red/000.bmp"), picture(2, 99)).unwrap();
    let repainted = job_with(data.path(), settings(), 1);
    for (job, word) in [(other, "the spec"), (rebatched, "the settings"), (repainted, "the images")] {
        let fault = resume(&job, &at("run"), &mut Silent).unwrap_err();
        assert_eq!(fault.code, &code::RESUME_DATA_CHANGED);
        assert!(fault.message.starts_with(word), "{}", fault.message);
    }
    // What differs is named with both values, and nothing else.
    let rebatched = job_with(data.path(), TrainSettings { batch_size: 4, ..settings() }, 1);
    std::fs::write(data.path().join("red/000.bmp"), picture(2, 0)).unwrap();
    let record = RunFolder::find(Some(&at("run")), &at("run"), &spec()).unwrap().record().unwrap();
    let mut now = rebatched.record();
    now.data = record.data.clone();
    let fault = record.check_unchanged(&now).unwrap_err();
    assert_eq!(fault.notes, [format!("`batch_size`: the run has {}, this would be 4", settings().batch_size)]);
    now.data.digest = "another".to_owned();
    now.data.train_images -= 1;
    let fault = record.check_unchanged(&now).unwrap_err();
    assert_eq!(fault.notes.len(), 2, "{:?}", fault.notes);
}

#[test]
fn where_the_latest_checkpoint_is_damaged_the_one_before_is_gone_on_from_and_that_is_said() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = |epochs| job_with(data.path(), TrainSettings { epochs, ..settings() }, 1);
    run(&job(4), &at("whole")).unwrap();
    run(&job(3), &at("run")).unwrap();
    let path = at("run").join("state/checkpoint.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    resume(&job(4), &at("run"), &mut Silent).unwrap();
    assert_eq!(bytes_of(&at("run")), bytes_of(&at("whole")));
    let log = std::fs::read_to_string(at("run").join("log.txt")).unwrap();
    assert!(log.contains("going on from the one before") && log.contains("going on in epoch 3"), "{log}");
    // The one that was gone on from took the place of the damaged one.
    assert!(Checkpoint::load(&at("run").join("state/before.safetensors")).unwrap().is_some());
}

/// The model and what it is gone on from.
fn bytes_of(run: &Path) -> [Vec<u8>; 2] {
    ["last.safetensors", "best.safetensors"].map(|name| bytes(run, name))
}

#[test]
fn a_damaged_checkpoint_without_one_before_is_refused_with_a_code() {
    let (data, (_keep, at)) = (squares(8), runs());
    let job = job_with(data.path(), settings(), 1);
    run(&job, &at("run")).unwrap();
    let path = at("run").join("state/checkpoint.safetensors");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    std::fs::remove_file(at("run").join("state/before.safetensors")).unwrap();
    assert_eq!(resume(&job, &at("run"), &mut Silent).unwrap_err().code, &code::MODEL_FILE_CORRUPT);
    std::fs::write(at("run").join("state/run.json"), "{").unwrap();
    assert_eq!(resume(&job, &at("run"), &mut Silent).unwrap_err().code, &code::MODEL_FILE_CORRUPT);
}

#[test]
fn augmented_images_are_the_same_on_any_threads_and_after_a_resumption_and_others_than_plain_ones() {
    let (data, (_keep, at)) = (squares(12), runs());
    let augment =
        Augment { flip: Some(Flip::Both), rotate: 15.0, brightness: 0.2, erase: 0.2, mixup: 0.3, ..Augment::default() };
    let images = DataSettings { augment, ..DataSettings::default() };
    let job = |threads| job_of(data.path(), settings(), &images, threads);
    run(&job(1), &at("whole")).unwrap();
    run(&job(2), &at("two")).unwrap();
    let out = at("resumed");
    let folder = RunFolder::plan(Some(&out), &out, &job(1).spec).unwrap();
    assert!(stop_after(7, &job(1), folder).unwrap().interrupted);
    resume(&job(2), &out, &mut Silent).unwrap();
    run(&job_with(data.path(), settings(), 1), &at("plain")).unwrap();
    let last = |name: &str| bytes(&at(name), "last.safetensors");
    assert_eq!(last("whole"), last("two"));
    assert_eq!(last("whole"), last("resumed"));
    assert_ne!(last("whole"), last("plain"));
}
