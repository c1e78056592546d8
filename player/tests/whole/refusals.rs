//! What the server refuses for good.

use crate::server::lock;
use crate::world::{World, eventually, picture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_refused_for_good_is_told_and_does_not_hold_up_the_plays_behind_it() {
    let world = World::new().await;
    let (mut one, two) = (1, (picture(1), picture(2)));
    world.publish(one, &[&two.0]);
    {
        let mut served = lock(&world.served);
        (served.acknowledge, served.refuse_before_ms) = (true, u64::MAX);
    }
    let running = world.player("data").await;
    eventually("a refused batch", || {
        // Each new manifest without the picture on the screen ends its play at once.
        if running.screen().on().is_some_and(|on| on.rev.0 == one) {
            one += 1;
            world.publish(one, &[if one % 2 == 0 { &two.1 } else { &two.0 }]);
        }
        !lock(&world.served).refused.is_empty()
    })
    .await;
    lock(&world.served).refuse_before_ms = 0;
    eventually("what follows is stored", || {
        if running.screen().on().is_some_and(|on| on.rev.0 == one) {
            one += 1;
            world.publish(one, &[if one % 2 == 0 { &two.1 } else { &two.0 }]);
        }
        !lock(&world.served).plays.is_empty()
    })
    .await;
    eventually("the loss is told", || lock(&world.served).events.iter().any(|event| event.code == "plays-refused")).await;
    running.stop().await;
    let served = lock(&world.served);
    let told = served.events.iter().find(|event| event.code == "plays-refused").expect("told");
    assert_eq!(told.facts.get("reason").map(String::as_str), Some("report-duration"));
    let lost = served.refused.iter().filter(|start| served.plays.values().any(|stored| stored == *start)).count();
    assert_eq!(lost, 0, "what was refused is not sent again under another number");
    let first = served.plays.keys().next().expect("a play");
    assert_eq!(first.1, 0, "what follows is numbered anew");
    assert_ne!(Some(&first.0), told.facts.get("epoch"));
}
