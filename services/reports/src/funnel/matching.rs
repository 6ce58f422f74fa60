//! Which events stand for which steps, each for one: a matching, made larger one step or one event at a time. It is found
//! exactly, since what was matched before moves where that makes room (Kuhn's algorithm).

/// Finds an event for a step, moving other steps to other events where that makes room. Returns whether there is one; if not,
/// nothing has changed.
///
/// `matched` are the steps that each event matches, step `i` as bit `i`; `stands_for` is the step of each event, and `tried`
/// are the steps that are being moved, or could not be: at first none.
pub(super) fn find_event(
    step: usize,
    matched: &impl Fn(usize) -> u32,
    stands_for: &mut [Option<usize>],
    tried: &mut u32,
) -> bool {
    *tried |= 1 << step;
    for event in 0..stands_for.len() {
        let is_free = matched(event) >> step & 1 == 1
            && stands_for[event].is_none_or(|other| {
                *tried >> other & 1 == 0 && find_event(other, matched, stands_for, tried)
            });
        if is_free {
            stands_for[event] = Some(step);
            return true;
        }
    }
    false
}

/// Finds a step for an event, moving other events to other steps where that makes room. Returns whether there is one; if not,
/// nothing has changed.
///
/// `matched` are the steps that each event matches; `owners` is the event of each step, and `tried` are the steps that were
/// looked at: at first none.
pub(super) fn find_step(
    event: usize,
    matched: &impl Fn(usize) -> u32,
    owners: &mut [Option<usize>],
    tried: &mut u32,
) -> bool {
    for step in 0..owners.len() {
        if matched(event) >> step & 1 == 0 || *tried >> step & 1 == 1 {
            continue;
        }
        *tried |= 1 << step;
        if owners[step].is_none_or(|other| find_step(other, matched, owners, tried)) {
            owners[step] = Some(event);
            return true;
        }
    }
    false
}
