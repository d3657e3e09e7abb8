//! Modules beside each other know each other in one direction only.
//!
//! A module may use what is within it, and what it is within; that is nothing to worry about. Of two that stand beside
//! each other, each with all that is within it, one is the lower: it can be read, tested and moved without the other. Once
//! they go in a circle they are one module in several files.

mod paths;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::paths::paths;
use super::product::{Line, product_sources};
use super::{Fault, FileTree};

/// A module by its path within the crate; the crate itself has none.
type Module = Vec<String>;

/// The modules of one crate, with their sources.
type Crate<'t> = BTreeMap<Module, (&'t str, Vec<Line<'t>>)>;

/// Who uses whom among the modules directly within one, and where that is first seen.
type Uses<'t> = BTreeMap<String, BTreeMap<String, (&'t str, usize)>>;

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let crates = crates(tree);
    crates
        .values()
        .flat_map(|modules| uses(modules).values().filter_map(circle).collect::<Vec<_>>())
        .collect()
}

fn crates(tree: &FileTree) -> BTreeMap<&str, Crate<'_>> {
    let mut crates = BTreeMap::<&str, Crate<'_>>::new();
    for (path, lines) in product_sources(tree) {
        if let Some((name, module)) = module_of(path) {
            crates.entry(name).or_default().insert(module, (path, lines));
        }
    }
    crates
}

/// The crate that a source belongs to, and the module that it is. A folder without `src` is a module of those crates that
/// compile it, and is called as the folder is.
fn module_of(path: &str) -> Option<(&str, Module)> {
    let (name, file) = path.strip_prefix("crates/")?.strip_suffix(".rs")?.split_once('/')?;
    let (outer, file) = file.strip_prefix("src/").map_or((Some(name), file), |file| (None, file));
    let mut module: Module = outer.into_iter().chain(file.split('/')).map(String::from).collect();
    if module.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        module.pop();
    }
    Some((name, module))
}

/// The uses between modules that stand beside each other, by the module that they are within.
fn uses<'t>(modules: &Crate<'t>) -> BTreeMap<Module, Uses<'t>> {
    let mut uses = BTreeMap::<Module, Uses<'t>>::new();
    for (module, (path, lines)) in modules {
        for (line, used) in paths(lines) {
            let Some(used) = resolve(modules, module, &used) else { continue };
            let common = module.iter().zip(&used).take_while(|(one, other)| one == other).count();
            // Without one of the two, one module is within the other.
            if let (Some(from), Some(to)) = (module.get(common), used.get(common)) {
                let within = module.iter().take(common).cloned().collect();
                let beside: &mut Uses<'t> = uses.entry(within).or_default();
                beside.entry(from.clone()).or_default().entry(to.clone()).or_insert((path, line));
            }
        }
    }
    uses
}

/// The innermost module on a path that begins with `crate`, `self` or `super`.
fn resolve(modules: &Crate<'_>, module: &Module, path: &[String]) -> Option<Module> {
    let mut segments = path.iter().peekable();
    let mut at = match segments.next()?.as_str() {
        "crate" => Module::new(),
        "self" => module.clone(),
        "super" => parent(module)?,
        _ => return None,
    };
    while segments.next_if(|it| *it == "super").is_some() {
        at = parent(&at)?;
    }
    for segment in segments {
        at.push(segment.clone());
        if !modules.contains_key(&at) {
            at.pop();
            break;
        }
    }
    Some(at)
}

fn parent(module: &Module) -> Option<Module> {
    module.split_last().map(|(_, outer)| outer.to_vec())
}

/// The shortest circle from the first module that is in one.
fn circle(uses: &Uses<'_>) -> Option<Fault> {
    let way = uses.keys().find_map(|start| way_back(uses, start))?;
    let [from, to, ..] = way.as_slice() else { return None };
    let (path, line) = uses.get(*from)?.get(*to)?;
    let circle: Vec<&str> = way.iter().map(|it| it.as_str()).collect();
    Some(Fault::new(path, *line, format!("modules go in a circle: {}", circle.join(" → "))))
}

/// The shortest way from a module to itself, both ends included.
fn way_back<'u>(uses: &'u Uses<'_>, start: &'u String) -> Option<Vec<&'u String>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        for next in uses.get(last).into_iter().flat_map(BTreeMap::keys) {
            let way: Vec<_> = way.iter().copied().chain([next]).collect();
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back(way);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        check(&FileTree::from_files(files.iter().copied())).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_circle_is_a_fault_where_it_begins() {
        assert_eq!(
            of(&[
                ("crates/sql/read.rs", "use super::{row::Row, value};\n"),
                ("crates/sql/row/money.rs", "//! Money.\nfn f() { crate::sql::read::each(); }\n"),
                ("crates/sql/value.rs", ""),
                ("crates/sql/mod.rs", ""),
                ("crates/sql/row.rs", ""),
            ]),
            ["crates/sql/read.rs:1: modules go in a circle: read → row → read"]
        );
    }

    #[test]
    fn a_longer_circle_is_found_too() {
        let files = [
            ("crates/api/src/a.rs", "use crate::b::B;"),
            ("crates/api/src/b.rs", "use crate::c::C;"),
            ("crates/api/src/c.rs", "\nuse crate::{x, a::A};"),
            ("crates/api/src/main.rs", ""),
        ];
        assert_eq!(of(&files), ["crates/api/src/a.rs:1: modules go in a circle: a → b → c → a"]);
    }

    #[test]
    fn what_is_within_and_what_one_is_within_is_no_circle() {
        let files = [
            ("crates/api/src/lib.rs", "mod a;\nuse crate::a::A;"),
            ("crates/api/src/a.rs", "mod inner;\nuse self::inner::B;\nuse crate::Lib;"),
            ("crates/api/src/a/inner.rs", "use super::A;\nuse crate::a::A;"),
        ];
        assert_eq!(of(&files), [""; 0]);
    }

    #[test]
    fn tests_may_use_anything() {
        let files = [
            ("crates/api/src/a.rs", "use crate::b::B;"),
            ("crates/api/src/b.rs", "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
        ];
        assert_eq!(of(&files), [""; 0]);
    }
}
