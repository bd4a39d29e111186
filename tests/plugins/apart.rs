//! The process tier: what a plugin does to its process costs the request, and nothing that runs beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::json;
use wane_plugin_host::call::CallError;
use wane_plugin_host::{Channel, Host, Tier};

use crate::place::{Place, here, say};

/// A host with the rogue in processes of its own, never rested, and with a budget that tests can wait for.
fn rogue(place: &Place, flags: &[&str]) -> Result<Host, String> {
    place.c("rogue.so", &here("tests/plugins/foils/rogue.c"), flags);
    let mut settings = place.settings_in(Tier::Process, json!({}));
    settings.rest.faults = 0;
    settings.budget.hard = Duration::from_millis(100);
    Host::load(&settings).map_err(|error| error.to_string())
}

fn good(channel: &Channel) -> Option<String> {
    say(channel, "g").expect("works").events.remove(0).id
}

#[test]
fn what_kills_a_process_costs_its_request() {
    let place = Place::new();
    let host = rogue(&place, &["-O1"]).expect("loaded");
    let channel = host.channel("foil").expect("there");
    for (number, (word, expected)) in [
        ("s", "its process died of signal 11 (it used memory that is not its own), twice"),
        ("r", "its process died of signal "),
        ("a", "its process died of signal 6 (it gave up), twice"),
        ("e", "its process ended with exit status 0, twice"),
        ("q", "its process ended with exit status 7, twice"),
        ("k", "its process closed its socket, or was killed, twice"),
        ("c", "its process closed its socket, or was killed, twice"),
        ("b", "a frame of more than"),
        ("h", "its process closed its socket, or was killed, twice"),
        ("l", "a frame of more than"),
        ("f", "a frame that is too "),
        ("i", "ms of the processor, at most 100 are allowed"),
        ("z", "ms, a plugin must not wait"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(good(&channel).as_deref(), Some("good"), "before `{word}`");
        let Err(CallError::Fault(what)) = say(&channel, word) else { panic!("`{word}` is a fault") };
        assert!(what.contains(expected) || word == "f", "{word}: {what}");
        let status = &host.status()[0];
        assert_eq!((status.faults, status.lost), (number as u64 + 1, number as u64 + 1), "each was asked twice");
    }
    assert_eq!(good(&channel).as_deref(), Some("good"));
}

#[test]
fn a_plugin_is_locked_in() {
    let place = Place::new();
    let host = rogue(&place, &[]).expect("loaded");
    let channel = host.channel("foil").expect("there");
    let could = say(&channel, "t").expect("works").events.remove(0).more.remove("could");
    assert_eq!(could, Some(json!("")), "what it could do");
    assert_eq!(say(&channel, "F"), Err(CallError::Malformed("no fork".to_owned())));
}

#[test]
fn one_that_does_not_come_up_is_told() {
    let place = Place::new();
    for (flag, expected) in [
        ("-DROGUE_CREATE=abort()", "its process died of signal 6"),
        ("-DROGUE_CREATE=exit(3)", "its process ended with exit status 3"),
        ("-DROGUE_CREATE=return(-1)", "does not take its config"),
    ] {
        let wrong = rogue(&place, &[flag]).expect_err(flag);
        assert!(wrong.contains(expected), "{flag}: {wrong}");
    }
    let mut settings = place.settings_in(Tier::Process, json!({}));
    settings.program = Some("/bin/false".into());
    let wrong = Host::load(&settings).expect_err("no such process").to_string();
    assert!(wrong.contains("its process ended with exit status 1"), "{wrong}");
    settings.program = None;
    let wrong = Host::load(&settings).expect_err("no program").to_string();
    assert!(wrong.contains("no program for that is known"), "{wrong}");
}

/// `kill -9` while it works: the request is asked again with the same id, and its event comes once.
#[test]
fn a_request_whose_process_is_killed_is_asked_again_once() {
    let place = Place::new();
    let host = rogue(&place, &[]).expect("loaded");
    let channel = host.channel("foil").expect("there");
    let process = host.status()[0].processes[0];
    std::thread::scope(|scope| {
        let call = scope.spawn(|| say(&channel, "w"));
        until(|| is_busy(process).then_some(()));
        kill(process);
        let events = call.join().expect("ends").expect("asked again").events;
        assert_eq!(events.iter().map(|event| event.id.as_deref()).collect::<Vec<_>>(), [Some("woke")]);
    });
    let status = &host.status()[0];
    assert_eq!((status.lost, status.faults, status.calls), (1, 0, 1));
    assert_ne!(status.processes, [process]);
}

/// Others do not wait for a plugin whose processes are started again and again; one that was lost is an accident.
#[test]
fn a_plugin_that_lost_two_processes_gives_way() {
    let place = Place::new();
    let host = rogue(&place, &[]).expect("loaded");
    let channel = host.channel("foil").expect("there");
    let policy = || policy(host.status()[0].processes[0]);
    assert_eq!((good(&channel).as_deref(), policy()), (Some("good"), libc::SCHED_OTHER));
    kill(host.status()[0].processes[0]);
    assert_eq!((good(&channel).as_deref(), policy()), (Some("good"), libc::SCHED_OTHER), "one was lost");
    say(&channel, "a").expect_err("a fault");
    assert_eq!((good(&channel).as_deref(), policy()), (Some("good"), libc::SCHED_IDLE));
    assert_eq!(cores(host.status()[0].processes[0]), cores(std::process::id()), "and is not kept anywhere");
}

/// A call is over sooner when no other core has to be woken for it; what takes long is not held to the caller's.
#[test]
fn a_process_answers_on_the_core_of_its_caller() {
    let place = Place::new();
    let host = rogue(&place, &[]).expect("loaded");
    let channel = host.channel("foil").expect("there");
    let process = host.status()[0].processes[0];
    let all = sched_getaffinity(None).expect("told");
    assert!(good(&channel).is_some());
    assert_eq!(cores(process), cores(std::process::id()), "it had not answered yet");
    for core in (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)) {
        let mut here = CpuSet::new();
        here.set(core);
        sched_setaffinity(None, &here).expect("moved");
        // On a busy machine an answer may come so late that the process was let go.
        until(|| (good(&channel).is_some() && cores(process) == core.to_string()).then_some(()));
    }
    say(&channel, "w").expect("works");
    assert_eq!(cores(process), cores(std::process::id()), "it took long");
    assert_eq!(host.status()[0].processes, [process], "it was one process all the time");
}

/// Who wakes up does not wait until a plugin has used up its slice of the core, unless that answers soon.
#[test]
fn a_process_that_takes_long_gives_its_core_up() {
    let place = Place::new();
    let host = rogue(&place, &[]).expect("loaded");
    let channel = host.channel("foil").expect("there");
    let process = host.status()[0].processes[0];
    let Some(usual) = slice(std::process::id()) else { return };
    let longest = Some(100_000_000);
    assert_eq!(slice(process), longest, "nobody called it");
    // On a busy machine an answer may come late.
    until(|| (good(&channel).is_some() && slice(process) == Some(usual)).then_some(()));
    say(&channel, "w").expect("works");
    assert_eq!(slice(process), longest, "it took long");
    until(|| (good(&channel).is_some() && slice(process) == Some(usual)).then_some(()));
    assert_eq!(host.status()[0].processes, [process], "it was one process all the time");
}

/// The slice of the first thread of a process, in nanoseconds, where the system lets it be chosen: from Linux 6.12 on.
fn slice(process: u32) -> Option<u64> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("told");
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    if (numbers.next(), numbers.next()) < (Some(6), Some(12)) {
        return None;
    }
    let about = fs::read_to_string(format!("/proc/{process}/sched")).ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("se.slice"))?;
    Some(line.trim_start_matches([' ', ':']).parse().expect("a number"))
}

/// The cores that the first thread of a process may run on.
fn cores(process: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it is there");
    status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("told").trim().to_owned()
}

/// By which policy the system runs a process: the 39th number after its name.
fn policy(process: u32) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("it is there");
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    rest.split(' ').nth(38).expect("a number").parse().expect("a number")
}

fn kill(process: u32) {
    assert!(Command::new("kill").arg("-9").arg(process.to_string()).status().expect("kill").success());
}

/// A program that hangs in a call of the rogue, and what makes it do so.
fn hanging(place: &Place, program: &Path) -> Process {
    let file = place.c("rogue.so", &here("tests/plugins/foils/rogue.c"), &[]);
    let request = place.plugins().with_file_name("request");
    if !request.is_dir() {
        fs::create_dir(&request).expect("made");
        fs::write(request.join("request.json"), r#"{"method":"POST","url":"/","now_ms":0}"#).expect("written");
        fs::write(request.join("body.bin"), "z").expect("written");
    }
    let mut parent = Command::new(program);
    parent.arg("plugin").arg("translate").arg(file).arg(request).stdout(Stdio::null());
    parent.spawn().expect("started")
}

/// Killed, the parent can not tidy up. The child hangs in a call and does not see that it is alone.
#[test]
fn a_process_ends_with_its_parent() {
    let place = Place::new();
    let mut parent = hanging(&place, wane_tests::binary::path());
    let child = until(|| children(parent.id()).into_iter().find(|child| is_busy(*child)));
    parent.kill().expect("killed");
    parent.wait().expect("ended");
    until(|| is_over(child).then_some(()));
}

/// The small program beside this one, when it understands this one and nobody else may write it; else this one.
#[test]
fn the_small_program_is_taken_when_it_is_of_the_same_make() {
    let wane = wane_tests::binary::path();
    // Links are no copies, which would be of 200 MB, and so must be where the programs are.
    let beside = tempfile::tempdir_in(wane.parent().expect("a directory")).expect("a directory");
    let (this, small) = (beside.path().join("wane"), beside.path().join("wane-plugin-host"));
    fs::hard_link(wane, &this).expect("linked");
    let place = Place::new();
    let runs = || {
        let mut parent = hanging(&place, &this);
        let child = until(|| children(parent.id()).into_iter().find(|child| is_busy(*child)));
        let program = fs::read_link(format!("/proc/{child}/exe")).expect("it runs");
        parent.kill().expect("killed");
        parent.wait().expect("ended");
        program.file_name().expect("a name").to_string_lossy().into_owned()
    };
    assert_eq!(runs(), "wane", "there is no other");
    fs::copy(wane.with_file_name("wane-plugin-host"), &small).expect("copied");
    assert_eq!(runs(), "wane-plugin-host");
    fs::set_permissions(&small, fs::Permissions::from_mode(0o757)).expect("set");
    assert_eq!(runs(), "wane", "everybody may write it");
    fs::remove_file(&small).expect("removed");
    fs::write(&small, "#!/bin/sh\necho wane-plugin-host 0.0.1 0000000000000000\n").expect("written");
    fs::set_permissions(&small, fs::Permissions::from_mode(0o755)).expect("set");
    assert_eq!(runs(), "wane", "it is of another make");
}

/// The processes of plugins below a process.
fn children(parent: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let listed = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let ids: Vec<u32> =
        listed.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect();
    let is_ours = |id: &u32| fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| line.ends_with(b"plugin-host\0"));
    ids.into_iter().filter(is_ours).collect()
}

/// Whether it is in a call of the plugin: it waits, and not for its parent.
fn is_busy(process: u32) -> bool {
    let said = fs::read_to_string(format!("/proc/{process}/syscall")).unwrap_or_default();
    let call = said.split_whitespace().next().and_then(|call| call.parse::<i64>().ok());
    call.is_some_and(|call| call == libc::SYS_nanosleep || call == libc::SYS_clock_nanosleep)
}

fn is_over(process: u32) -> bool {
    let about = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    about.is_empty() || about.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// Looks again and again, for a minute at most.
fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let (told, late) = std::sync::mpsc::channel::<()>();
    for _ in 0..6_000 {
        if let Some(seen) = look() {
            drop(told);
            return seen;
        }
        let _ = late.recv_timeout(Duration::from_millis(10));
    }
    panic!("it did not come about in a minute")
}
