//! The long form: hundreds of kills and long outages, by command (`make ledger`).

use crate::cases::{network, postgres_away, queue_away, rolling};
use crate::compare::PastTheEdge;
use crate::faults::kill_all_parts;
use crate::poison;
use crate::run::Run;
use crate::sender::USUAL;
use crate::world::Setup;

/// All cases that the long form has.
const CASES: &str = "kills,outage,direct,network,rolling";
/// Kills over all parts, seconds of an outage of a store and of each weather, and rounds of rolling restarts, unless told
/// otherwise.
const KILLS: f64 = 300.0;
const OUTAGE_SECONDS: f64 = 180.0;
const WEATHER_SECONDS: f64 = 60.0;
const ROLLS: f64 = 20.0;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make ledger"]
async fn the_long_form() {
    let cases = std::env::var_os("LEDGER_CASES").map(|cases| cases.to_string_lossy().into_owned());
    let cases = cases.unwrap_or_else(|| CASES.into());
    // A part of everything, for a machine or a time that has less.
    let share = number("LEDGER_SHARE", 1.0);
    let mut all = String::new();
    for case in cases.split(',') {
        all += &match case {
            "kills" => kills(number("LEDGER_KILLS", KILLS * share)).await,
            "outage" => postgres_away(OUTAGE_SECONDS * share).await,
            "direct" => queue_away(OUTAGE_SECONDS * share).await,
            "network" => network::storms(WEATHER_SECONDS * share).await,
            "rolling" => rolling::rolls((ROLLS * share).ceil() as usize).await,
            other => unreachable!("no case is called {other}; there are {CASES}"),
        };
    }
    println!("\n## Figures\n{all}");
}

async fn kills(wanted: f64) -> String {
    let setup = Setup { events: 2, ..Setup::default() };
    let mut run = Run::start("each part killed, at random", &setup, &USUAL).await;
    let (poisoned, good) = poison::inject(&run.world, run.seed).await;
    run.past = PastTheEdge { poisoned, good };
    let rounds = (wanted / run.world.parts().len() as f64).ceil();
    kill_all_parts(&run.world, run.seed, rounds as usize).await;
    run.calm(2.0).await;
    run.finish().await.1
}

fn number(name: &str, otherwise: f64) -> f64 {
    let given = std::env::var_os(name).and_then(|given| given.to_str()?.parse().ok());
    given.unwrap_or(otherwise)
}
