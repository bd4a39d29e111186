//! `wane schema`, `wane completions`, `wane man`: what the program says about itself and its files.

use std::io::Write;

use clap::CommandFactory;

use crate::Verdict;
use crate::cli::Cli;
use crate::out::Out;
use crate::trouble::Trouble;

/// Prints the JSON Schema of rule files.
///
/// # Errors
/// When the output is gone.
pub(crate) fn schema(out: &mut Out) -> Result<Verdict, Trouble> {
    writeln!(out, "{:#}", crate::schema::schema())?;
    Ok(Verdict::Well)
}

/// Prints the completions of a shell.
///
/// # Errors
/// When the output is gone.
pub(crate) fn completions(shell: clap_complete::Shell, out: &mut Out) -> Result<Verdict, Trouble> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wane", &mut text);
    out.write_all(&text)?;
    Ok(Verdict::Well)
}

/// Prints the manual page.
///
/// # Errors
/// When the output is gone.
pub(crate) fn man(out: &mut Out) -> Result<Verdict, Trouble> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    out.write_all(&text)?;
    Ok(Verdict::Well)
}
