//! `wane diff`.

use crate::{QUIET, directory, expect};
use wane_tests::binary::wane;

#[test]
fn what_differs_is_told_by_part_and_place() {
    let longer = QUIET.replace("\"10m\"", "\"11m\"");
    let written = format!("# only a remark\n{}", QUIET.replace("title    =", "title ="));
    let files = [("old/a.toml", QUIET), ("new/a.toml", &longer), ("same/b.toml", &written), ("broken/a.toml", "x =")];
    let dir = directory("diff", &files);
    expect(&wane(&dir, &["diff", "old", "new"]), 1, &["quiet", "10m", "11m", "0 removed, 0 added, 1 changed"], &[]);
    expect(&wane(&dir, &["diff", "old", "same"]), 0, &["no difference"], &[]);
    let said =
        "[facts]\ncustomer.tier = [\"vip\", \"gold\"]\n[org]\npermissions = [\"Long\"]\nstatus_based_capacity = true\n";
    let more = directory("diff-facts", &[("old/a.toml", QUIET), ("new/a.toml", QUIET), ("new/b.toml", said)]);
    let told = [
        "+ fact customer.tier\n    one of = vip, gold",
        "~ fact org.permissions\n    value: (not set) -> Long",
        "~ fact org.status_based_capacity\n    value: false -> true",
    ];
    expect(&wane(&more, &["diff", "old", "new"]), 1, &told, &[]);
    expect(&wane(&dir, &["diff", "old", "nowhere"]), 2, &[], &["can not read `nowhere`"]);
    expect(&wane(&dir, &["diff", "old"]), 2, &[], &["<NEW>"]);
    expect(&wane(&dir, &["diff", "old", "broken"]), 1, &["broken/a.toml:1:"], &["can not be used"]);
}
