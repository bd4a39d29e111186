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
    let mut whole = Cli::command();
    whole.build();
    let page = clap_mangen::Man::new(whole.clone());
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_options_section(&mut text)?;
    writeln!(text, ".SH COMMANDS")?;
    for command in whole.get_subcommands().filter(|command| !command.is_hide_set()) {
        text.extend_from_slice(of_command(command.clone())?.as_bytes());
    }
    page.render_extra_section(&mut text)?;
    page.render_version_section(&mut text)?;
    out.write_all(&text)?;
    Ok(Verdict::Well)
}

/// A command's part of the manual page: there is one page, so its sections become paragraphs.
fn of_command(command: clap::Command) -> Result<String, Trouble> {
    let head = format!(".SS \"wane {}\"", command.get_name());
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH SYNOPSIS", &head);
    Ok(text.replace(".SH DESCRIPTION", ".PP").replace(".SH OPTIONS", ".PP"))
}
