//! `wane new-channel`: writes a channel plugin that builds and passes its tests at once. What it is made of is in [`files`].

mod files;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Verdict;
use crate::cli::{Language, NewChannelArgs};
use crate::out::Out;
use crate::trouble::Trouble;

/// The longest name. It stands in file names, headers and environment variables.
const LONGEST: usize = 40;
/// The SDK in a checkout.
const SDK: &str = "crates/wane-plugin";

pub(crate) fn run(args: &NewChannelArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    named(&args.name)?;
    let dir = std::path::absolute(args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name)))?;
    let files = match args.lang {
        Language::Rust => rust(args, &dir)?,
        Language::C => c(&args.name),
    };
    make(&dir, &files)?;
    told(args, &files, out)
}

/// A name that rules, file names and headers take.
fn named(name: &str) -> Result<(), Trouble> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let shape = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-') && !name.contains("--");
    if shape && name.len() <= LONGEST && name.chars().all(letters) {
        return Ok(());
    }
    let message = format!("a channel can not be called `{}`", crate::out::plain(name));
    let help = format!("take small letters, digits and single `-`, a letter first, at most {LONGEST}: `my-sms`");
    Err(Trouble::usage(message, help))
}

fn rust(args: &NewChannelArgs, dir: &Path) -> Result<Vec<(String, String)>, Trouble> {
    let sdk = sdk(args.sdk.as_deref(), dir)?;
    let written = templates(&args.name, files::RUST);
    let written = written.map(|(path, text)| {
        let text = if path == "Cargo.toml" { files::with_sdk(&text, &sdk) } else { text };
        (path, text)
    });
    Ok(written.chain([ignored("/target\n")]).collect())
}

fn c(name: &str) -> Vec<(String, String)> {
    let (path, header) = files::HEADER;
    let more = [(path.to_owned(), header.to_owned()), ignored("/*.so\n/run-tests\n")];
    templates(name, files::C).chain(more).collect()
}

/// What a version control leaves out.
fn ignored(what: &str) -> (String, String) {
    (".gitignore".to_owned(), what.to_owned())
}

fn templates(name: &str, own: &'static [files::File]) -> impl Iterator<Item = (String, String)> {
    own.iter().chain(files::COMMON).map(move |(path, text)| ((*path).to_owned(), files::of(name, text)))
}

/// The path of the SDK, as the new crate's `Cargo.toml` names it: relative within one checkout, so that both can move.
fn sdk(given: Option<&Path>, dir: &Path) -> Result<String, Trouble> {
    let checkout = match given {
        Some(given) => given.canonicalize().map_err(Trouble::read(given))?,
        None => checkout()?,
    };
    if !is_checkout(&checkout) {
        let message = format!("`{}` is no checkout of Wane: there is no `{SDK}` in it", checkout.display());
        return Err(Trouble::usage(message, "give the directory that a clone of Wane's repository made"));
    }
    let path = match dir.strip_prefix(&checkout) {
        Ok(inside) => inside.iter().map(|_| Path::new("..")).collect::<PathBuf>().join(SDK),
        Err(_) => checkout.join(SDK),
    };
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Trouble::usage("the path of the checkout is no text in UTF-8", "have it at another place"))
}

fn is_checkout(dir: &Path) -> bool {
    dir.join(SDK).join("Cargo.toml").is_file()
}

/// The checkout that the command runs in.
fn checkout() -> Result<PathBuf, Trouble> {
    let here = std::env::current_dir()?;
    let found = here.ancestors().find(|dir| is_checkout(dir)).map(Path::to_path_buf);
    found.ok_or_else(|| {
        let message = "a channel in Rust is built with the SDK of a checkout of Wane, and this directory is in none";
        Trouble::usage(message, "say where one is: `--sdk DIR`; a channel in C needs none: `--lang c`")
    })
}

/// Makes the directory, which must not be there, with all files or not at all.
fn make(dir: &Path, files: &[(String, String)]) -> Result<(), Trouble> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(written(parent))?;
    }
    fs::create_dir(dir).map_err(|error| {
        if error.kind() != std::io::ErrorKind::AlreadyExists {
            return written(dir)(error);
        }
        let message = format!("`{}` is there already, and stays as it is", dir.display());
        Trouble::usage(message, "give another directory that is not there yet: `--dir DIR`")
    })?;
    fill(dir, files).inspect_err(|_| {
        // It is ours, made just now; half of a channel is of no use to anybody.
        let _ = fs::remove_dir_all(dir);
    })
}

fn fill(dir: &Path, files: &[(String, String)]) -> Result<(), Trouble> {
    for (path, text) in files {
        let file = dir.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(written(parent))?;
        }
        fs::write(&file, text).map_err(written(&file))?;
    }
    Ok(())
}

fn written(path: &Path) -> impl FnOnce(std::io::Error) -> Trouble {
    let path = path.to_path_buf();
    move |source| Trouble::Write { path, source }
}

/// What was made, and what to do with it.
fn told(args: &NewChannelArgs, files: &[(String, String)], out: &mut Out) -> Result<Verdict, Trouble> {
    use std::io::Write;

    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let library = format!("libwane_channel_{}.so", args.name.replace('-', "_"));
    let (language, test, build, library) = match args.lang {
        Language::Rust => ("Rust", "cargo test", "cargo build --release", format!("target/release/{library}")),
        Language::C => ("C", "make test", "make", library),
    };
    writeln!(out, "`{}`: a channel in {language}, {} files in `{}`", args.name, files.len(), dir.display())?;
    writeln!(out, "\n  cd {}\n  {test}\n  {build}", dir.display())?;
    writeln!(out, "  wane plugin translate {library} samples/message")?;
    writeln!(out, "  wane conformance {library} --cases conformance")?;
    writeln!(out, "\nits README.md tells the rest; docs/write-a-channel.md is a way through it")?;
    Ok(Verdict::Well)
}
