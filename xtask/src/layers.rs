//! `cargo xtask layers`: whether the server's modules are layers, of which none needs one that needs it.
//!
//! In every room the modules beside each other, each with all that is in it, must have an order in which each needs only
//! earlier ones. What a module and what lies in it have of each other is not looked at: they are one thing. Tests may need
//! whatever they like.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use syn::{
    UseTree,
    visit::{self, Visit},
};

use crate::command::root;

/// A module by the names that lead to it from the root of its crate.
type Module = Vec<String>;
/// Which modules each module names.
type Needs = BTreeMap<Module, BTreeSet<Module>>;

/// Checks the server, and says in which order its modules build on each other.
pub(crate) fn check() -> anyhow::Result<()> {
    let needs = needs_of(&root().join("crates/server/src"))?;
    let knots = knots(&needs);
    for module in order(&needs, &[]) {
        println!("{}", module.join("::"));
    }
    anyhow::ensure!(knots.is_empty(), "modules need each other:\n{}", knots.join("\n"));
    Ok(())
}

/// What every module of a crate needs of the same crate.
fn needs_of(source: &Path) -> anyhow::Result<Needs> {
    let mut files = Vec::new();
    find_files(source, source, &mut files)?;
    let modules: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    let mut needs = Needs::new();
    for (module, file) in &files {
        let text = fs::read_to_string(file)?;
        let syntax = syn::parse_file(&text).with_context(|| format!("{} is no Rust", file.display()))?;
        let mut reader = Reader { module: module.clone(), modules: &modules, needs: BTreeSet::new() };
        reader.visit_file(&syntax);
        needs.insert(module.clone(), reader.needs);
    }
    Ok(needs)
}

/// The files below a folder with their modules, but for tests.
fn find_files(source: &Path, folder: &Path, files: &mut Vec<(Module, PathBuf)>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_files(source, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let names = path.strip_prefix(source)?.with_extension("");
            let module: Module = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            let is_test = module.iter().any(|name| name == "tests" || name == "fuzzing" || name == "behaviour");
            if !is_test && module != ["lib"] && module != ["main"] {
                files.push((module, path));
            }
        }
    }
    Ok(())
}

/// Reads what a module names of its crate.
struct Reader<'a> {
    module: Module,
    modules: &'a BTreeSet<Module>,
    needs: BTreeSet<Module>,
}

impl Reader<'_> {
    /// Takes down a path, if it leads to a module of the crate.
    fn add(&mut self, names: &[String]) {
        let mut at = match names.first().map(String::as_str) {
            Some("crate") => Module::new(),
            Some("super") => self.module[..self.module.len() - 1].to_vec(),
            Some("self") => self.module.clone(),
            _ => return,
        };
        for name in &names[1..] {
            if name == "super" {
                at.pop();
                continue;
            }
            at.push(name.clone());
            if !self.modules.contains(&at) {
                at.pop();
                break;
            }
        }
        if !at.is_empty() && at != self.module {
            self.needs.insert(at);
        }
    }

    fn add_tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
            UseTree::Name(name) => self.add(&[&before[..], &[name.ident.to_string()]].concat()),
            UseTree::Rename(rename) => self.add(&[&before[..], &[rename.ident.to_string()]].concat()),
            UseTree::Glob(_) => self.add(before),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.add_tree(&mut Vec::new(), &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }
}

/// Whether something is built for tests or fuzzing only.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let mut conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let condition = list.tokens.to_string();
        condition == "test" || condition.contains("fuzzing")
    })
}

/// What the modules beside each other in a room need of each other: each by its own name, with all that is in it.
fn beside_each_other(needs: &Needs, room: &[String]) -> BTreeMap<Module, BTreeMap<Module, Vec<String>>> {
    let depth = room.len() + 1;
    let mut beside: BTreeMap<Module, BTreeMap<Module, Vec<String>>> = BTreeMap::new();
    for (module, needed) in needs.iter().filter(|(module, _)| module.starts_with(room) && module.len() >= depth) {
        let from = module[..depth].to_vec();
        let ties = beside.entry(from.clone()).or_default();
        for other in needed.iter().filter(|other| other.starts_with(room) && other.len() >= depth) {
            let to = other[..depth].to_vec();
            if to != from {
                ties.entry(to).or_default().push(format!("{} needs {}", module.join("::"), other.join("::")));
            }
        }
    }
    beside
}

/// Modules that need each other by way of others, each knot as a line of its ties.
fn knots(needs: &Needs) -> Vec<String> {
    let mut rooms: BTreeSet<Module> = needs.keys().map(|module| module[..module.len() - 1].to_vec()).collect();
    rooms.insert(Module::new());
    let mut knots = Vec::new();
    for room in rooms {
        let mut beside = beside_each_other(needs, &room);
        // Whatever needs nothing that is left is no part of a knot, and neither is what nothing left needs.
        loop {
            let left: BTreeSet<Module> = beside.keys().cloned().collect();
            let needed: BTreeSet<Module> = beside.values().flat_map(|ties| ties.keys().cloned()).collect();
            beside.retain(|module, ties| {
                ties.retain(|other, _| left.contains(other));
                !ties.is_empty() && needed.contains(module)
            });
            if beside.len() == left.len() {
                break;
            }
        }
        for ties in beside.values() {
            knots.extend(ties.values().flatten().cloned());
        }
    }
    knots
}

/// The modules of a room, each behind those that it needs, as far as there is such an order.
fn order(needs: &Needs, room: &[String]) -> Vec<Module> {
    let mut beside = beside_each_other(needs, room);
    let mut ordered = Vec::new();
    while let Some(module) = beside
        .iter()
        .find(|(_, ties)| ties.keys().all(|other| ordered.contains(other)))
        .map(|(module, _)| module.clone())
    {
        beside.remove(&module);
        ordered.push(module);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(ties: &[(&str, &[&str])]) -> Needs {
        let module = |text: &str| -> Module { text.split("::").map(str::to_owned).collect() };
        ties.iter().map(|(from, to)| (module(from), to.iter().map(|to| module(to)).collect())).collect()
    }

    #[test]
    fn the_server_has_no_knots() {
        let needs = needs_of(&root().join("crates/server/src")).unwrap();
        assert!(needs.len() > 100, "only {} modules were found", needs.len());
        assert_eq!(knots(&needs), Vec::<String>::new());
    }

    #[test]
    fn a_knot_is_found_in_every_room_and_by_way_of_others() {
        let layers =
            needs(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[]), ("b::x", &["b::y", "b"]), ("b::y", &["c"])]);
        assert_eq!(knots(&layers), Vec::<String>::new());
        let circle = needs(&[("a", &["b"]), ("b", &["c"]), ("c::x", &["a"]), ("d", &["a"]), ("c", &[])]);
        assert_eq!(knots(&circle), ["a needs b", "b needs c", "c::x needs a"]);
        let inside = needs(&[("a::x", &["a::y"]), ("a::y", &["a::x"]), ("a", &[])]);
        assert_eq!(knots(&inside), ["a::x needs a::y", "a::y needs a::x"]);
    }
}
