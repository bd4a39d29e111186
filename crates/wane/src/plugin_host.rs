//! The program that plugins' processes run: a part of `wane` that starts faster. The daemon starts it, and nobody else.

use std::io::Write as _;
use std::process::ExitCode;

use wane_plugin_host::process;

fn main() -> ExitCode {
    let argument = std::env::args_os().nth(1);
    if argument.as_deref().is_some_and(|argument| argument == "--version") {
        let told = writeln!(std::io::stdout(), "{}", process::make());
        return told.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    match process::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody but a tester reads it.
            let _ = writeln!(
                std::io::stderr(),
                "error: {why}\n  = help: `{}` is started by the daemon alone",
                process::NAME
            );
            ExitCode::FAILURE
        }
    }
}
