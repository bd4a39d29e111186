//! The command line of Wane. What each command does is in the module of its name; nothing is decided here.

mod about;
mod activate;
mod check;
mod cli;
mod conformance;
mod daemon;
mod demo;
mod describe;
mod diagnostics;
mod diff;
mod disk;
mod explain;
mod new_channel;
mod out;
mod plugin;
mod rulesets;
mod schema;
mod serve;
mod simulate;
mod store;
mod test;
mod token;
mod trouble;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use out::Out;
use trouble::Trouble;

/// How a command went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// All well.
    Well,
    /// It found something.
    Findings,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A log may be without end; anything else is soon done, and found something or not.
    let mut out = Out::new(!matches!(cli.command, Command::Simulate(_) | Command::Serve(_) | Command::Demo(_)));
    let result = run(cli.command, &mut out).and_then(|verdict| {
        out.flush()?;
        Ok(verdict)
    });
    match result {
        Ok(Verdict::Well) => ExitCode::SUCCESS,
        Ok(Verdict::Findings) => ExitCode::from(1),
        // Whoever reads has had enough; that is no failure.
        Err(Trouble::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(trouble) => {
            // What was found so far is worth reading even if the rest could not be done.
            let _ = out.flush();
            trouble.show();
            ExitCode::from(trouble.exit_code())
        }
    }
}

fn run(command: Command, out: &mut Out) -> Result<Verdict, Trouble> {
    match command {
        Command::Check(args) => check::run(&args, out),
        Command::Test(args) => test::run(&args, out),
        Command::Explain(args) => explain::run(&args, out),
        Command::Simulate(args) => simulate::run(&args, out),
        Command::Diff(args) => diff::run(&args, out),
        Command::Serve(args) => serve::run(&args, out),
        Command::Demo(args) => demo::run(&args, out),
        Command::Activate(args) => activate::run(&args, out),
        Command::Rollback(args) => activate::rollback(&args, out),
        Command::Token { command } => token::run(&command, out),
        Command::Store { command } => store::run(&command, out),
        Command::Plugin(args) => plugin::run(&args, out),
        Command::PluginHost => plugin::host(),
        Command::NewChannel(args) => new_channel::run(&args, out),
        Command::Conformance(args) => conformance::run(&args, out),
        Command::ConformanceCase => conformance::child(),
        Command::Schema => about::schema(out),
        Command::Completions { shell } => about::completions(shell, out),
        Command::Man => about::man(out),
    }
}
