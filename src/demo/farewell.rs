//! What to look at, once everything is there.

use super::progress::say;
use super::world::World;

/// The funnel that the shop lives by.
const FUNNEL: [&str; 4] = ["product_viewed", "added_to_cart", "checkout_started", "paid"];

/// Says where to look.
pub(super) fn say_where(world: &World, public_url: &str, project_id: &str, goes_on: bool) {
    let project = format!("{}/p/{project_id}", public_url.trim_end_matches('/'));
    let steps: String = FUNNEL.iter().map(|step| format!("&step={step}")).collect();
    let person = regular(world);
    say("\nWhat to look at:");
    for (what, path) in [
        ("What is broken: payments fail, an error spikes", String::new()),
        (
            "From looking to paying, by device",
            format!("/insights?tab=funnel&range=30d{steps}&by=e,$device_type"),
        ),
        (
            "Page views and people a day",
            "/insights?range=30d&series=unique:$pageview&series=unique:paid".to_owned(),
        ),
        ("Somebody who comes again and again", format!("/people/~{person}")),
        ("Errors: old ones, a new one, one that spikes", "/errors".to_owned()),
        ("Endpoints: one fails, one is slow", "/endpoints".to_owned()),
        ("Uptime, with two outages", "/uptime".to_owned()),
    ] {
        say(&format!("  {what:<48} {project}{path}"));
    }
    if !goes_on {
        say(
            "What is broken calms down in some minutes; `observe demo --live` keeps it going for an hour.",
        );
    }
}

/// Returns the user id of whoever has most to show: the most visits of those who were customers before.
fn regular(world: &World) -> String {
    let people = (0..world.scale().people).map(|number| super::person::Person::new(world, number));
    let best = people.max_by_key(|person| (person.old_customer, person.visits.len()));
    best.map(|person| person.user_id).unwrap_or_default()
}
