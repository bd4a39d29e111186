//! Going on in spite of damage, on demand: what has to be given up is given up, and told.
//!
//! Damage that the newest whole snapshot does not need costs history only: the log then begins where that snapshot needs it.
//! Otherwise the log ends where the damage is. Nothing is ever made up or left out in the middle, so that what remains is a
//! true, if shorter, history.

use wane_wire::record::Sequence;

use crate::disk::Disk;
use crate::log::LogError;
use crate::manifest::Manifest;
use crate::snapshot::{self, Reader};
use crate::survey::{self, Damage, Failure, Manner, Survey};

use super::Options;

/// What a salvage gave up.
#[derive(Debug)]
pub struct Loss {
    /// The damage.
    pub damage: LogError,
    /// The first block that is lost.
    pub from: Sequence,
    /// The last one, as far as anything tells.
    pub through: Sequence,
    /// Whether only history is lost, and not the present state.
    pub history_only: bool,
}

/// A survey that came to an end, and the manifest that goes with it.
pub(super) struct Saved {
    pub(super) manifest: Manifest,
    pub(super) survey: Survey,
    pub(super) losses: Vec<Loss>,
}

/// Surveys a directory; with [`Options::salvage`] damage does not stop it. A changed manifest is durable then.
pub(super) fn survey(disk: &dyn Disk, manifest: Manifest, options: &Options) -> Result<Saved, LogError> {
    let manner = Manner { check: options.check, forgive: false, seeded: options.seeded() };
    match survey::survey(disk, &manifest, manner) {
        Ok(survey) => Ok(Saved { manifest, survey, losses: Vec::new() }),
        Err(Failure::Log(error)) => Err(error),
        Err(Failure::Damage(damage)) if options.salvage => salvage(disk, manifest, manner, *damage),
        Err(Failure::Damage(damage)) => Err(damage.error),
    }
}

fn salvage(disk: &dyn Disk, origin: Manifest, manner: Manner, damage: Damage) -> Result<Saved, LogError> {
    let (mut manifest, mut damage, mut losses) = (origin.clone(), damage, Vec::new());
    // What a check of the newer part alone would pass over is to be found now.
    let manner = Manner { check: survey::Check::Whole, ..manner };
    loop {
        let forgiven = forgive(disk, &manifest, manner)?;
        let end = forgiven.end.sequence;
        let Some(later) = beyond(disk, &manifest, end)? else {
            return shorten(disk, (origin, manifest), manner, (damage, losses));
        };
        let Damage { error, .. } = damage;
        losses.push(Loss { damage: error, from: Sequence(end), through: Sequence(later.0 - 1), history_only: true });
        manifest.first = later;
        match survey::survey(disk, &manifest, manner) {
            Ok(survey) => return save(disk, manifest, survey, losses),
            Err(Failure::Log(error)) => return Err(error),
            Err(Failure::Damage(more)) => damage = *more,
        }
    }
}

/// From where the newest whole snapshot reads on, when that is behind the damage.
fn beyond(disk: &dyn Disk, manifest: &Manifest, end: u64) -> Result<Option<Sequence>, LogError> {
    let (kept, _) = snapshot::list(disk, manifest)?;
    for kept in kept.iter().rev().filter(|kept| kept.from.0 > end && kept.from > manifest.first) {
        match Reader::whole(disk, manifest, &kept.name) {
            Ok(_) => return Ok(Some(kept.from)),
            Err(LogError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn forgive(disk: &dyn Disk, manifest: &Manifest, manner: Manner) -> Result<Survey, LogError> {
    survey::survey(disk, manifest, Manner { forgive: true, ..manner }).map_err(Failure::into_error)
}

/// The log ends where the damage is.
fn shorten(
    disk: &dyn Disk,
    (origin, later): (Manifest, Manifest),
    manner: Manner,
    (damage, mut losses): (Damage, Vec<Loss>),
) -> Result<Saved, LogError> {
    let survey = forgive(disk, &later, manner)?;
    // When not even the later beginning is there, the earlier one is the better of the two.
    let (manifest, survey) = if survey.end.sequence < later.first.0 {
        losses.clear();
        (origin.clone(), forgive(disk, &origin, manner)?)
    } else {
        (later, survey)
    };
    let from = survey.end.sequence;
    let through = Sequence(damage.last.max(from));
    losses.push(Loss { damage: damage.error, from: Sequence(from), through, history_only: false });
    save(disk, manifest, survey, losses)
}

/// Writes down what is given up before anything is done with it.
fn save(disk: &dyn Disk, mut manifest: Manifest, survey: Survey, losses: Vec<Loss>) -> Result<Saved, LogError> {
    let live = survey.live.iter().map(|segment| segment.slot);
    let there: Vec<u32> = live.chain(survey.spares.iter().map(|spare| spare.slot)).collect();
    manifest.segments.retain(|slot| there.contains(slot));
    manifest.write(disk, false)?;
    Ok(Saved { manifest, survey, losses })
}
