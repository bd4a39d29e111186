//! What a shared object says of itself, read without running it.

use object::elf::{EM_AARCH64, EM_X86_64, ET_DYN};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol};
use wane_plugin_abi::{NOTE_MANIFEST, NOTE_NAME};

/// What is read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elf {
    /// The manifest's bytes.
    pub(crate) manifest: Vec<u8>,
    /// The symbols that it exports.
    pub(crate) exports: Vec<String>,
}

/// Reads a shared object that is made for this machine.
pub(crate) fn read(bytes: &[u8]) -> Result<Elf, String> {
    let file: ElfFile64<'_, Endianness> =
        ElfFile64::parse(bytes).map_err(|_| "no shared object for a 64-bit system (ELF)".to_owned())?;
    let (header, endian) = (file.elf_header(), file.endian());
    if header.e_type(endian) != ET_DYN || endian != Endianness::default() || header.e_machine(endian) != machine() {
        return Err("an ELF file, but no shared object for this machine".to_owned());
    }
    let manifest = manifest(&file, bytes)?;
    let exported = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let mut exports: Vec<String> = exported.filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect();
    exports.sort();
    Ok(Elf { manifest, exports })
}

/// The note is looked up through the program headers, as the loader sees the file: section headers may be stripped.
fn manifest(file: &ElfFile64<'_, Endianness>, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let endian = file.endian();
    for segment in file.elf_program_headers() {
        let Ok(Some(mut notes)) = segment.notes(endian, bytes) else {
            continue;
        };
        while let Ok(Some(note)) = notes.next() {
            if note.name_bytes() == NOTE_NAME && note.n_type(endian).0 == NOTE_MANIFEST {
                return Ok(note.desc().to_owned());
            }
        }
    }
    Err("a shared object without Wane's manifest: no plugin".to_owned())
}

const fn machine() -> object::elf::Machine {
    if cfg!(target_arch = "aarch64") { EM_AARCH64 } else { EM_X86_64 }
}
