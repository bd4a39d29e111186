//! Whoever does the work of a call: an instance here, or a child with one. Those who call do not notice which.

use crate::instance::{Ask, Instance};
use crate::library::Library;
use crate::output::Output;
use crate::process::child::{Child, Recipe, Standing};
use crate::settings::{Budget, Tier};
use crate::stopwatch::Here;

/// What workers are made of.
#[derive(Debug)]
pub(crate) enum Source {
    /// A library that is loaded here.
    Here(Library),
    /// A program that loads it.
    Apart(Recipe),
}

/// One worker. Whoever has it is the only one who asks it.
#[derive(Debug)]
pub(crate) enum Worker {
    Here(Instance),
    Apart(Box<Child>),
}

/// Why there is no answer: the worker is of no use any more.
#[derive(Debug)]
pub(crate) enum Lost {
    /// It took too long, here, and did what it did.
    Late(String),
    /// Its process is gone: another may be asked the same.
    Gone(String),
}

impl Source {
    pub(crate) const fn tier(&self) -> Tier {
        match self {
            Self::Here(_) => Tier::Inproc,
            Self::Apart(_) => Tier::Process,
        }
    }

    /// Has a worker made, with an instance of this config.
    pub(crate) fn worker(&self, config: &str, standing: Standing) -> Result<Worker, String> {
        match self {
            Self::Here(library) => Instance::create(*library, config).map(Worker::Here),
            Self::Apart(recipe) => Child::start(recipe, config, standing).map(|child| Worker::Apart(Box::new(child))),
        }
    }
}

impl Worker {
    /// Its process, if it has one of its own.
    pub(crate) fn process(&self) -> Option<u32> {
        match self {
            Self::Here(_) => None,
            Self::Apart(child) => Some(child.id()),
        }
    }

    /// How the plugin stood when its process was started; good without one.
    pub(crate) fn standing(&self) -> Standing {
        match self {
            Self::Here(_) => Standing::Good,
            Self::Apart(child) => child.standing(),
        }
    }

    /// Asks; what came of it is in the output.
    pub(crate) fn ask(&mut self, id: u64, ask: &Ask<'_>, budget: &Budget) -> Result<(i32, Output), Lost> {
        match self {
            Self::Here(instance) => {
                let watch = Here::start();
                let said = instance.ask(ask);
                watch.fault(budget).map_or(Ok(said), |what| Err(Lost::Late(what)))
            }
            Self::Apart(child) => child.ask(id, ask, budget).map_err(Lost::Gone),
        }
    }
}
