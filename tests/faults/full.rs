//! A disk that is full: from some write on all of them fail; and on a small file system for real.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};

use serde_json::{Value, json};
use wane_tests::daemon::Process;

use crate::daemon::Link;
use crate::faulty::Call;
use crate::world::World;
use crate::{PERHAPS, SURELY};

/// As `strace` tells it.
pub(crate) fn told(world: &mut World) {
    let call = Call { name: "pwrite64", error: "ENOSPC", last: 0, load: SURELY, path: None, codes: &[] };
    for first in [60, 20, 5, 1] {
        let (code, failed) = call.fail(world, &format!("{first}+"));
        assert!(failed && code == Some(74), "from write {first} on: {code:?}: {}", world.place.log());
        world.check();
    }
    println!("ok   pwrite64, ENOSPC for all from the 60th, 20th, 5th, first on: ended with 74");
}

/// The file system fills up under a daemon, which ends when its log needs room; it can not go on before there is some again.
pub(crate) fn real(world: &mut World) {
    let mut process = Process::spawn(world.place.path(), &["serve", "--config", "wane.toml"]);
    let link = Link::to(process.ready());
    let rest = world.place.path().join("the-rest");
    fill(File::create(&rest).expect("made"));
    let taken = (0..100).take_while(|round| taken(&link, *round)).count();
    assert!(taken < 100, "the disk was not full");
    assert_eq!(process.wait().code(), Some(74), "{}", world.place.log());
    let still = world.load(Process::spawn(world.place.path(), &["serve", "--config", "wane.toml"]), PERHAPS);
    assert!([Some(0), Some(74)].contains(&still), "on a full disk: {still:?}: {}", world.place.log());
    fs::remove_file(rest).expect("removed");
    world.check();
    println!(
        "ok   a full disk: {taken} lists of events later it ended with 74, on the full disk with {}",
        still.unwrap_or(-1)
    );
}

fn fill(mut file: File) {
    loop {
        match file.write(&[0; 1 << 12]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends a list that takes much room; whether it was taken.
fn taken(link: &Link, round: u32) -> bool {
    let event = |number| {
        let name = format!("{round}-{number}-{}", "x".repeat(100));
        json!({"id": name, "type": "message", "role": "customer", "conversation": name, "channel": "sms"})
    };
    let events: Vec<Value> = (0..1_000).map(event).collect();
    link.post("/v1/events", &Value::from(events)).is_some_and(|(status, _)| status == 200)
}
