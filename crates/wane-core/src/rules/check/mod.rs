//! The diagnostics: one file for each, and the list of all of them ([`ALL`]).
//!
//! A file holds the code, its name and summary, and the words of the finding; checks of the whole ruleset also hold the
//! search, as `check(model, out)`, called by [`judge`]. What a diagnostic means to its reader is in `docs/diagnostics/`.

pub(crate) mod agent_inactivity;
pub(crate) mod bad_date;
pub(crate) mod bad_duration;
pub(crate) mod bad_hours;
pub(crate) mod bad_name;
pub(crate) mod bad_range;
pub(crate) mod bad_sweep;
pub(crate) mod below_sweep;
pub(crate) mod calendar_never_opens;
pub(crate) mod channel_twice;
pub(crate) mod constant_predicate;
pub(crate) mod duplicate_key;
pub(crate) mod duplicate_name;
pub(crate) mod duplicate_rule;
pub(crate) mod empty_value;
pub(crate) mod fact_not_duration;
pub(crate) mod file_too_large;
pub(crate) mod foreign_channel;
pub(crate) mod grace_and_sweep;
pub(crate) mod group_cycle;
pub(crate) mod idle_action;
pub(crate) mod idle_choice;
pub(crate) mod idle_option;
pub(crate) mod later_timer;
pub(crate) mod misplaced_refusal;
pub(crate) mod missing_key;
pub(crate) mod missing_permission;
pub(crate) mod more_findings;
pub(crate) mod never_belongs;
pub(crate) mod never_starts;
pub(crate) mod no_length;
pub(crate) mod no_rule_files;
pub(crate) mod not_utf8;
pub(crate) mod off_step;
pub(crate) mod out_of_range;
pub(crate) mod predicate_argument;
pub(crate) mod predicate_call;
pub(crate) mod predicate_constant_fault;
pub(crate) mod predicate_not_truth;
pub(crate) mod predicate_statement;
pub(crate) mod predicate_syntax;
pub(crate) mod predicate_too_large;
pub(crate) mod predicate_unknown_fact;
pub(crate) mod predicate_unlike_types;
pub(crate) mod predicate_value;
pub(crate) mod reaction_loop;
pub(crate) mod several_actions;
pub(crate) mod shadowed_rule;
pub(crate) mod tie;
pub(crate) mod toml_syntax;
pub(crate) mod too_deep;
pub(crate) mod too_many;
pub(crate) mod ungoverned_channel;
pub(crate) mod unknown_action;
pub(crate) mod unknown_calendar;
pub(crate) mod unknown_channel;
pub(crate) mod unknown_day;
pub(crate) mod unknown_event;
pub(crate) mod unknown_fact;
pub(crate) mod unknown_group;
pub(crate) mod unknown_handler;
pub(crate) mod unknown_key;
pub(crate) mod unknown_role;
pub(crate) mod unknown_status;
pub(crate) mod unknown_time_zone;
pub(crate) mod unknown_timer;
pub(crate) mod unknown_word;
pub(crate) mod unreachable_afterwards;
pub(crate) mod unseen_warning;
pub(crate) mod window_elsewhere;
pub(crate) mod wrong_type;

use super::finding::Findings;
use super::resolve::Model;
use crate::diagnostic::Code;

/// A kind of fault that loading can find.
#[derive(Debug)]
pub struct Check {
    /// Its code, never used again for another.
    pub code: Code,
    /// Its name in words, as fixtures and the index spell it.
    pub name: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
}

/// All of them, by number.
pub static ALL: &[&Check] = &[
    &no_rule_files::CHECK,
    &file_too_large::CHECK,
    &not_utf8::CHECK,
    &toml_syntax::CHECK,
    &too_deep::CHECK,
    &unknown_key::CHECK,
    &missing_key::CHECK,
    &wrong_type::CHECK,
    &duplicate_key::CHECK,
    &unknown_timer::CHECK,
    &unknown_channel::CHECK,
    &unknown_event::CHECK,
    &unknown_role::CHECK,
    &unknown_action::CHECK,
    &unknown_group::CHECK,
    &unknown_calendar::CHECK,
    &unknown_fact::CHECK,
    &unknown_status::CHECK,
    &unknown_handler::CHECK,
    &duplicate_rule::CHECK,
    &duplicate_name::CHECK,
    &group_cycle::CHECK,
    &bad_name::CHECK,
    &unknown_word::CHECK,
    &unknown_time_zone::CHECK,
    &bad_duration::CHECK,
    &out_of_range::CHECK,
    &off_step::CHECK,
    &bad_range::CHECK,
    &bad_hours::CHECK,
    &bad_date::CHECK,
    &empty_value::CHECK,
    &bad_sweep::CHECK,
    &unknown_day::CHECK,
    &predicate_syntax::CHECK,
    &predicate_unknown_fact::CHECK,
    &predicate_unlike_types::CHECK,
    &predicate_statement::CHECK,
    &predicate_call::CHECK,
    &predicate_not_truth::CHECK,
    &predicate_value::CHECK,
    &predicate_too_large::CHECK,
    &predicate_argument::CHECK,
    &predicate_constant_fault::CHECK,
    &missing_permission::CHECK,
    &agent_inactivity::CHECK,
    &foreign_channel::CHECK,
    &ungoverned_channel::CHECK,
    &channel_twice::CHECK,
    &fact_not_duration::CHECK,
    &later_timer::CHECK,
    &reaction_loop::CHECK,
    &misplaced_refusal::CHECK,
    &grace_and_sweep::CHECK,
    &several_actions::CHECK,
    &too_many::CHECK,
    &calendar_never_opens::CHECK,
    &constant_predicate::CHECK,
    &shadowed_rule::CHECK,
    &tie::CHECK,
    &no_length::CHECK,
    &never_starts::CHECK,
    &idle_action::CHECK,
    &unseen_warning::CHECK,
    &below_sweep::CHECK,
    &unreachable_afterwards::CHECK,
    &idle_option::CHECK,
    &idle_choice::CHECK,
    &window_elsewhere::CHECK,
    &never_belongs::CHECK,
    &more_findings::CHECK,
];

/// Those that say that a name is declared nowhere.
pub(crate) static UNKNOWN_NAMES: &[&Check] = &[
    &unknown_timer::CHECK,
    &unknown_channel::CHECK,
    &unknown_group::CHECK,
    &unknown_calendar::CHECK,
    &unknown_fact::CHECK,
];

/// Those that compare the type of a fact, or its values, with what is asked of it.
pub(crate) static TYPES: &[&Check] = &[
    &predicate_unlike_types::CHECK,
    &predicate_not_truth::CHECK,
    &predicate_value::CHECK,
    &predicate_argument::CHECK,
    &fact_not_duration::CHECK,
];

/// Those that say that something is missing which other text could supply.
pub(crate) static ABSENCES: &[&Check] = &[&no_length::CHECK, &never_starts::CHECK];

/// Judges the whole: everything that no single value shows.
pub(crate) fn judge(model: &Model<'_>, out: &mut Findings) {
    missing_permission::check(model, out);
    agent_inactivity::check(model, out);
    foreign_channel::check(model, out);
    ungoverned_channel::check(model, out);
    later_timer::check(model, out);
    reaction_loop::check(model, out);
    misplaced_refusal::check(model, out);
    grace_and_sweep::check(model, out);
    calendar_never_opens::check(model, out);
    constant_predicate::check(model, out);
    shadowed_rule::check(model, out);
    tie::check(model, out);
    no_length::check(model, out);
    never_starts::check(model, out);
    idle_action::check(model, out);
    unseen_warning::check(model, out);
    below_sweep::check(model, out);
    unreachable_afterwards::check(model, out);
    idle_option::check(model, out);
    idle_choice::check(model, out);
    window_elsewhere::check(model, out);
    never_belongs::check(model, out);
}
