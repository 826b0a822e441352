//! The benchmark tasks: names, and official observations as in the released package's files.

use freeform_simulators::{BernoulliGlmModel, SlcpDistractors, Task, tasks};

#[test]
fn every_task_is_complete() {
    assert_eq!(tasks().len(), 10);
    for info in tasks() {
        let task = Task::by_name(info.name).unwrap();
        assert_eq!((task.name(), task.description()), (info.name, info.description));
        assert_eq!(task.prior().dim(), info.parameter_dim, "{}", info.name);
        assert_eq!(task.simulator().data_dim(), info.data_dim, "{}", info.name);
        assert_eq!(task.simulator().data_names().len(), info.data_dim, "{}", info.name);
        for k in 1..=Task::OBSERVATIONS {
            let observation = task.observation(k).unwrap();
            assert_eq!(observation.number, k);
            assert_eq!(observation.x.len(), info.data_dim, "{}", info.name);
            let theta: Vec<f64> = observation.true_parameters.to_vec();
            assert!(task.prior().contains(&theta), "{} {k}", info.name);
        }
    }
}

#[test]
fn unknown_names_and_numbers_are_errors() {
    let error = Task::by_name("two_mons").unwrap_err().to_string();
    assert!(error.contains("did you mean \"two_moons\"?"), "{error}");
    let error = Task::by_name("zzz").unwrap_err().to_string();
    assert!(!error.contains("did you mean") && error.contains("slcp"), "{error}");
    let task = Task::by_name("slcp").unwrap();
    for number in [0, 11] {
        let error = task.observation(number).unwrap_err().to_string();
        assert!(error.contains("1 to 10") && error.contains(&number.to_string()), "{error}");
    }
}

#[test]
fn released_observations_are_embedded() {
    let moons = Task::by_name("two_moons").unwrap().observation(1).unwrap();
    assert_eq!(moons.x, [-0.639_670_6, 0.162_346_57]);
    assert_eq!(moons.true_parameters, [-0.817_665_6, -0.575_680_6]);
    let prey = Task::by_name("lotka_volterra").unwrap().observation(10).unwrap();
    assert_eq!((prey.x.len(), prey.true_parameters.len()), (20, 4));
}

/// The raw observation and the summarised one are of the same simulation.
#[test]
fn glm_observations_belong_together() {
    let (summary, raw) =
        (Task::by_name("bernoulli_glm").unwrap(), Task::by_name("bernoulli_glm_raw").unwrap());
    for k in 1..=Task::OBSERVATIONS {
        let (summary, raw) = (summary.observation(k).unwrap(), raw.observation(k).unwrap());
        assert_eq!(summary.true_parameters, raw.true_parameters);
        for (column, &statistic) in summary.x.iter().enumerate() {
            let design = BernoulliGlmModel::design_matrix().iter();
            let sum: f64 = design.zip(&raw.x).map(|(row, &y)| row[column] * y).sum();
            assert!((sum - statistic).abs() < 1e-5, "{k} {column}");
        }
    }
}

/// Without the noise, an observation with distractors is one of slcp.
#[test]
fn slcp_observations_belong_together() {
    let (plain, hidden) =
        (Task::by_name("slcp").unwrap(), Task::by_name("slcp_distractors").unwrap());
    for k in 1..=Task::OBSERVATIONS {
        let (plain, hidden) = (plain.observation(k).unwrap(), hidden.observation(k).unwrap());
        assert_eq!(plain.true_parameters, hidden.true_parameters);
        let x: Vec<f64> = hidden.x.to_vec();
        let expected: Vec<f64> = plain.x.to_vec();
        assert_eq!(SlcpDistractors::slcp_data(&x).as_slice(), expected);
    }
}
