//! What can befall the network between events and its stores (D-8, D-9): slow, cut, silent, or deaf on the way back.

use std::time::Duration;

use super::LIGHT;
use crate::part::Part;
use crate::proxy::Weather;
use crate::run::Run;
use crate::world::Setup;

/// The weather on the lines to the queue and to PostgreSQL.
const WEATHERS: [(Weather, Weather); 8] = [
    (Weather::Deaf, Weather::Fair),
    (Weather::Fair, Weather::Deaf),
    (Weather::Fair, Weather::Slow(Duration::from_millis(1_500))),
    (Weather::Slow(Duration::from_millis(300)), Weather::Fair),
    (Weather::Silent, Weather::Fair),
    (Weather::Fair, Weather::Silent),
    (Weather::Silent, Weather::Silent),
    (Weather::Cut, Weather::Cut),
];

/// Lets each weather last for a time, with a pause between two.
pub(crate) async fn storms(seconds: f64) -> String {
    let run =
        Run::start("the network between events and its stores", &Setup::default(), &LIGHT).await;
    run.calm(2.0).await;
    for (queue, database) in WEATHERS {
        run.world.queue_line.set(queue);
        run.world.database_line.set(database);
        run.calm(seconds).await;
        run.world.queue_line.set(Weather::Fair);
        run.world.database_line.set(Weather::Fair);
        run.calm(1.0).await;
    }
    let memory = run.world.peak_memory_mib(Part::Events(0)).await;
    assert!(memory < 256, "{memory} MiB");
    let (tally, figures) = run.finish().await;
    assert!(tally.acknowledged > 100, "{tally:?}");
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_network_loses_and_doubles_nothing() {
    storms(3.0).await;
}
